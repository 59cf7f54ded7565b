#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "aql/syntax/token.h"

namespace workerdb::aql::syntax {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::array<std::string_view, 37> kKeywords = {"AGGREGATE",
                                                        "ALL",
                                                        "ALL_SHORTEST_PATHS",
                                                        "AND",
                                                        "ANY",
                                                        "ASC",
                                                        "COLLECT",
                                                        "DESC",
                                                        "DISTINCT",
                                                        "FALSE",
                                                        "FILTER",
                                                        "FOR",
                                                        "GRAPH",
                                                        "IN",
                                                        "INBOUND",
                                                        "INSERT",
                                                        "INTO",
                                                        "K_PATHS",
                                                        "K_SHORTEST_PATHS",
                                                        "LET",
                                                        "LIKE",
                                                        "LIMIT",
                                                        "NONE",
                                                        "NOT",
                                                        "NULL",
                                                        "OR",
                                                        "OUTBOUND",
                                                        "REMOVE",
                                                        "REPLACE",
                                                        "RETURN",
                                                        "SHORTEST_PATH",
                                                        "SORT",
                                                        "TRUE",
                                                        "UPDATE",
                                                        "UPSERT",
                                                        "WINDOW",
                                                        "WITH"};
constexpr size_t kLongestKeyword = 18;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return is_letter(c) || c == '_' || c == '$'; }
bool is_word_part(char c) { return is_word_start(c) || is_digit(c); }

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

void append_utf8(uint32_t code, std::string& to) {
  if (code < 0x80) {
    to += char(code);
  } else if (code < 0x800) {
    to += {char(0xc0 | (code >> 6)), char(0x80 | (code & 0x3f))};
  } else if (code < 0x10000) {
    to += {char(0xe0 | (code >> 12)), char(0x80 | ((code >> 6) & 0x3f)), char(0x80 | (code & 0x3f))};
  } else {
    to += {char(0xf0 | (code >> 18)), char(0x80 | ((code >> 12) & 0x3f)), char(0x80 | ((code >> 6) & 0x3f)),
           char(0x80 | (code & 0x3f))};
  }
}

}  // namespace

TokenKind keyword_kind(std::string_view word) {
  if (word.size() > kLongestKeyword) return TokenKind::kIdentifier;
  char upper[kLongestKeyword];
  for (size_t i = 0; i < word.size(); ++i) upper[i] = (word[i] >= 'a' && word[i] <= 'z') ? char(word[i] - 32) : word[i];
  std::string_view key(upper, word.size());
  auto end = kKeywords.end();
  auto found = std::lower_bound(kKeywords.begin(), end, key);
  if (found == end || *found != key) return TokenKind::kIdentifier;
  return TokenKind(int(TokenKind::kAggregate) + int(found - kKeywords.begin()));
}

Error syntax_error(std::string_view what, std::string_view text, Position position) {
  constexpr size_t kShownBytes = 40;
  std::string_view near = text.substr(std::min<size_t>(position.offset, text.size()));
  bool is_cut = near.size() > kShownBytes;
  if (is_cut) {
    size_t end = kShownBytes;  // never in the middle of a character
    while (end > 0 && (uint8_t(near[end]) & 0xc0) == 0x80) --end;
    near = near.substr(0, end);
  }
  return Error(ErrorCode::kQueryParse, fmt::format("syntax error, unexpected {} near '{}{}' at position {}:{}", what,
                                                   near, is_cut ? "..." : "", position.line, position.column));
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd: return "end of query string";
    case TokenKind::kIdentifier: return "identifier";
    case TokenKind::kString: return "quoted string";
    case TokenKind::kInteger: return "integer number";
    case TokenKind::kDouble: return "number";
    case TokenKind::kParameter: return "bind parameter";
    case TokenKind::kCollectionParameter: return "bind data source parameter";
    case TokenKind::kAssign: return "assignment";
    case TokenKind::kComma: return "comma";
    case TokenKind::kDot: return "dot operator";
    case TokenKind::kRange: return "range operator";
    case TokenKind::kColon: return "colon";
    case TokenKind::kScope: return "scope operator";
    case TokenKind::kQuestion: return "question mark";
    case TokenKind::kOpen: return "opening parenthesis";
    case TokenKind::kClose: return "closing parenthesis";
    case TokenKind::kArrayOpen: return "opening bracket";
    case TokenKind::kArrayClose: return "closing bracket";
    case TokenKind::kObjectOpen: return "opening brace";
    case TokenKind::kObjectClose: return "closing brace";
    default: break;
  }
  if (token.kind < TokenKind::kAggregate || token.kind > TokenKind::kWith) return "operator";
  std::string name(kKeywords[size_t(token.kind) - size_t(TokenKind::kAggregate)]);
  switch (token.kind) {
    case TokenKind::kFor:
    case TokenKind::kLet:
    case TokenKind::kFilter:
    case TokenKind::kReturn:
    case TokenKind::kCollect:
    case TokenKind::kSort:
    case TokenKind::kLimit:
    case TokenKind::kWindow: return name + " declaration";
    case TokenKind::kInsert:
    case TokenKind::kUpdate:
    case TokenKind::kReplace:
    case TokenKind::kRemove:
    case TokenKind::kUpsert: return name + " command";
    default: return name + " keyword";
  }
}

