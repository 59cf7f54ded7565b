#include "aql/functions/conversion.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "value/json.h"
#include "value/order.h"

namespace workerdb::aql::functions {
namespace {

using value::Arena;
using value::Slice;
using value::Type;

constexpr double kTwo63 = 9223372036854775808.0;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The number that the whole text is, spaces around it aside.
bool parse_number(std::string_view text, Number& number) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  size_t digits = text.starts_with('-') ? 1 : 0;
  // from_chars would also read "inf" and "nan", which are no numbers of AQL.
  if (digits >= text.size() || (text[digits] != '.' && (text[digits] < '0' || text[digits] > '9'))) return false;
  const char* end = text.data() + text.size();
  int64_t integer = 0;
  if (auto [at, problem] = std::from_chars(text.data(), end, integer); problem == std::errc() && at == end) {
    number = Number::from_integer(integer);
    return true;
  }
  double real = 0;
  auto [at, problem] = std::from_chars(text.data(), end, real);
  if (at != end || problem != std::errc() || !std::isfinite(real)) return false;
  number = Number::from_double(real);
  return true;
}

}  // namespace

Number number_of(Slice value, bool* is_valid) {
  if (is_valid != nullptr) *is_valid = true;
  // An array nests at most as deep as values do, so this ends.
  while (value.is_array() && value.size() == 1) value = value.at(0);
  Number number;
  switch (value.type()) {
    case Type::kNumber:
      if (value.is_int64()) return Number::from_integer(value.as_int64());
      number = Number::from_double(value.as_double());
      if (std::isfinite(number.real)) return number;
      break;
    case Type::kBool: return Number::from_integer(value.is_true() ? 1 : 0);
    case Type::kNull:
    case Type::kNone: return Number();
    case Type::kString:
      if (parse_number(value.as_string(), number)) return number;
      break;
    default: break;
  }
  if (is_valid != nullptr) *is_valid = value.is_array() && value.size() == 0;
  return Number();
}

Slice from_number(Number number, Arena& arena) {
  return number.is_integer ? arena.integer(number.integer) : arena.number(number.real);
}

Slice from_double_integral(double number, Arena& arena) {
  if (number >= -kTwo63 && number < kTwo63 && std::trunc(number) == number) return arena.integer(int64_t(number));
  return arena.number(number);
}

Slice to_number(Slice value, Arena& arena) {
  if (value.is_number()) return value;
  return from_number(number_of(value), arena);
}

double to_double(Slice value) { return value.is_double() ? value.as_double() : number_of(value).as_double(); }

int64_t to_integer(Slice value) {
  Number number = number_of(value);
  if (number.is_integer) return number.integer;
  if (number.real >= kTwo63) return std::numeric_limits<int64_t>::max();
  if (number.real < -kTwo63) return std::numeric_limits<int64_t>::min();
  return int64_t(number.real);
}

bool to_boolean(Slice value) { return value::is_truthy(value); }

void append_text(Slice value, std::string& to) {
  if (value.is_string()) {
    to += value.as_string();
  } else if (value.is_double()) {
    size_t start = to.size();
    value::append_json(value, to);
    // "2e-07" is written as "2e-7".
    size_t exponent = to.find('e', start);
    if (exponent != std::string::npos && to.size() > exponent + 3 && to[exponent + 2] == '0') to.erase(exponent + 2, 1);
  } else if (!value.is_null()) {
    value::append_json(value, to);
  }
}

Slice to_string(Slice value, Arena& arena) {
  if (value.is_string()) return value;
  if (value.is_null()) return Slice::empty_string();
  std::string text;
  append_text(value, text);
  return arena.string(text);
}

Slice to_array(Slice value, Context& context) {
  if (value.is_array()) return value;
  if (value.is_null()) return Slice::empty_array();
  value::Builder& builder = context.scratch();
  builder.open_array();
  if (value.is_object()) {
    for (value::ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
      builder.slice(attribute.value());
    }
  } else {
    builder.slice(value);
  }
  builder.close();
  return context.finish();
}

Number add(Number left, Number right) {
  int64_t sum;
  if (left.is_integer && right.is_integer && !__builtin_add_overflow(left.integer, right.integer, &sum)) {
    return Number::from_integer(sum);
  }
  return Number::from_double(left.as_double() + right.as_double());
}

Number subtract(Number left, Number right) {
  int64_t difference;
  if (left.is_integer && right.is_integer && !__builtin_sub_overflow(left.integer, right.integer, &difference)) {
    return Number::from_integer(difference);
  }
  return Number::from_double(left.as_double() - right.as_double());
}

Number multiply(Number left, Number right) {
  int64_t product;
  if (left.is_integer && right.is_integer && !__builtin_mul_overflow(left.integer, right.integer, &product)) {
    return Number::from_integer(product);
  }
  return Number::from_double(left.as_double() * right.as_double());
}

Slice add(Context& context, Slice left, Slice right) {
  return from_number(add(number_of(left), number_of(right)), context.arena());
}

Slice subtract(Context& context, Slice left, Slice right) {
  return from_number(subtract(number_of(left), number_of(right)), context.arena());
}

Slice multiply(Context& context, Slice left, Slice right) {
  return from_number(multiply(number_of(left), number_of(right)), context.arena());
}

Slice divide(Context& context, Slice left, Slice right) {
  Number dividend = number_of(left), divisor = number_of(right);
  if (divisor.as_double() == 0) {
    context.warn(base::ErrorCode::kQueryDivisionByZero);
    return Slice::null();
  }
  // The smallest int64 divided by -1 is beyond int64.
  if (dividend.is_integer && divisor.is_integer && divisor.integer != -1 && dividend.integer % divisor.integer == 0) {
    return context.arena().integer(dividend.integer / divisor.integer);
  }
  return from_double_integral(dividend.as_double() / divisor.as_double(), context.arena());
}

Slice modulo(Context& context, Slice left, Slice right) {
  Number dividend = number_of(left), divisor = number_of(right);
  if (divisor.as_double() == 0) {
    context.warn(base::ErrorCode::kQueryDivisionByZero);
    return Slice::null();
  }
  if (dividend.is_integer && divisor.is_integer) {
    return context.arena().integer(divisor.integer == -1 ? 0 : dividend.integer % divisor.integer);
  }
  return context.arena().number(std::fmod(dividend.as_double(), divisor.as_double()));
}

Slice negate(Context& context, Slice operand) {
  Number number = number_of(operand);
  if (!number.is_integer) return context.arena().number(-number.real);
  return from_number(subtract(Number(), number), context.arena());
}

Slice make_range(Context& context, int64_t low, int64_t high) {
  uint64_t distance = low <= high ? uint64_t(high) - uint64_t(low) : uint64_t(low) - uint64_t(high);
  // Nine bytes are the most that one integer takes, and its place in an index table eight more.
  if (distance >= context.largest_value_bytes / 17) {
    context.fail({base::ErrorCode::kResourceLimit, "the range has more members than one value may hold"});
    return Slice::null();
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (uint64_t i = 0; i <= distance; ++i) builder.integer(low <= high ? low + int64_t(i) : low - int64_t(i));
  builder.close();
  return context.finish();
}

}  // namespace workerdb::aql::functions
