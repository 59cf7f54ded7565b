#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "value/json.h"

namespace workerdb::value {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
namespace ondemand = simdjson::ondemand;

Error broken(std::string_view what) {
  return Error(ErrorCode::kHttpCorruptedJson, fmt::format("invalid JSON: {}", what));
}

Error broken(simdjson::error_code code) {
  if (code == simdjson::UTF8_ERROR) return broken("the text is not valid UTF-8");
  if (code == simdjson::DEPTH_ERROR) return broken(fmt::format("more than {} levels of nesting", kMaxNesting));
  if (code == simdjson::EMPTY) return broken("the text is empty");
  return broken(simdjson::error_message(code));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The grammar of RFC 8259, section 6: the parser's fast path refuses numbers that need more than 64 bits.
bool is_json_number(std::string_view text) {
  size_t at = 0;
  auto digits = [&] {
    size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  size_t integer = at;
  if (!digits() || (text[integer] == '0' && at > integer + 1)) return false;
  if (at < text.size() && text[at] == '.' && (++at, !digits())) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

// simdjson's own number parser gets some long numbers wrong (3.0.1: 9223372036854775808.0 reads as 0), so numbers
// are read from their text.
Result<> append_number(std::string_view text, Builder& into) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  if (!is_json_number(text)) return broken("malformed number");
  const char* end = text.data() + text.size();
  int64_t integer = 0;
  if (auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc() && read.ptr == end) {
    into.integer(integer);
    return {};
  }
  uint64_t unsigned_integer = 0;
  if (auto read = std::from_chars(text.data(), end, unsigned_integer); read.ec == std::errc() && read.ptr == end) {
    into.unsigned_integer(unsigned_integer);
    return {};
  }
  double number = 0;
  if (std::from_chars(text.data(), end, number).ec == std::errc::result_out_of_range) {
    // from_chars does not tell too large from too small; the exponent's sign does.
    if (text.find("e-") == text.npos && text.find("E-") == text.npos) return broken("number out of range");
    number = 0;
  }
  into.number(number);
  return {};
}

Result<> append_value(ondemand::value value, Builder& into, size_t depth);

Result<> append_array(ondemand::value value, Builder& into, size_t depth) {
  ondemand::array array;
  if (auto code = value.get_array().get(array); code != simdjson::SUCCESS) return broken(code);
  into.open_array();
  for (auto item : array) {
    ondemand::value inner;
    if (auto code = std::move(item).get(inner); code != simdjson::SUCCESS) return broken(code);
    TRY(append_value(inner, into, depth + 1));
  }
  into.close();
  return {};
}

Result<> append_object(ondemand::value value, Builder& into, size_t depth) {
  ondemand::object object;
  if (auto code = value.get_object().get(object); code != simdjson::SUCCESS) return broken(code);
  into.open_object();
  for (auto attribute : object) {
    ondemand::field field;
    if (auto code = std::move(attribute).get(field); code != simdjson::SUCCESS) return broken(code);
    std::string_view name;
    if (auto code = field.unescaped_key().get(name); code != simdjson::SUCCESS) return broken(code);
    into.key(name);
    TRY(append_value(field.value(), into, depth + 1));
  }
  into.close();
  return {};
}

Result<> append_value(ondemand::value value, Builder& into, size_t depth) {
  ondemand::json_type type;
  if (auto code = value.type().get(type); code != simdjson::SUCCESS) return broken(code);
  bool is_compound = type == ondemand::json_type::array || type == ondemand::json_type::object;
  if (is_compound && depth >= kMaxNesting) return broken(simdjson::DEPTH_ERROR);
  switch (type) {
    case ondemand::json_type::array: return append_array(value, into, depth);
    case ondemand::json_type::object: return append_object(value, into, depth);
    case ondemand::json_type::number: return append_number(value.raw_json_token(), into);
    case ondemand::json_type::string: {
      std::string_view text;
      if (auto code = value.get_string().get(text); code != simdjson::SUCCESS) return broken(code);
      into.string(text);
      return {};
    }
    case ondemand::json_type::boolean: {
      bool truth = false;
      if (auto code = value.get_bool().get(truth); code != simdjson::SUCCESS) return broken(code);
      into.boolean(truth);
      return {};
    }
    case ondemand::json_type::null: {
      bool is_null = false;
      if (value.is_null().get(is_null) != simdjson::SUCCESS || !is_null) return broken("expected a value");
      into.null();
      return {};
    }
  }
  return broken("expected a value");
}

// A parser keeps its memory between texts, up to a bound.
struct Parser {
  ondemand::parser parser;
  std::string padded;

  void trim() {
    constexpr size_t kKept = 1 << 20;
    if (padded.capacity() <= kKept) return;
    padded = std::string();
    parser = ondemand::parser();
  }
};

bool is_compound_text(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && (text[first] == '[' || text[first] == '{');
}

// A number, string or word alone is read as the one item of an array, so that there is one way to read it.
Result<> append_scalar_text(ondemand::document& document, Builder& into) {
  ondemand::array array;
  if (auto code = document.get_array().get(array); code != simdjson::SUCCESS) return broken(code);
  size_t count = 0;
  for (auto item : array) {
    ondemand::value inner;
    if (auto code = std::move(item).get(inner); code != simdjson::SUCCESS) return broken(code);
    if (++count > 1) return broken("text behind the value");
    TRY(append_value(inner, into, 0));
  }
  if (count == 0) return broken("the text is empty");
  return {};
}

}  // namespace

Result<> parse_json(std::string_view text, Builder& into) {
  thread_local Parser reused;
  bool is_compound = is_compound_text(text);
  reused.padded.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
  reused.padded.assign(is_compound ? "" : "[").append(text).append(is_compound ? "" : "]");
  ondemand::document document;
  auto code = reused.parser.iterate(reused.padded.data(), reused.padded.size(), reused.padded.capacity()).get(document);
  if (code != simdjson::SUCCESS) return broken(code);
  Result<> result;
  if (is_compound) {
    ondemand::value root;
    code = document.get_value().get(root);
    result = code == simdjson::SUCCESS ? append_value(root, into, 0) : Result<>(broken(code));
  } else {
    result = append_scalar_text(document, into);
  }
  // The only "location" behind the last token is none at all.
  if (result && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    result = broken("text behind the value");
  reused.trim();
  return result;
}

Result<Buffer> parse_json(std::string_view text) {
  Builder builder;
  TRY(parse_json(text, builder));
  return builder.take();
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace workerdb::value
