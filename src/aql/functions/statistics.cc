// Statistics of arrays. The sums are those of the aggregates with the same names.
#include <algorithm>

#include "aql/functions/aggregators.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

// Runs the aggregate of a function over its array.
Slice aggregated(Context& context, Slice values, std::string_view function) {
  if (!values.is_array()) return wrong_type(context, function);
  std::unique_ptr<Aggregator> state = find_aggregate(function)->make(context);
  for (ArrayIterator item(values); item.valid(); item.next()) state->add(item.value());
  return state->result(context);
}

Slice sum(Context& context, Arguments arguments) { return aggregated(context, arguments[0], "SUM"); }
Slice average(Context& context, Arguments arguments) { return aggregated(context, arguments[0], "AVERAGE"); }
Slice minimum(Context& context, Arguments arguments) { return aggregated(context, arguments[0], "MIN"); }
Slice maximum(Context& context, Arguments arguments) { return aggregated(context, arguments[0], "MAX"); }
Slice stddev_sample(Context& context, Arguments arguments) {
  return aggregated(context, arguments[0], "STDDEV_SAMPLE");
}
Slice stddev_population(Context& context, Arguments arguments) {
  return aggregated(context, arguments[0], "STDDEV_POPULATION");
}
Slice variance_sample(Context& context, Arguments arguments) {
  return aggregated(context, arguments[0], "VARIANCE_SAMPLE");
}
Slice variance_population(Context& context, Arguments arguments) {
  return aggregated(context, arguments[0], "VARIANCE_POPULATION");
}

Slice product(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "PRODUCT");
  Number result = Number::from_integer(1);
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) {
    if (item.value().is_null()) continue;
    if (!item.value().is_number()) return wrong_type(context, "PRODUCT");
    result = multiply(result, number_of(item.value()));
  }
  return from_number(result, context.arena());
}

// The array's numbers in order, without nulls. False, with a warning, where something else is among them.
bool sorted_numbers(Context& context, Slice values, std::string_view function, std::vector<double>& to) {
  bool is_valid = values.is_array();
  for (ArrayIterator item(values); item.valid() && is_valid; item.next()) {
    if (item.value().is_null()) continue;
    is_valid = item.value().is_number();
    if (is_valid) to.push_back(item.value().as_double());
  }
  if (!is_valid) wrong_type(context, function);
  std::ranges::sort(to);
  return is_valid;
}

Slice median(Context& context, Arguments arguments) {
  std::vector<double> numbers;
  if (!sorted_numbers(context, arguments[0], "MEDIAN", numbers) || numbers.empty()) return Slice::null();
  size_t middle = numbers.size() / 2;
  double result = numbers.size() % 2 == 1 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2;
  return from_double_integral(result, context.arena());
}

Slice percentile(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "PERCENTILE";
  std::vector<double> numbers;
  if (!sorted_numbers(context, arguments[0], kName, numbers)) return Slice::null();
  if (!arguments[1].is_number()) return wrong_type(context, kName);
  double share = arguments[1].as_double();
  bool interpolates = false;
  if (arguments.size() > 2) {
    if (!arguments[2].is_string()) return wrong_type(context, kName);
    std::string_view method = arguments[2].as_string();
    if (method != "rank" && method != "interpolation") return wrong_type(context, kName);
    interpolates = method == "interpolation";
  }
  if (!(share >= 0 && share <= 100)) return wrong_type(context, kName);
  if (numbers.empty()) return Slice::null();

  auto count = double(numbers.size());
  if (!interpolates) {
    auto rank = size_t(std::clamp(std::ceil(share / 100 * count), 1.0, count));
    return from_double_integral(numbers[rank - 1], context.arena());
  }
  // One segment more than there are values: the outer two give the extremes.
  double position = share / 100 * (count + 1);
  if (position <= 1) return from_double_integral(numbers.front(), context.arena());
  if (position >= count) return from_double_integral(numbers.back(), context.arena());
  auto below = size_t(position);
  double between = position - double(below);
  return from_double_integral(numbers[below - 1] + between * (numbers[below] - numbers[below - 1]), context.arena());
}

constexpr Function kFunctions[] = {
    {"AVERAGE", "numeric", 1, 1, kDeterministic, "numArray: array", "The mean of the numbers, null if there are none.",
     "RETURN AVERAGE([5, 2, 9, 2])", "[4.5]", average},
    {"AVG", "numeric", 1, 1, kDeterministic, "numArray: array", "Another name of AVERAGE.", "RETURN AVG([-3, -5, 2])",
     "[-2]", average},
    {"MAX", "numeric", 1, 1, kDeterministic, "anyArray: array", "The greatest member in AQL's order, nulls left out.",
     "RETURN MAX([5, 9, -2, null, 1])", "[9]", maximum},
    {"MEDIAN", "numeric", 1, 1, kDeterministic, "numArray: array",
     "The number in the middle, or the mean of the middle two.", "RETURN MEDIAN([1, 2, 3, 4])", "[2.5]", median},
    {"MIN", "numeric", 1, 1, kDeterministic, "anyArray: array", "The smallest member in AQL's order, nulls left out.",
     "RETURN MIN([5, 9, -2, null, 1])", "[-2]", minimum},
    {"PERCENTILE", "numeric", 2, 3, kDeterministic, "numArray: array, p: number, method?: string",
     "The number at or below which p percent lie, by rank or by interpolation.",
     "RETURN PERCENTILE([1, 2, 3, 4], 50, \"interpolation\")", "[2.5]", percentile},
    {"PRODUCT", "numeric", 1, 1, kDeterministic, "numArray: array", "The product of the numbers, 1 if there are none.",
     "RETURN PRODUCT([null, -5, 6])", "[-30]", product},
    {"STDDEV", "numeric", 1, 1, kDeterministic, "numArray: array", "Another name of STDDEV_POPULATION.",
     "RETURN STDDEV([1, 1])", "[0]", stddev_population},
    {"STDDEV_POPULATION", "numeric", 1, 1, kDeterministic, "numArray: array",
     "The standard deviation of a whole population.", "RETURN STDDEV_POPULATION([1, 3, 6, 5, 2])",
     "[1.854723699099141]", stddev_population},
    {"STDDEV_SAMPLE", "numeric", 1, 1, kDeterministic, "numArray: array",
     "The standard deviation estimated from a sample.", "RETURN STDDEV_SAMPLE([1, 3, 6, 5, 2])", "[2.0736441353327724]",
     stddev_sample},
    {"SUM", "numeric", 1, 1, kDeterministic, "numArray: array", "The sum of the numbers, 0 if there are none.",
     "RETURN SUM([null, -5, 6])", "[1]", sum},
    {"VARIANCE", "numeric", 1, 1, kDeterministic, "numArray: array", "Another name of VARIANCE_POPULATION.",
     "RETURN VARIANCE([1, 3])", "[1]", variance_population},
    {"VARIANCE_POPULATION", "numeric", 1, 1, kDeterministic, "numArray: array", "The variance of a whole population.",
     "RETURN VARIANCE_POPULATION([1, 3, 6, 5, 2])", "[3.4400000000000004]", variance_population},
    {"VARIANCE_SAMPLE", "numeric", 1, 1, kDeterministic, "numArray: array", "The variance estimated from a sample.",
     "RETURN VARIANCE_SAMPLE([1, 3, 6, 5, 2])", "[4.300000000000001]", variance_sample},
};

}  // namespace

std::span<const Function> statistics_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
