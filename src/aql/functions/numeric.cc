// Arithmetic and trigonometry on single numbers.
#include <cmath>
#include <numbers>
#include <random>

#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// A function of one real number. Infinities and NaN, the signs of an argument out of range, become null.
template <double (*kFunction)(double)>
Slice real(Context& context, Arguments arguments) {
  double result = kFunction(to_double(arguments[0]));
  return std::isfinite(result) ? from_double_integral(result, context.arena()) : Slice::null();
}

double logarithm(double value) { return value > 0 ? std::log(value) : NAN; }
double logarithm2(double value) { return value > 0 ? std::log2(value) : NAN; }
double logarithm10(double value) { return value > 0 ? std::log10(value) : NAN; }
double to_degrees(double radians) { return radians * (180.0 / std::numbers::pi); }
double to_radians(double degrees) { return degrees * (std::numbers::pi / 180.0); }
// Halves go up, also below zero: -2.5 gives -2. Adding 0.5 first would lose bits just below a half.
double round_half_up(double value) {
  double down = std::floor(value);
  return value - down >= 0.5 ? down + 1 : down;
}

// Integers stay what they are, however large.
template <double (*kFunction)(double)>
Slice rounded(Context& context, Arguments arguments) {
  Number number = number_of(arguments[0]);
  if (number.is_integer) return context.arena().integer(number.integer);
  return from_double_integral(kFunction(number.real), context.arena());
}

Slice absolute(Context& context, Arguments arguments) {
  Number number = number_of(arguments[0]);
  if (number.is_integer ? number.integer < 0 : std::signbit(number.real)) number = subtract(Number(), number);
  if (!number.is_integer) number.real = std::abs(number.real);
  return from_number(number, context.arena());
}

Slice arc_tangent2(Context& context, Arguments arguments) {
  return from_double_integral(std::atan2(to_double(arguments[0]), to_double(arguments[1])), context.arena());
}

// Whole powers of integers exactly, as long as int64 holds them.
Slice power(Context& context, Arguments arguments) {
  Number base = number_of(arguments[0]), exponent = number_of(arguments[1]);
  if (base.is_integer && exponent.is_integer && exponent.integer >= 0 && exponent.integer < 64) {
    int64_t product = 1;
    bool overflows = false;
    for (int64_t i = 0; i < exponent.integer && !overflows; ++i) {
      overflows = __builtin_mul_overflow(product, base.integer, &product);
    }
    if (!overflows) return context.arena().integer(product);
  }
  double result = std::pow(base.as_double(), exponent.as_double());
  return std::isfinite(result) ? from_double_integral(result, context.arena()) : Slice::null();
}

Slice pi(Context& context, Arguments) { return context.arena().number(std::numbers::pi); }

Slice random_number(Context& context, Arguments) {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  // 52 random bits and a half: never 0 and never 1.
  return context.arena().number((double(generator() >> 12) + 0.5) * 0x1p-52);
}

