#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "value/json.h"

namespace workerdb::value {
namespace {

void append_double(double number, std::string& to) {
  if (!std::isfinite(number)) {
    to += "null";
    return;
  }
  constexpr double kTwo53 = 9007199254740992.0, kTwo64 = 18446744073709551616.0;
  double magnitude = std::abs(number);
  if (magnitude < kTwo64 && std::trunc(number) == number) {
    if (number == 0) {
      to += std::signbit(number) ? "-0" : "0";
    } else {
      fmt::format_to(std::back_inserter(to), "{:.{}f}", number, magnitude >= kTwo53 ? 1 : 0);
    }
    return;
  }
  char digits[32];
  auto [end, problem] = std::to_chars(digits, digits + sizeof digits, number);
  to.append(digits, end);
}

template <typename Integer>
void append_integer(Integer number, std::string& to) {
  char digits[24];
  auto [end, problem] = std::to_chars(digits, digits + sizeof digits, number);
  to.append(digits, end);
}

void append_scalar(Slice value, std::string& to) {
  switch (value.type()) {
    case Type::kBool: to += value.is_true() ? "true" : "false"; return;
    case Type::kString: append_json_string(value.as_string(), to); return;
    case Type::kNumber:
      if (value.is_double()) {
        append_double(value.as_double(), to);
      } else if (value.is_large_unsigned()) {
        append_integer(value.as_uint64(), to);
      } else {
        append_integer(value.as_int64(), to);
      }
      return;
    default: to += "null"; return;
  }
}

// indent < 0: compact.
void append(Slice value, std::string& to, int indent) {
  auto line = [&](int depth) {
    if (indent >= 0) to.append(1, '\n').append(size_t(2 * depth), ' ');
  };
  int inner = indent < 0 ? indent : indent + 1;
  if (value.is_array()) {
    to += '[';
    ArrayIterator item(value);
    bool is_empty = !item.valid();
    for (bool first = true; item.valid(); item.next(), first = false) {
      if (!first) to += ',';
      line(inner);
      append(item.value(), to, inner);
    }
    if (!is_empty) line(indent);
    to += ']';
  } else if (value.is_object()) {
    to += '{';
    ObjectIterator attribute(value);
    bool is_empty = !attribute.valid();
    for (bool first = true; attribute.valid(); attribute.next(), first = false) {
      if (!first) to += ',';
      line(inner);
      append_json_string(attribute.name(), to);
      to += indent < 0 ? ":" : ": ";
      append(attribute.value(), to, inner);
    }
    if (!is_empty) line(indent);
    to += '}';
  } else {
    append_scalar(value, to);
  }
}

}  // namespace

namespace {

// Long texts are escaped piece by piece, so that room for the worst case stays small.
constexpr size_t kPieceBytes = 4096;
constexpr size_t kLongestEscape = 6;

char* put_escaped(unsigned char c, char* at) {
  constexpr char kHex[] = "0123456789abcdef";
  *at++ = '\\';
  switch (c) {
    case '"': *at++ = '"'; return at;
    case '\\': *at++ = '\\'; return at;
    case '\b': *at++ = 'b'; return at;
    case '\f': *at++ = 'f'; return at;
    case '\n': *at++ = 'n'; return at;
    case '\r': *at++ = 'r'; return at;
    case '\t': *at++ = 't'; return at;
    default: break;
  }
  std::memcpy(at, "u00", 3);
  at[3] = kHex[c >> 4];
  at[4] = kHex[c & 15];
  return at + 5;
}

// Whether one of eight bytes is a quote, a backslash or a control character.
bool needs_escape(uint64_t bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  auto has_zero = [](uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  uint64_t below_space = (bytes - kOnes * 0x20) & ~bytes & kHighs;
  return (below_space | has_zero(bytes ^ kOnes * '"') | has_zero(bytes ^ kOnes * '\\')) != 0;
}

char* put_piece(std::string_view text, char* at) {
  const char* from = text.data();
  const char* end = from + text.size();
  while (from != end) {
    uint64_t word;
    while (end - from >= 8) {
      std::memcpy(&word, from, 8);
      if (needs_escape(word)) break;
      std::memcpy(at, from, 8);
      from += 8, at += 8;
    }
    for (const char* stop = std::min(end, from + 8); from != stop; ++from) {
      auto c = static_cast<unsigned char>(*from);
      if (c >= 0x20 && c != '"' && c != '\\') {
        *at++ = char(c);
      } else {
        at = put_escaped(c, at);
      }
    }
  }
  return at;
}

}  // namespace

void append_json_string(std::string_view text, std::string& to) {
  to += '"';
  do {
    std::string_view piece = text.substr(0, kPieceBytes);
    text.remove_prefix(piece.size());
    size_t before = to.size();
    // One more for the quote behind the last piece.
    to.resize_and_overwrite(before + piece.size() * kLongestEscape + 1, [&](char* start, size_t) {
      char* at = put_piece(piece, start + before);
      if (text.empty()) *at++ = '"';
      return size_t(at - start);
    });
  } while (!text.empty());
}

void append_json(Slice value, std::string& to) { append(value, to, -1); }

std::string to_json(Slice value) {
  std::string text;
  append(value, text, -1);
  return text;
}

std::string to_pretty_json(Slice value) {
  std::string text;
  append(value, text, 0);
  return text;
}

}  // namespace workerdb::value
