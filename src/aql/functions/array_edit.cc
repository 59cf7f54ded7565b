// New arrays out of others: members added, removed, replaced.
#include <algorithm>

#include "aql/functions/implementation.h"
#include "aql/functions/value_set.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

// The members for which keep(value, position) holds.
template <typename Keep>
Slice filtered(Context& context, Slice array, Keep&& keep) {
  value::Builder& builder = context.scratch();
  builder.open_array();
  size_t position = 0;
  for (ArrayIterator item(array); item.valid(); item.next(), ++position) {
    if (keep(item.value(), position)) builder.slice(item.value());
  }
  builder.close();
  return context.finish();
}

bool contains(Slice array, Slice value) {
  for (ArrayIterator item(array); item.valid(); item.next()) {
    if (value::equal(item.value(), value)) return true;
  }
  return false;
}

// PUSH and UNSHIFT. Without an array a new one begins.
template <bool kFront>
Slice extended(Context& context, Arguments arguments) {
  Slice array = arguments[0].is_null() ? Slice::empty_array() : arguments[0];
  if (!array.is_array()) return wrong_type(context, kFront ? "UNSHIFT" : "PUSH");
  if (flag(arguments, 2) && contains(array, arguments[1])) return array;
  value::Builder& builder = context.scratch();
  builder.open_array();
  if (kFront) builder.slice(arguments[1]);
  for (ArrayIterator item(array); item.valid(); item.next()) builder.slice(item.value());
  if (!kFront) builder.slice(arguments[1]);
  builder.close();
  return context.finish();
}

Slice append(Context& context, Arguments arguments) {
  Slice array = arguments[0], values = arguments[1];
  if (values.is_null() || (values.is_array() && values.size() == 0)) return array;
  if (array.is_null()) return to_array(values, context);
  if (!array.is_array()) return wrong_type(context, "APPEND");
  bool is_unique = flag(arguments, 2);
  ValueSet added;
  value::Builder& builder = context.scratch();
  builder.open_array();
  auto add = [&](Slice value) {
    if (!is_unique || added.insert(value)) builder.slice(value);
  };
  for (ArrayIterator item(array); item.valid(); item.next()) add(item.value());
  if (values.is_array()) {
    for (ArrayIterator item(values); item.valid(); item.next()) add(item.value());
  } else {
    add(values);
  }
  builder.close();
  return context.finish();
}

template <bool kFirst>
Slice shortened(Context& context, Arguments arguments) {
  if (arguments[0].is_null()) return Slice::null();
  if (!arguments[0].is_array()) return wrong_type(context, kFirst ? "SHIFT" : "POP");
  size_t removed = kFirst ? 0 : arguments[0].size() - 1;
  return filtered(context, arguments[0], [removed](Slice, size_t position) { return position != removed; });
}

Slice remove_nth(Context& context, Arguments arguments) {
  if (arguments[0].is_null()) return Slice::empty_array();
  if (!arguments[0].is_array()) return wrong_type(context, "REMOVE_NTH");
  auto size = int64_t(arguments[0].size());
  int64_t removed = to_integer(arguments[1]);
  if (removed >= size || removed < -size) return arguments[0];
  if (removed < 0) removed += size;
  return filtered(context, arguments[0], [removed](Slice, size_t position) { return position != size_t(removed); });
}

Slice remove_value(Context& context, Arguments arguments) {
  if (arguments[0].is_null()) return Slice::empty_array();
  if (!arguments[0].is_array()) return wrong_type(context, "REMOVE_VALUE");
  Slice limit = argument(arguments, 2);
  int64_t left = limit.is_null() ? INT64_MAX : to_integer(limit);
  return filtered(context, arguments[0], [&](Slice value, size_t) {
    if (left <= 0 || !value::equal(value, arguments[1])) return true;
    --left;
    return false;
  });
}

