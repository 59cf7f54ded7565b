// Arrays as sets. Members keep the order in which they first occur.
#include "aql/functions/implementation.h"
#include "aql/functions/value_set.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

bool are_arrays(Context& context, Arguments arguments, std::string_view function) {
  for (Slice array : arguments) {
    if (array.is_array()) continue;
    wrong_type(context, function);
    return false;
  }
  return true;
}

// How many of the arrays hold a member, and how often it occurs in all.
struct Occurrence {
  uint32_t arrays = 0, last_array = UINT32_MAX;
  uint64_t times = 0;
};

ValueSet count_members(Arguments arrays, std::vector<Occurrence>& occurrences) {
  ValueSet set;
  for (uint32_t number = 0; number < arrays.size(); ++number) {
    for (ArrayIterator item(arrays[number]); item.valid(); item.next()) {
      size_t position;
      if (set.insert(item.value(), &position)) occurrences.emplace_back();
      Occurrence& occurrence = occurrences[position];
      ++occurrence.times;
      if (occurrence.last_array != number) ++occurrence.arrays;
      occurrence.last_array = number;
    }
  }
  return set;
}

template <typename Wanted>
Slice select(Context& context, Arguments arguments, std::string_view function, Wanted&& is_wanted) {
  if (!are_arrays(context, arguments, function)) return Slice::null();
  std::vector<Occurrence> occurrences;
  ValueSet set = count_members(arguments, occurrences);
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (size_t i = 0; i < set.size(); ++i) {
    if (is_wanted(occurrences[i])) builder.slice(set.values()[i]);
  }
  builder.close();
  return context.finish();
}

Slice intersection(Context& context, Arguments arguments) {
  return select(context, arguments, "INTERSECTION",
                [&](const Occurrence& member) { return member.arrays == arguments.size(); });
}

Slice outersection(Context& context, Arguments arguments) {
  return select(context, arguments, "OUTERSECTION", [](const Occurrence& member) { return member.times == 1; });
}

Slice union_distinct(Context& context, Arguments arguments) {
  return select(context, arguments, "UNION_DISTINCT", [](const Occurrence&) { return true; });
}

Slice union_all(Context& context, Arguments arguments) {
  if (!are_arrays(context, arguments, "UNION")) return Slice::null();
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (Slice array : arguments) {
    for (ArrayIterator item(array); item.valid(); item.next()) builder.slice(item.value());
  }
  builder.close();
  return context.finish();
}

Slice minus(Context& context, Arguments arguments) {
  if (!are_arrays(context, arguments, "MINUS")) return Slice::null();
  ValueSet removed;
  for (Slice array : arguments.subspan(1)) {
    for (ArrayIterator item(array); item.valid(); item.next()) removed.insert(item.value());
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) {
    // What was written once is not written again.
    if (removed.insert(item.value())) builder.slice(item.value());
  }
  builder.close();
  return context.finish();
}

Slice jaccard(Context& context, Arguments arguments) {
  if (!are_arrays(context, arguments, "JACCARD")) return Slice::null();
  std::vector<Occurrence> occurrences;
  size_t all = count_members(arguments, occurrences).size(), shared = 0;
  for (const Occurrence& member : occurrences) shared += member.arrays == 2;
  return from_double_integral(all == 0 ? 1.0 : double(shared) / double(all), context.arena());
}

constexpr Function kFunctions[] = {
    {"INTERSECTION", "array", 2, kUnlimited, kDeterministic, "array1: array, array2: array, …",
     "The different members that all arrays have.", "RETURN INTERSECTION([1, 2, 3], [2, 3, 4])", "[[2,3]]",
     intersection},
    {"JACCARD", "array", 2, 2, kDeterministic, "array1: array, array2: array",
     "The share of common members among all different ones.", "RETURN JACCARD([1, 1, 2, 2, 2, 3], [2, 2, 3, 4])",
     "[0.5]", jaccard},
    {"MINUS", "array", 2, kUnlimited, kDeterministic, "array1: array, array2: array, …",
     "The different members of the first array that no other one has.", "RETURN MINUS([1, 2, 3, 4], [3, 4, 5])",
     "[[1,2]]", minus},
    {"OUTERSECTION", "array", 2, kUnlimited, kDeterministic, "array1: array, array2: array, …",
     "The members that occur once in all arrays.", "RETURN OUTERSECTION([1, 2, 3], [2, 3, 4], [3, 4, 5])", "[[1,5]]",
     outersection},
    {"UNION", "array", 2, kUnlimited, kDeterministic, "array1: array, array2: array, …", "The members of all arrays.",
     "RETURN UNION([1, 2, 3], [1, 2])", "[[1,2,3,1,2]]", union_all},
    {"UNION_DISTINCT", "array", 2, kUnlimited, kDeterministic, "array1: array, array2: array, …",
     "The different members of all arrays.", "RETURN UNION_DISTINCT([1, 2, 3], [1, 4])", "[[1,2,3,4]]", union_distinct},
};

}  // namespace

std::span<const Function> array_set_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
