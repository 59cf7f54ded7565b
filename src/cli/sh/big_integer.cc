#include "cli/sh/big_integer.h"

#include <charconv>
#include <cstdint>

#include "base/random.h"

namespace workerdb::cli {
namespace {

constexpr int64_t kLargestSafe = (int64_t(1) << 53) - 1;
constexpr size_t kFewestDigits = 16;  // of 2^53

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Behind the string that starts at `position` with its quote.
size_t skip_string(std::string_view json, size_t position) {
  for (++position; position < json.size() && json[position] != '"'; ++position) {
    if (json[position] == '\\') ++position;
  }
  return position < json.size() ? position + 1 : json.size();
}

// Behind the number that starts at `position`.
size_t skip_number(std::string_view json, size_t position) {
  size_t end = json.find_first_not_of("+-.0123456789eE", position);
  return end == json.npos ? json.size() : end;
}

bool is_big_integer(std::string_view literal) {
  if (literal.size() < kFewestDigits || literal.find_first_of(".eE") != literal.npos) return false;
  const char* end = literal.data() + literal.size();
  int64_t number = 0;
  auto read = std::from_chars(literal.data(), end, number);
  if (read.ec == std::errc() && read.ptr == end) return number > kLargestSafe || number < -kLargestSafe;
  uint64_t large = 0;
  auto read_large = std::from_chars(literal.data(), end, large);
  return read_large.ec == std::errc() && read_large.ptr == end;
}

// The mark as JSON writes it: its NUL is an escape.
std::string escaped(std::string_view mark) { return "\\u0000" + std::string(mark.substr(1)); }

}  // namespace

std::string random_mark() { return std::string(1, '\0') + base::random_hex(16) + ":"; }

std::optional<std::string> mark_big_integers(std::string_view json, std::string_view mark) {
  std::optional<std::string> marked;
  const std::string text = escaped(mark);
  size_t copied = 0;
  for (size_t position = 0; position < json.size();) {
    char c = json[position];
    if (c == '"') {
      position = skip_string(json, position);
    } else if (is_digit(c) || c == '-') {
      size_t end = skip_number(json, position);
      std::string_view literal = json.substr(position, end - position);
      if (is_big_integer(literal)) {
        if (!marked) marked.emplace();
        marked->append(json.substr(copied, position - copied));
        marked->append("\"").append(text).append(literal).append("\"");
        copied = end;
      }
      position = end;
    } else {
      ++position;
    }
  }
  if (marked) marked->append(json.substr(copied));
  return marked;
}

std::string unmark_big_integers(std::string_view json, std::string_view mark) {
  const std::string start = "\"" + escaped(mark);
  std::string text;
  size_t copied = 0;
  for (size_t found = json.find(start); found != json.npos; found = json.find(start, copied)) {
    size_t digits = found + start.size();
    size_t quote = json.find('"', digits);
    if (quote == json.npos) break;
    text.append(json.substr(copied, found - copied)).append(json.substr(digits, quote - digits));
    copied = quote + 1;
  }
  text.append(json.substr(copied));
  return text;
}

}  // namespace workerdb::cli