Slice range(Context& context, Arguments arguments) {
  if (arguments.size() < 3) return make_range(context, to_integer(arguments[0]), to_integer(arguments[1]));
  double from = to_double(arguments[0]), to = to_double(arguments[1]), step = to_double(arguments[2]);
  if (step == 0 || (from < to && step < 0) || (from > to && step > 0)) return wrong_type(context, "RANGE");
  double count = std::floor((to - from) / step) + 1;
  if (!(count <= double(context.largest_value_bytes / 17))) {
    fits(context, SIZE_MAX);
    return Slice::null();
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  // Multiplying keeps the error of one step from adding up.
  for (double i = 0; i < count; ++i) builder.slice(from_double_integral(from + i * step, context.arena()));
  builder.close();
  return context.finish();
}

constexpr uint32_t kPure = kDeterministic;
constexpr Function kFunctions[] = {
    {"ABS", "numeric", 1, 1, kPure, "value: number", "The number without its sign.", "RETURN ABS(-5)", "[5]", absolute},
    {"ACOS", "numeric", 1, 1, kPure, "value: number", "The arc cosine, null outside -1 to 1.",
     "RETURN [ACOS(1), ACOS(2)]", "[[0,null]]", real<std::acos>},
    {"ASIN", "numeric", 1, 1, kPure, "value: number", "The arc sine, null outside -1 to 1.", "RETURN ASIN(1)",
     "[1.5707963267948966]", real<std::asin>},
    {"ATAN", "numeric", 1, 1, kPure, "value: number", "The arc tangent.", "RETURN ATAN(10)", "[1.4711276743037347]",
     real<std::atan>},
    {"ATAN2", "numeric", 2, 2, kPure, "y: number, x: number",
     "The arc tangent of y divided by x, in the right quadrant.", "RETURN ATAN2(1, 1)", "[0.7853981633974483]",
     arc_tangent2},
    {"CEIL", "numeric", 1, 1, kPure, "value: number", "The next whole number upwards.", "RETURN CEIL(2.49)", "[3]",
     rounded<std::ceil>},
    {"COS", "numeric", 1, 1, kPure, "value: number", "The cosine.", "RETURN COS(0)", "[1]", real<std::cos>},
    {"DEGREES", "numeric", 1, 1, kPure, "rad: number", "Radians as degrees.", "RETURN DEGREES(3.141592653589793)",
     "[180]", real<to_degrees>},
    {"EXP", "numeric", 1, 1, kPure, "value: number", "Euler's number to that power.", "RETURN EXP(1)",
     "[2.718281828459045]", real<std::exp>},
    {"EXP2", "numeric", 1, 1, kPure, "value: number", "2 to that power.", "RETURN EXP2(16)", "[65536]",
     real<std::exp2>},
    {"FLOOR", "numeric", 1, 1, kPure, "value: number", "The next whole number downwards.", "RETURN FLOOR(-2.5)", "[-3]",
     rounded<std::floor>},
    {"LOG", "numeric", 1, 1, kPure, "value: number", "The natural logarithm, null for 0 and less.", "RETURN LOG(10)",
     "[2.302585092994046]", real<logarithm>},
    {"LOG10", "numeric", 1, 1, kPure, "value: number", "The logarithm to base 10, null for 0 and less.",
     "RETURN LOG10(10000)", "[4]", real<logarithm10>},
    {"LOG2", "numeric", 1, 1, kPure, "value: number", "The logarithm to base 2, null for 0 and less.",
     "RETURN LOG2(1024)", "[10]", real<logarithm2>},
    {"PI", "numeric", 0, 0, kPure, "", "Pi.", "RETURN PI()", "[3.141592653589793]", pi},
    {"POW", "numeric", 2, 2, kPure, "base: number, exp: number", "The base to the power of the exponent.",
     "RETURN [POW(2, 4), POW(5, -1)]", "[[16,0.2]]", power},
    {"RADIANS", "numeric", 1, 1, kPure, "deg: number", "Degrees as radians.", "RETURN RADIANS(180)",
     "[3.141592653589793]", real<to_radians>},
    {"RAND", "numeric", 0, 0, 0, "", "A random number between 0 and 1, both excluded.", "RETURN RAND() < 1", "[true]",
     random_number},
    {"RANDOM", "numeric", 0, 0, 0, "", "Another name of RAND.", "RETURN RANDOM() > 0", "[true]", random_number},
    {"RANGE", "numeric", 2, 3, kPure, "start: number, stop: number, step?: number",
     "The numbers from start to stop, both included.", "RETURN [RANGE(1, 4), RANGE(1.5, 2.5, 0.5)]",
     "[[[1,2,3,4],[1.5,2,2.5]]]", range},
    {"ROUND", "numeric", 1, 1, kPure, "value: number", "The nearest whole number, halves upwards.",
     "RETURN [ROUND(2.5), ROUND(-2.5)]", "[[3,-2]]", rounded<round_half_up>},
    {"SIN", "numeric", 1, 1, kPure, "value: number", "The sine.", "RETURN SIN(0)", "[0]", real<std::sin>},
    {"SQRT", "numeric", 1, 1, kPure, "value: number", "The square root, null for negative numbers.", "RETURN SQRT(9)",
     "[3]", real<std::sqrt>},
    {"TAN", "numeric", 1, 1, kPure, "value: number", "The tangent.", "RETURN TAN(10)", "[0.6483608274590866]",
     real<std::tan>},
};

}  // namespace

std::span<const Function> numeric_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