void Lexer::advance(size_t bytes) {
  for (; bytes > 0; --bytes, ++offset_) {
    if (text_[offset_] != '\n') continue;
    ++line_;
    line_start_ = offset_ + 1;
  }
}

Result<> Lexer::skip_space() {
  while (offset_ < text_.size()) {
    char c = at();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      advance();
    } else if (c == '/' && at(1) == '/') {
      while (offset_ < text_.size() && at() != '\n') advance();
    } else if (c == '/' && at(1) == '*') {
      Position start = position();
      size_t end = text_.find("*/", offset_ + 2);
      if (end == std::string_view::npos) return syntax_error("unterminated multi-line comment", text_, start);
      advance(end + 2 - offset_);
    } else {
      break;
    }
  }
  return {};
}

Result<Token> Lexer::next() {
  TRY(skip_space());
  Token token;
  token.position = position();
  if (offset_ >= text_.size()) {
    token.end = uint32_t(offset_);
    return token;
  }
  char c = at();
  if (is_word_start(c)) {
    cut_word(token);
  } else if (is_digit(c) || (c == '.' && is_digit(at(1)))) {
    TRY(cut_number(token));
  } else if (c == '"' || c == '\'') {
    token.kind = TokenKind::kString;
    TRY(cut_string(token, text_.substr(offset_, 1)));
  } else if (c == '`' || (c == '\xc2' && at(1) == '\xb4')) {
    token.kind = TokenKind::kIdentifier;
    token.is_quoted = true;
    TRY(cut_string(token, text_.substr(offset_, c == '`' ? 1 : 2)));
    if (token.text.empty()) return syntax_error("empty name", text_, token.position);
  } else if (c == '@') {
    TRY(cut_parameter(token));
  } else {
    TRY(cut_punctuation(token));
  }
  token.end = uint32_t(offset_);
  return token;
}

void Lexer::cut_word(Token& token) {
  size_t start = offset_;
  while (is_word_part(at())) ++offset_;
  std::string_view word = text_.substr(start, offset_ - start);
  token.kind = keyword_kind(word);
  token.text = word;
}

Result<> Lexer::cut_parameter(Token& token) {
  size_t signs = at(1) == '@' ? 2 : 1;
  token.kind = signs == 2 ? TokenKind::kCollectionParameter : TokenKind::kParameter;
  size_t start = offset_ + signs, end = start;
  while (end < text_.size() && is_word_part(text_[end]) && text_[end] != '$') ++end;
  if (end == start) return syntax_error("character", text_, token.position);
  token.text = text_.substr(start, end - start);
  offset_ = end;
  return {};
}

Result<> Lexer::cut_string(Token& token, std::string_view quote) {
  advance(quote.size());
  for (;;) {
    if (offset_ >= text_.size()) return syntax_error("unterminated string literal", text_, token.position);
    if (text_.substr(offset_).starts_with(quote)) break;
    if (at() == '\\') {
      TRY(cut_escape(token.text));
    } else {
      token.text += at();
      advance();
    }
  }
  advance(quote.size());
  return {};
}

// The four hexadecimal digits of \uXXXX; offset_ stands on the first one.
Result<uint32_t> Lexer::cut_code_unit() {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    int digit = digit_value(at());
    if (digit > 15) return syntax_error("invalid unicode escape sequence", text_, position());
    code = code * 16 + uint32_t(digit);
    ++offset_;
  }
  return code;
}

Result<> Lexer::cut_escape(std::string& to) {
  Position start = position();
  advance();
  char c = at();
  if (offset_ >= text_.size()) return syntax_error("unterminated string literal", text_, start);
  advance();
  switch (c) {
    case 'b': to += '\b'; return {};
    case 'f': to += '\f'; return {};
    case 'n': to += '\n'; return {};
    case 'r': to += '\r'; return {};
    case 't': to += '\t'; return {};
    case 'u': break;
    default: to += c; return {};  // any other character stands for itself
  }
  uint32_t code = TRY(cut_code_unit());
  if (code >= 0xd800 && code <= 0xdbff && at() == '\\' && at(1) == 'u') {
    offset_ += 2;
    uint32_t low = TRY(cut_code_unit());
    if (low < 0xdc00 || low > 0xdfff) return syntax_error("invalid unicode surrogate", text_, start);
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code >= 0xd800 && code <= 0xdfff) return syntax_error("invalid unicode surrogate", text_, start);
  append_utf8(code, to);
  return {};
}

