#pragma once
// AQL's casts and arithmetic, shared by the functions and the expression evaluator.
// Source: the 3.12 documentation, "Type check and cast functions" and "Operators".
// Everything here is thread-safe as long as the context and the arena belong to the calling thread.
#include <cstdint>
#include <string>
#include <string_view>

#include "aql/functions/context.h"
#include "value/arena.h"
#include "value/slice.h"

namespace workerdb::aql::functions {

// A number as AQL calculates with it: an int64 or a finite double.
struct Number {
  bool is_integer = true;
  int64_t integer = 0;
  double real = 0;

  static Number from_integer(int64_t value) { return {true, value, 0}; }
  static Number from_double(double value) { return {false, 0, value}; }
  double as_double() const { return is_integer ? double(integer) : real; }
};

// The rules of TO_NUMBER: null and false 0, true 1, a string its number or 0, an array of one member that
// member's number, other arrays and objects 0. An unsigned integer above int64 becomes a double. `is_valid`,
// where asked for, tells whether the value really was a number (a string that holds none, an object … are
// not).
Number number_of(value::Slice value, bool* is_valid = nullptr);

// Numbers come back as they are (also uint64), everything else by the rules above.
value::Slice to_number(value::Slice value, value::Arena& arena);
double to_double(value::Slice value);
// Truncated towards zero and clamped to int64: bounds of ranges, positions, lengths.
int64_t to_integer(value::Slice value);
value::Slice from_number(Number number, value::Arena& arena);
// An integral double within int64 becomes an integer, so that results print and compare as integers.
value::Slice from_double_integral(double number, value::Arena& arena);

// null, false, 0 and "" are false.
bool to_boolean(value::Slice value);

// null gives "", compound values compact JSON.
value::Slice to_string(value::Slice value, value::Arena& arena);
void append_text(value::Slice value, std::string& to);

// The text of a value without copying where it is a string already. Lives as long as the value and this
// object.
class Text {
 public:
  explicit Text(value::Slice value) {
    if (value.is_string()) {
      view_ = value.as_string();
    } else {
      append_text(value, own_);
      view_ = own_;
    }
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT: stands for its text everywhere

 private:
  std::string own_;
  std::string_view view_;
};

// null gives [], a scalar itself in an array, an object the array of its attributes' values.
value::Slice to_array(value::Slice value, Context& context);

// The operators. Operands of any type, cast as above. Integers stay integers and become doubles where int64
// ends; division gives an integer only where it leaves no remainder. Division and modulo by zero: 1562 and
// null; a result beyond the doubles is null.
value::Slice add(Context& context, value::Slice left, value::Slice right);
value::Slice subtract(Context& context, value::Slice left, value::Slice right);
value::Slice multiply(Context& context, value::Slice left, value::Slice right);
value::Slice divide(Context& context, value::Slice left, value::Slice right);
value::Slice modulo(Context& context, value::Slice left, value::Slice right);
value::Slice negate(Context& context, value::Slice operand);
inline value::Slice unary_plus(Context& context, value::Slice operand) { return to_number(operand, context.arena()); }

// The same on numbers that are cast already.
Number add(Number left, Number right);
Number subtract(Number left, Number right);
Number multiply(Number left, Number right);

// The operator `low..high`: all integers from low to high, counting down where low is greater. A range larger
// than the context allows one value to be ends the query with kResourceLimit and gives null.
value::Slice make_range(Context& context, int64_t low, int64_t high);

}  // namespace workerdb::aql::functions
