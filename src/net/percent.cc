#include "net/percent.h"

#include <array>
#include <cstdint>

namespace workerdb::net {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::array<int8_t, 256> make_hex_values() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int digit = 0; digit < 10; ++digit) values['0' + digit] = static_cast<int8_t>(digit);
  for (int digit = 0; digit < 6; ++digit) {
    values['a' + digit] = static_cast<int8_t>(10 + digit);
    values['A' + digit] = static_cast<int8_t>(10 + digit);
  }
  return values;
}
constexpr std::array<int8_t, 256> kHexValues = make_hex_values();

bool is_unreserved(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
         byte == '.' || byte == '_' || byte == '~';
}

// The length of the sequence that starts with `lead`, and the bounds of its second byte, which is where
// overlong forms, surrogates and values above U+10FFFF show (Unicode 15, table 3-7). 0 for no lead byte.
struct Sequence {
  size_t length;
  unsigned char second_low = 0x80;
  unsigned char second_high = 0xBF;
};

Sequence sequence_of(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t position = 0;
  while (position < text.size()) {
    if (bytes[position] < 0x80) {
      ++position;
      continue;
    }
    const Sequence sequence = sequence_of(bytes[position]);
    if (sequence.length == 0 || position + sequence.length > text.size()) return false;
    if (bytes[position + 1] < sequence.second_low || bytes[position + 1] > sequence.second_high) return false;
    for (size_t next = 2; next < sequence.length; ++next) {
      if ((bytes[position + next] & 0xC0) != 0x80) return false;
    }
    position += sequence.length;
  }
  return true;
}

Result<> percent_decode_to(std::string_view text, PercentMode mode, std::string& out) {
  const size_t start = out.size();
  const auto refuse = [&](const char* reason) {
    out.resize(start);
    return Error(ErrorCode::kHttpBadParameter, reason);
  };
  for (size_t position = 0; position < text.size(); ++position) {
    char byte = text[position];
    if (byte == '%') {
      if (text.size() - position < 3) return refuse("a percent escape is cut off");
      const int high = kHexValues[static_cast<unsigned char>(text[position + 1])];
      const int low = kHexValues[static_cast<unsigned char>(text[position + 2])];
      if (high < 0 || low < 0) return refuse("a percent sign is not followed by two hexadecimal digits");
      byte = static_cast<char>(high * 16 + low);
      position += 2;
    } else if (byte == '+' && mode == PercentMode::kForm) {
      byte = ' ';
    }
    if (byte == '\0') return refuse("a NUL byte is not allowed");
    out.push_back(byte);
  }
  if (!is_valid_utf8(std::string_view(out).substr(start))) return refuse("the decoded text is not valid UTF-8");
  return {};
}

Result<std::string> percent_decode(std::string_view text, PercentMode mode) {
  std::string out;
  out.reserve(text.size());
  TRY(percent_decode_to(text, mode, out));
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (is_unreserved(byte)) {
      out.push_back(character);
    } else {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

}  // namespace workerdb::net