Result<> Lexer::cut_prefixed_number(Token& token, unsigned bits_per_digit) {
  offset_ += 2;
  uint64_t value = 0;
  size_t digits = 0;
  for (; digit_value(at()) < (1 << bits_per_digit); ++offset_, ++digits) {
    value = (value << bits_per_digit) | uint64_t(digit_value(at()));
    if (value > UINT32_MAX) {
      return Error(ErrorCode::kQueryNumberOutOfRange,
                   fmt::format("number out of range: a 0b or 0x literal ends at 2^32-1, at position {}:{}",
                               token.position.line, token.position.column));
    }
  }
  if (digits == 0 || is_word_part(at())) return syntax_error("invalid number", text_, token.position);
  token.kind = TokenKind::kInteger;
  token.integer = int64_t(value);
  return {};
}

Result<> Lexer::cut_number(Token& token) {
  if (at() == '0' && (at(1) == 'b' || at(1) == 'B')) return cut_prefixed_number(token, 1);
  if (at() == '0' && (at(1) == 'x' || at(1) == 'X')) return cut_prefixed_number(token, 4);
  size_t start = offset_;
  bool is_integer = true;
  while (is_digit(at())) ++offset_;
  if (offset_ - start > 1 && text_[start] == '0')
    return syntax_error("number with leading zero", text_, token.position);
  if (at() == '.' && at(1) != '.') {  // 1..3 is a range
    ++offset_;
    if (!is_digit(at())) return syntax_error("number without digits behind the point", text_, token.position);
    while (is_digit(at())) ++offset_;
    is_integer = false;
  }
  if (at() == 'e' || at() == 'E') {
    size_t sign = at(1) == '+' || at(1) == '-';
    if (!is_digit(at(1 + sign))) return syntax_error("number without exponent", text_, token.position);
    offset_ += 1 + sign;
    while (is_digit(at())) ++offset_;
    is_integer = false;
  }
  if (is_word_part(at())) return syntax_error("invalid number", text_, token.position);
  std::string digits(text_.substr(start, offset_ - start));
  const char* end = digits.data() + digits.size();
  token.kind = TokenKind::kInteger;
  if (is_integer && std::from_chars(digits.data(), end, token.integer).ec == std::errc()) return {};
  token.kind = TokenKind::kDouble;
  if (digits.front() == '.') digits.insert(digits.begin(), '0');
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), token.number);
  bool is_tiny = parsed.ec == std::errc::result_out_of_range && digits.find("e-") != std::string::npos;
  if (is_tiny) token.number = 0;
  if (!is_tiny && parsed.ec != std::errc()) {
    return Error(ErrorCode::kQueryNumberOutOfRange,
                 fmt::format("number out of range at position {}:{}", token.position.line, token.position.column));
  }
  return {};
}

Result<> Lexer::cut_punctuation(Token& token) {
  struct Sign {
    std::string_view text;
    TokenKind kind;
  };
  // Two characters before one.
  static constexpr Sign kSigns[] = {
      {"==", TokenKind::kEqual},        {"!=", TokenKind::kNotEqual},  {"<=", TokenKind::kLessEqual},
      {">=", TokenKind::kGreaterEqual}, {"=~", TokenKind::kMatch},     {"!~", TokenKind::kNotMatch},
      {"&&", TokenKind::kAndSign},      {"||", TokenKind::kOrSign},    {"::", TokenKind::kScope},
      {"..", TokenKind::kRange},        {"<", TokenKind::kLess},       {">", TokenKind::kGreater},
      {"=", TokenKind::kAssign},        {"!", TokenKind::kNotSign},    {"+", TokenKind::kPlus},
      {"-", TokenKind::kMinus},         {"*", TokenKind::kTimes},      {"/", TokenKind::kDivide},
      {"%", TokenKind::kModulo},        {"?", TokenKind::kQuestion},   {":", TokenKind::kColon},
      {".", TokenKind::kDot},           {",", TokenKind::kComma},      {"(", TokenKind::kOpen},
      {")", TokenKind::kClose},         {"[", TokenKind::kArrayOpen},  {"]", TokenKind::kArrayClose},
      {"{", TokenKind::kObjectOpen},    {"}", TokenKind::kObjectClose}};
  std::string_view rest = text_.substr(offset_);
  for (const Sign& sign : kSigns) {
    if (!rest.starts_with(sign.text)) continue;
    token.kind = sign.kind;
    offset_ += sign.text.size();
    return {};
  }
  return syntax_error("character", text_, token.position);
}

}  // namespace workerdb::aql::syntax
