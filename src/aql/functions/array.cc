// Reading arrays: members, positions, order, parts.
#include <algorithm>

#include "aql/functions/implementation.h"
#include "aql/functions/value_set.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

std::vector<Slice> members(Slice array) {
  std::vector<Slice> result;
  result.reserve(array.size());
  for (ArrayIterator item(array); item.valid(); item.next()) result.push_back(item.value());
  return result;
}

Slice array_of(Context& context, std::span<const Slice> values) {
  if (values.empty()) return Slice::empty_array();
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (Slice value : values) builder.slice(value);
  builder.close();
  return context.finish();
}

Slice first(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "FIRST");
  return arguments[0].size() == 0 ? Slice::null() : arguments[0].at(0);
}

Slice last(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "LAST");
  size_t size = arguments[0].size();
  return size == 0 ? Slice::null() : arguments[0].at(size - 1);
}

Slice nth(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "NTH");
  int64_t position = to_integer(arguments[1]);
  if (position < 0 || uint64_t(position) >= arguments[0].size()) return Slice::null();
  return arguments[0].at(size_t(position));
}

Slice position(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "POSITION");
  int64_t found = -1, at = 0;
  for (ArrayIterator item(arguments[0]); item.valid() && found < 0; item.next(), ++at) {
    if (value::equal(item.value(), arguments[1])) found = at;
  }
  return flag(arguments, 2) ? context.arena().integer(found) : Slice::boolean(found >= 0);
}

// Positions of SLICE: from the end where negative; a negative length is where to stop, from the end.
Slice slice(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "SLICE");
  auto size = int64_t(arguments[0].size());
  // Clamped first, so that no sum below overflows.
  auto clamped = [size](int64_t number) { return std::clamp(number, -size, size); };
  int64_t start = clamped(to_integer(arguments[1]));
  if (start < 0) start += size;
  int64_t end = size;
  if (Slice given = argument(arguments, 2); !given.is_null()) {
    int64_t length = clamped(to_integer(given));
    end = length < 0 ? size + length : std::min(size, start + length);
  }
  if (start >= end) return Slice::empty_array();
  std::vector<Slice> all = members(arguments[0]);
  return array_of(context, std::span(all).subspan(size_t(start), size_t(end - start)));
}

void flatten_into(Slice array, int64_t depth, value::Builder& builder) {
  for (ArrayIterator item(array); item.valid(); item.next()) {
    if (item.value().is_array() && depth > 0) {
      flatten_into(item.value(), depth - 1, builder);
    } else {
      builder.slice(item.value());
    }
  }
}

Slice flatten(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "FLATTEN");
  int64_t depth = arguments.size() > 1 ? std::max<int64_t>(1, to_integer(arguments[1])) : 1;
  value::Builder& builder = context.scratch();
  builder.open_array();
  flatten_into(arguments[0], depth, builder);
  builder.close();
  return context.finish();
}

Slice interleave(Context& context, Arguments arguments) {
  std::vector<ArrayIterator> rows;
  for (Slice array : arguments) {
    if (!array.is_array()) return wrong_type(context, "INTERLEAVE");
    rows.emplace_back(array);
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (bool has_more = true; has_more;) {
    has_more = false;
    for (ArrayIterator& row : rows) {
      if (!row.valid()) continue;
      builder.slice(row.value());
      row.next();
      has_more = true;
    }
  }
  builder.close();
  return context.finish();
}

bool is_less(Slice left, Slice right) { return value::compare(left, right) < 0; }

Slice sorted(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "SORTED");
  std::vector<Slice> values = members(arguments[0]);
  std::ranges::stable_sort(values, is_less);
  return array_of(context, values);
}

Slice sorted_unique(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "SORTED_UNIQUE");
  std::vector<Slice> values = members(arguments[0]);
  std::ranges::stable_sort(values, is_less);
  auto rest = std::ranges::unique(values, [](Slice left, Slice right) { return value::compare(left, right) == 0; });
  values.erase(rest.begin(), rest.end());
  return array_of(context, values);
}

Slice unique(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "UNIQUE");
  ValueSet set;
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) set.insert(item.value());
  return array_of(context, set.values());
}

Slice count_distinct(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "COUNT_DISTINCT");
  ValueSet set;
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) set.insert(item.value());
  return context.arena().integer(int64_t(set.size()));
}

constexpr Function kFunctions[] = {
    {"CONTAINS_ARRAY", "array", 2, 3, kDeterministic, "anyArray: array, search: any, returnIndex?: bool",
     "Another name of POSITION.", "RETURN CONTAINS_ARRAY([2, 4], 4)", "[true]", position},
    {"COUNT_DISTINCT", "array", 1, 1, kDeterministic, "anyArray: array", "The number of different members.",
     "RETURN COUNT_DISTINCT([\"yes\", \"no\", \"yes\"])", "[2]", count_distinct},
    {"COUNT_UNIQUE", "array", 1, 1, kDeterministic, "anyArray: array", "Another name of COUNT_DISTINCT.",
     "RETURN COUNT_UNIQUE([1, 1.0, 2])", "[2]", count_distinct},
    {"FIRST", "array", 1, 1, kDeterministic, "anyArray: array", "The first member, null if there is none.",
     "RETURN [FIRST([1, 2]), FIRST([])]", "[[1,null]]", first},
    {"FLATTEN", "array", 1, 2, kDeterministic, "anyArray: array, depth?: number",
     "The array with arrays inside it dissolved, by default one level.", "RETURN FLATTEN([1, [2, [3]]])", "[[1,2,[3]]]",
     flatten},
    {"INTERLEAVE", "array", 2, kUnlimited, kDeterministic, "array1: array, array2: array, …",
     "One member of each array in turn.", "RETURN INTERLEAVE([1], [2, 2], [3, 3, 3])", "[[1,2,3,2,3,3]]", interleave},
    {"LAST", "array", 1, 1, kDeterministic, "anyArray: array", "The last member, null if there is none.",
     "RETURN LAST([1, 2])", "[2]", last},
    {"NTH", "array", 2, 2, kDeterministic, "anyArray: array, position: number",
     "The member at a position counted from 0, else null.", "RETURN NTH([\"a\", \"b\"], 1)", "[\"b\"]", nth},
    {"POSITION", "array", 2, 3, kDeterministic, "anyArray: array, search: any, returnIndex?: bool",
     "Whether a value is among the members, or where, -1 if nowhere.", "RETURN POSITION([2, 4, 6], 4, true)", "[1]",
     position},
    {"SLICE", "array", 2, 3, kDeterministic, "anyArray: array, start: number, length?: number",
     "A part of the array; a negative length is where to stop, counted from the end.",
     "RETURN SLICE([1, 2, 3, 4, 5], 1, -1)", "[[2,3,4]]", slice},
    {"SORTED", "array", 1, 1, kDeterministic, "anyArray: array", "The members in AQL's order.",
     "RETURN SORTED([8, 4, 2, 10, 6])", "[[2,4,6,8,10]]", sorted},
    {"SORTED_UNIQUE", "array", 1, 1, kDeterministic, "anyArray: array", "The different members in AQL's order.",
     "RETURN SORTED_UNIQUE([8, 4, 8, 2])", "[[2,4,8]]", sorted_unique},
    {"UNIQUE", "array", 1, 1, kDeterministic, "anyArray: array", "The different members.",
     "RETURN UNIQUE([1, 2, 2, 3])", "[[1,2,3]]", unique},
};

}  // namespace

std::span<const Function> array_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
