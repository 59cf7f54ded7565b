// Bits of whole numbers from 0 to 2^32-1.
#include <bit>

#include "aql/functions/aggregators.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

uint32_t low_bits(uint64_t number, uint32_t count) { return uint32_t(number & ((uint64_t(1) << count) - 1)); }

// A small count: of bits, of places to shift.
bool is_count(Slice value, uint32_t most, uint32_t& count) { return is_bits(value, count) && count <= most; }

struct Name {
  static constexpr char kAnd[] = "BIT_AND", kOr[] = "BIT_OR", kXor[] = "BIT_XOR";
};

template <const char* kName>
Slice combine(Context& context, Arguments arguments) {
  std::unique_ptr<Aggregator> state = find_aggregate(kName)->make(context);
  if (arguments.size() == 1) {
    if (!arguments[0].is_array()) return wrong_type(context, kName);
    for (ArrayIterator item(arguments[0]); item.valid(); item.next()) state->add(item.value());
  } else {
    for (Slice operand : arguments) {
      if (operand.is_null()) return wrong_type(context, kName);
      state->add(operand);
    }
  }
  return state->result(context);
}

Slice construct(Context& context, Arguments arguments) {
  if (!arguments[0].is_array()) return wrong_type(context, "BIT_CONSTRUCT");
  uint32_t number = 0, position;
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) {
    if (!is_count(item.value(), 31, position)) return wrong_type(context, "BIT_CONSTRUCT");
    number |= uint32_t(1) << position;
  }
  return context.arena().integer(number);
}

Slice deconstruct(Context& context, Arguments arguments) {
  uint32_t number;
  if (!is_bits(arguments[0], number)) return wrong_type(context, "BIT_DECONSTRUCT");
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (int position = 0; position < 32; ++position) {
    if (number >> position & 1) builder.integer(position);
  }
  builder.close();
  return context.finish();
}

Slice from_string(Context& context, Arguments arguments) {
  if (!arguments[0].is_string()) return wrong_type(context, "BIT_FROM_STRING");
  std::string_view text = arguments[0].as_string();
  if (text.size() > 32 || text.find_first_not_of("01") != std::string_view::npos) {
    return wrong_type(context, "BIT_FROM_STRING");
  }
  uint64_t number = 0;
  for (char digit : text) number = number << 1 | uint64_t(digit - '0');
  return context.arena().integer(int64_t(number));
}

Slice to_bit_string(Context& context, Arguments arguments) {
  uint32_t number, width = 0;
  if (!is_bits(arguments[0], number) || (arguments.size() > 1 && !is_count(arguments[1], 32, width))) {
    return wrong_type(context, "BIT_TO_STRING");
  }
  if (arguments.size() < 2) width = std::max(1u, uint32_t(std::bit_width(number)));
  std::string text;
  for (uint32_t position = width; position-- > 0;) text += number >> position & 1 ? '1' : '0';
  return context.arena().string(text);
}

Slice negated(Context& context, Arguments arguments) {
  uint32_t number, count;
  if (!is_bits(arguments[0], number) || !is_count(arguments[1], 32, count)) return wrong_type(context, "BIT_NEGATE");
  return context.arena().integer(low_bits(~uint64_t(number), count));
}

Slice popcount(Context& context, Arguments arguments) {
  uint32_t number;
  if (!is_bits(arguments[0], number)) return wrong_type(context, "BIT_POPCOUNT");
  return context.arena().integer(std::popcount(number));
}

template <bool kLeft>
Slice shift(Context& context, Arguments arguments) {
  uint32_t number, places, count;
  if (!is_bits(arguments[0], number) || !is_count(arguments[1], 32, places) || !is_count(arguments[2], 32, count)) {
    return wrong_type(context, kLeft ? "BIT_SHIFT_LEFT" : "BIT_SHIFT_RIGHT");
  }
  uint64_t shifted = kLeft ? uint64_t(number) << places : uint64_t(number) >> places;
  return context.arena().integer(low_bits(shifted, count));
}

Slice test(Context& context, Arguments arguments) {
  uint32_t number, position;
  if (!is_bits(arguments[0], number) || !is_count(arguments[1], 31, position)) return wrong_type(context, "BIT_TEST");
  return Slice::boolean(number >> position & 1);
}

constexpr Function kFunctions[] = {
    {"BIT_AND", "bit", 1, 2, kDeterministic, "numbers: array or value1: number, value2: number",
     "Bits set in all numbers.", "RETURN BIT_AND([255, 127, null, 63])", "[63]", combine<Name::kAnd>},
    {"BIT_CONSTRUCT", "bit", 1, 1, kDeterministic, "positions: array",
     "The number with the bits at these positions set.", "RETURN BIT_CONSTRUCT([0, 4, 8])", "[273]", construct},
    {"BIT_DECONSTRUCT", "bit", 1, 1, kDeterministic, "number: number", "The positions of the bits that are set.",
     "RETURN BIT_DECONSTRUCT(14)", "[[1,2,3]]", deconstruct},
    {"BIT_FROM_STRING", "bit", 1, 1, kDeterministic, "bitstring: string", "The number written in zeros and ones.",
     "RETURN BIT_FROM_STRING(\"0111\")", "[7]", from_string},
    {"BIT_NEGATE", "bit", 2, 2, kDeterministic, "number: number, bits: number",
     "The lowest bits, each one turned over.", "RETURN BIT_NEGATE(3, 4)", "[12]", negated},
    {"BIT_OR", "bit", 1, 2, kDeterministic, "numbers: array or value1: number, value2: number",
     "Bits set in any number.", "RETURN BIT_OR([1, 4, 8, 16])", "[29]", combine<Name::kOr>},
    {"BIT_POPCOUNT", "bit", 1, 1, kDeterministic, "number: number", "How many bits are set.",
     "RETURN BIT_POPCOUNT(255)", "[8]", popcount},
    {"BIT_SHIFT_LEFT", "bit", 3, 3, kDeterministic, "number: number, shift: number, bits: number",
     "Bits moved up, the lowest ones kept.", "RETURN BIT_SHIFT_LEFT(2, 10, 16)", "[2048]", shift<true>},
    {"BIT_SHIFT_RIGHT", "bit", 3, 3, kDeterministic, "number: number, shift: number, bits: number",
     "Bits moved down, the lowest ones kept.", "RETURN BIT_SHIFT_RIGHT(33, 1, 16)", "[16]", shift<false>},
    {"BIT_TEST", "bit", 2, 2, kDeterministic, "number: number, index: number", "Whether the bit at a position is set.",
     "RETURN BIT_TEST(7, 2)", "[true]", test},
    {"BIT_TO_STRING", "bit", 1, 2, kDeterministic, "number: number, bits?: number", "The number in zeros and ones.",
     "RETURN BIT_TO_STRING(60, 8)", "[\"00111100\"]", to_bit_string},
    {"BIT_XOR", "bit", 1, 2, kDeterministic, "numbers: array or value1: number, value2: number",
     "Bits set in an odd count of numbers.", "RETURN BIT_XOR(255, 257)", "[510]", combine<Name::kXor>},
};

}  // namespace

std::span<const Function> bit_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
