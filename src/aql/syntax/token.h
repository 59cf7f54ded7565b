#pragma once
// Tokens of AQL and the lexer that cuts them.
#include <cstdint>
#include <string>
#include <string_view>

#include "aql/syntax/expression.h"
#include "base/result.h"

namespace workerdb::aql::syntax {

enum class TokenKind : uint8_t {
  kEnd,
  kIdentifier,
  kString,
  kInteger,
  kDouble,
  kParameter,
  kCollectionParameter,
  // Reserved words; kKeywords in lexer.cc has them in the same order.
  kAggregate,
  kAll,
  kAllShortestPaths,
  kAnd,
  kAny,
  kAsc,
  kCollect,
  kDesc,
  kDistinct,
  kFalse,
  kFilter,
  kFor,
  kGraph,
  kIn,
  kInbound,
  kInsert,
  kInto,
  kKPaths,
  kKShortestPaths,
  kLet,
  kLike,
  kLimit,
  kNone,
  kNot,
  kNull,
  kOr,
  kOutbound,
  kRemove,
  kReplace,
  kReturn,
  kShortestPath,
  kSort,
  kTrue,
  kUpdate,
  kUpsert,
  kWindow,
  kWith,
  // Punctuation
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kMatch,
  kNotMatch,
  kAssign,
  kNotSign,
  kAndSign,
  kOrSign,
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kModulo,
  kQuestion,
  kColon,
  kScope,
  kRange,
  kDot,
  kComma,
  kOpen,
  kClose,
  kArrayOpen,
  kArrayClose,
  kObjectOpen,
  kObjectClose,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Position position;
  uint32_t end = 0;        // offset behind the token
  bool is_quoted = false;  // an identifier in ticks
  std::string text;        // decoded: an identifier's or parameter's name, a string's contents
  int64_t integer = 0;
  double number = 0;
};

// Cuts one token after the other. The text must be UTF-8 and outlive the lexer.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  base::Result<Token> next();
  std::string_view text() const { return text_; }

 private:
  base::Result<> skip_space();
  base::Result<> cut_string(Token& token, std::string_view quote);
  base::Result<> cut_escape(std::string& to);
  base::Result<uint32_t> cut_code_unit();
  base::Result<> cut_number(Token& token);
  base::Result<> cut_prefixed_number(Token& token, unsigned bits_per_digit);
  base::Result<> cut_parameter(Token& token);
  void cut_word(Token& token);
  base::Result<> cut_punctuation(Token& token);
  char at(size_t ahead = 0) const { return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0'; }
  void advance(size_t bytes = 1);
  Position position() const { return {uint32_t(offset_), line_, uint32_t(offset_ - line_start_ + 1)}; }

  std::string_view text_;
  size_t offset_ = 0, line_start_ = 0;
  uint32_t line_ = 1;
};

// "syntax error, unexpected `what` near '…' at position line:column".
base::Error syntax_error(std::string_view what, std::string_view text, Position position);
// How an error calls a token: "identifier", "RETURN declaration", "end of query string".
std::string describe(const Token& token);
// The keyword that a word is, in any case; kIdentifier if it is none.
TokenKind keyword_kind(std::string_view word);

}  // namespace workerdb::aql::syntax
