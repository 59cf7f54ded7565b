#include <fmt/format.h>

#include <charconv>
#include <cmath>
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

void append_json_string(std::string_view text, std::string& to) {
  to += '"';
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    to.append(text.substr(copied, i - copied));
    copied = i + 1;
    switch (c) {
      case '"': to += "\\\""; break;
      case '\\': to += "\\\\"; break;
      case '\b': to += "\\b"; break;
      case '\f': to += "\\f"; break;
      case '\n': to += "\\n"; break;
      case '\r': to += "\\r"; break;
      case '\t': to += "\\t"; break;
      default: fmt::format_to(std::back_inserter(to), "\\u{:04x}", c);
    }
  }
  to.append(text.substr(copied));
  to += '"';
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
