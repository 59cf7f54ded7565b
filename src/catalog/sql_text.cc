#include "catalog/sql_text.h"

#include <cctype>

namespace workerdb::catalog {
namespace {

bool starts_word(char byte) {
  auto code = static_cast<unsigned char>(byte);
  return std::isalpha(code) != 0 || byte == '_' || code >= 0x80;
}
bool continues_word(char byte) {
  return starts_word(byte) || std::isdigit(static_cast<unsigned char>(byte)) != 0 || byte == '$';
}

class Scanner {
 public:
  explicit Scanner(std::string_view script) : script_(script) {}

  std::vector<SqlStatement> run() {
    while (at_ < script_.size()) step();
    finish_statement(script_.size());
    return std::move(statements_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < script_.size() ? script_[at_ + ahead] : '\0'; }

  void advance(size_t count) {
    for (size_t index = 0; index < count && at_ < script_.size(); ++index) {
      if (script_[at_++] == '\n') ++line_;
    }
  }

  void add(SqlToken::Kind kind, std::string text, int line) {
    if (tokens_.empty()) {
      statement_start_ = token_start_;
      statement_line_ = line;
    }
    tokens_.push_back({kind, std::move(text), line, depth_});
  }

  void step() {
    token_start_ = at_;
    char byte = peek();
    if (std::isspace(static_cast<unsigned char>(byte)) != 0) return advance(1);
    if (byte == '-' && peek(1) == '-') return line_comment();
    if (byte == '/' && peek(1) == '*') return block_comment();
    if ((byte == 'E' || byte == 'e') && peek(1) == '\'') {
      advance(1);
      return quoted('\'', true, SqlToken::Kind::kString);
    }
    if (byte == '\'') return quoted('\'', false, SqlToken::Kind::kString);
    if (byte == '"') return quoted('"', false, SqlToken::Kind::kQuotedName);
    if (byte == '$' && dollar_quoted()) return;
    if (starts_word(byte)) return word();
    symbol(byte);
  }

  void line_comment() {
    while (at_ < script_.size() && peek() != '\n') advance(1);
  }

  void block_comment() {  // nests, unlike in C
    int nesting = 0;
    do {
      if (peek() == '/' && peek(1) == '*') {
        ++nesting;
        advance(2);
      } else if (peek() == '*' && peek(1) == '/') {
        --nesting;
        advance(2);
      } else {
        advance(1);
      }
    } while (nesting > 0 && at_ < script_.size());
  }

  void quoted(char quote, bool backslashes, SqlToken::Kind kind) {
    int line = line_;
    advance(1);
    while (at_ < script_.size()) {
      if (backslashes && peek() == '\\') {
        advance(2);
      } else if (peek() == quote && peek(1) == quote) {
        advance(2);
      } else if (peek() == quote) {
        break;
      } else {
        advance(1);
      }
    }
    advance(1);
    add(kind, "", line);
  }

  bool dollar_quoted() {
    size_t end = at_ + 1;
    while (end < script_.size() && continues_word(script_[end]) && script_[end] != '$') ++end;
    bool numbered = std::isdigit(static_cast<unsigned char>(peek(1))) != 0;  // a parameter: $1
    if (end >= script_.size() || script_[end] != '$' || numbered) return false;
    std::string_view tag = script_.substr(at_, end + 1 - at_);
    size_t content = end + 1;
    size_t close = script_.find(tag, content);
    if (close == std::string_view::npos) close = script_.size();
    int line = line_;
    std::string body(script_.substr(content, close - content));
    advance(close + tag.size() - at_);
    add(SqlToken::Kind::kString, std::move(body), line);
    return true;
  }

  void word() {
    size_t end = at_;
    std::string upper;
    while (end < script_.size() && continues_word(script_[end])) {
      upper += static_cast<char>(std::toupper(static_cast<unsigned char>(script_[end++])));
    }
    int line = line_;
    advance(end - at_);
    track_atomic_body(upper);
    add(SqlToken::Kind::kWord, std::move(upper), line);
  }

  void track_atomic_body(const std::string& upper) {
    bool after_begin = !tokens_.empty() && tokens_.back().text == "BEGIN";
    if (upper == "ATOMIC" && after_begin) ++atomic_depth_;
    if (atomic_depth_ == 0) return;
    if (upper == "CASE") ++atomic_depth_;
    if (upper == "END") --atomic_depth_;
  }

  void symbol(char byte) {
    if (byte == ';' && atomic_depth_ == 0) {
      finish_statement(at_);
      return advance(1);
    }
    if (byte == ')' && depth_ > 0) --depth_;
    add(SqlToken::Kind::kSymbol, std::string(1, byte), line_);
    if (byte == '(') ++depth_;
    advance(1);
  }

  void finish_statement(size_t end) {
    if (!tokens_.empty()) {
      statements_.push_back(
          {script_.substr(statement_start_, end - statement_start_), statement_line_, std::move(tokens_)});
    }
    tokens_.clear();
    depth_ = 0;
    atomic_depth_ = 0;
  }

  std::string_view script_;
  size_t at_ = 0;
  size_t token_start_ = 0;
  size_t statement_start_ = 0;
  int statement_line_ = 1;
  int line_ = 1;
  int depth_ = 0;
  int atomic_depth_ = 0;
  std::vector<SqlToken> tokens_;
  std::vector<SqlStatement> statements_;
};

}  // namespace

std::vector<SqlStatement> split_statements(std::string_view script) { return Scanner(script).run(); }

}  // namespace workerdb::catalog