Slice remove_values(Context& context, Arguments arguments) {
  if (arguments[1].is_null()) return arguments[0];
  if (arguments[0].is_null()) return Slice::empty_array();
  if (!arguments[0].is_array() || !arguments[1].is_array()) return wrong_type(context, "REMOVE_VALUES");
  ValueSet removed;
  for (ArrayIterator item(arguments[1]); item.valid(); item.next()) removed.insert(item.value());
  return filtered(context, arguments[0], [&](Slice value, size_t) { return !removed.contains(value); });
}

Slice replace_nth(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "REPLACE_NTH";
  if (!arguments[0].is_array()) return wrong_type(context, kName);
  auto size = int64_t(arguments[0].size());
  int64_t at = to_integer(arguments[1]);
  if (at < 0) at = std::max<int64_t>(0, at < -size ? 0 : at + size);
  if (at > size && arguments.size() < 4) {
    context.fail({base::ErrorCode::kQueryFunctionArgumentTypeMismatch, wrong_type_message(kName)});
    return Slice::null();
  }
  if (at > size) {
    size_t each = arguments[3].byte_size() + 8;
    if (uint64_t(at - size) > context.largest_value_bytes / each) {
      fits(context, SIZE_MAX);
      return Slice::null();
    }
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  int64_t position = 0;
  for (ArrayIterator item(arguments[0]); item.valid(); item.next(), ++position) {
    builder.slice(position == at ? arguments[2] : item.value());
  }
  for (; position < at; ++position) builder.slice(arguments[3]);
  if (at >= size) builder.slice(arguments[2]);
  builder.close();
  return context.finish();
}

constexpr Function kFunctions[] = {
    {"APPEND", "array", 2, 3, kDeterministic, "anyArray: array, values: any, unique?: bool",
     "The array followed by the members of another one, or by one value; on demand every member only once.",
     "RETURN APPEND([1, 2, 3], [3, 4, 2], true)", "[[1,2,3,4]]", append},
    {"POP", "array", 1, 1, kDeterministic, "anyArray: array", "The array without its last member.",
     "RETURN POP([1, 2, 3])", "[[1,2]]", shortened<false>},
    {"PUSH", "array", 2, 3, kDeterministic, "anyArray: array, value: any, unique?: bool",
     "The array followed by a value, on demand only if it is not there.", "RETURN PUSH([1, 2, 2], 2, true)",
     "[[1,2,2]]", extended<false>},
    {"REMOVE_NTH", "array", 2, 2, kDeterministic, "anyArray: array, position: number",
     "The array without the member at a position.", "RETURN REMOVE_NTH([\"a\", \"b\", \"c\"], -2)", "[[\"a\",\"c\"]]",
     remove_nth},
    {"REMOVE_VALUE", "array", 2, 3, kDeterministic, "anyArray: array, value: any, limit?: number",
     "The array without a value, at most so often.", "RETURN REMOVE_VALUE([\"a\", \"b\", \"a\"], \"a\", 1)",
     "[[\"b\",\"a\"]]", remove_value},
    {"REMOVE_VALUES", "array", 2, 2, kDeterministic, "anyArray: array, values: array",
     "The array without any of these values.", "RETURN REMOVE_VALUES([\"a\", \"b\", \"c\"], [\"a\", \"c\"])",
     "[[\"b\"]]", remove_values},
    {"REPLACE_NTH", "array", 3, 4, kDeterministic,
     "anyArray: array, position: number, replaceValue: any, defaultPaddingValue?: any",
     "The array with the member at a position replaced, padded where it ends before.",
     "RETURN REPLACE_NTH([\"a\"], 3, \"z\", \"y\")", "[[\"a\",\"y\",\"y\",\"z\"]]", replace_nth},
    {"SHIFT", "array", 1, 1, kDeterministic, "anyArray: array", "The array without its first member.",
     "RETURN SHIFT([1, 2, 3])", "[[2,3]]", shortened<true>},
    {"UNSHIFT", "array", 2, 3, kDeterministic, "anyArray: array, value: any, unique?: bool",
     "A value followed by the array, on demand only if it is not there.", "RETURN UNSHIFT([1, 2], 4)", "[[4,1,2]]",
     extended<true>},
};

}  // namespace

std::span<const Function> array_edit_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
