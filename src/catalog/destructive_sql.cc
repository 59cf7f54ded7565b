#include <algorithm>
#include <array>

#include "catalog/sql_text.h"

namespace workerdb::catalog {
namespace {

using Tokens = std::vector<SqlToken>;

// DROP of these loses no data and can be repeated from the script that made them; with CASCADE it may.
constexpr std::array<std::string_view, 11> kHarmlessDrops = {"INDEX",     "TRIGGER", "FUNCTION", "PROCEDURE",
                                                             "ROUTINE",   "VIEW",    "POLICY",   "RULE",
                                                             "AGGREGATE", "CAST",    "OPERATOR"};
// ALTER ... DROP <this> changes a rule, not data.
constexpr std::array<std::string_view, 5> kHarmlessAlterDrops = {"CONSTRAINT", "DEFAULT", "NOT", "IDENTITY",
                                                                 "EXPRESSION"};

bool is_word(const Tokens& tokens, size_t index, std::string_view word) {
  return index < tokens.size() && tokens[index].kind == SqlToken::Kind::kWord && tokens[index].text == word;
}

bool has_word(const Tokens& tokens, std::string_view word) {
  for (size_t index = 0; index < tokens.size(); ++index) {
    if (is_word(tokens, index, word)) return true;
  }
  return false;
}

template <size_t count>
bool is_one_of(const Tokens& tokens, size_t index, const std::array<std::string_view, count>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return is_word(tokens, index, word); });
}

std::string dropped(const Tokens& tokens) {
  if (is_word(tokens, 0, "TRUNCATE")) return "TRUNCATE";
  if (is_word(tokens, 0, "DROP")) {
    if (is_one_of(tokens, 1, kHarmlessDrops) && !has_word(tokens, "CASCADE")) return "";
    return tokens.size() > 1 ? "DROP " + tokens[1].text : "DROP";
  }
  if (!is_word(tokens, 0, "ALTER")) return "";
  for (size_t index = 1; index < tokens.size(); ++index) {
    if (!is_word(tokens, index, "DROP")) continue;
    if (!is_one_of(tokens, index + 1, kHarmlessAlterDrops)) return "ALTER ... DROP";
  }
  return "";
}

// DELETE FROM anywhere (also in WITH) whose own level has no WHERE behind it.
std::string deletes_everything(const Tokens& tokens) {
  for (size_t index = 0; index < tokens.size(); ++index) {
    if (!is_word(tokens, index, "DELETE") || !is_word(tokens, index + 1, "FROM")) continue;
    bool has_where = false;
    for (size_t behind = index + 2; behind < tokens.size() && tokens[behind].depth >= tokens[index].depth;
         ++behind) {
      has_where =
          has_where || (is_word(tokens, behind, "WHERE") && tokens[behind].depth == tokens[index].depth);
    }
    if (!has_where) return "DELETE without WHERE";
  }
  return "";
}

// Inside a block, statements stand behind BEGIN, THEN, ELSE and LOOP; these words would hide their first one.
SqlStatement without_block_words(SqlStatement statement) {
  auto is_block_word = [](const SqlToken& token) {
    constexpr std::array<std::string_view, 4> kWords = {"BEGIN", "THEN", "ELSE", "LOOP"};
    return token.kind == SqlToken::Kind::kWord && std::ranges::find(kWords, token.text) != kWords.end();
  };
  auto last = std::ranges::find_if(statement.tokens.rbegin(), statement.tokens.rend(), is_block_word);
  if (last == statement.tokens.rend() || last == statement.tokens.rbegin()) return statement;
  statement.tokens.erase(statement.tokens.begin(), last.base());
  statement.line = statement.tokens.front().line;
  return statement;
}

void find_in_statement(const SqlStatement& statement, std::vector<DestructiveStatement>& found) {
  for (const SqlStatement& view : {statement, without_block_words(statement)}) {
    std::string what = dropped(view.tokens);
    if (what.empty()) what = deletes_everything(view.tokens);
    if (what.empty()) continue;
    found.push_back({view.line, what});
    return;
  }
  if (!is_word(statement.tokens, 0, "DO")) return;
  for (const SqlToken& token : statement.tokens) {
    if (token.kind != SqlToken::Kind::kString || token.text.empty()) continue;
    for (const DestructiveStatement& inner : destructive_statements(token.text)) {
      found.push_back({token.line + inner.line - 1, inner.what + " in a DO block"});
    }
  }
}

void find_marker_lines(std::string_view script, std::vector<DestructiveStatement>& found) {
  int line = 0;
  while (!script.empty()) {
    ++line;
    size_t end = std::min(script.find('\n'), script.size());
    std::string_view text = script.substr(0, end);
    script.remove_prefix(std::min(end + 1, script.size()));
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    if (text == "-- destructive") found.push_back({line, "marked as destructive"});
  }
}

}  // namespace

std::vector<DestructiveStatement> destructive_statements(std::string_view script) {
  std::vector<DestructiveStatement> found;
  for (const SqlStatement& statement : split_statements(script)) find_in_statement(statement, found);
  find_marker_lines(script, found);
  return found;
}

DestructiveStatement transaction_control(std::string_view script) {
  constexpr std::array<std::string_view, 6> kWords = {"BEGIN", "COMMIT", "ROLLBACK",
                                                      "END",   "ABORT",  "SAVEPOINT"};
  for (const SqlStatement& statement : split_statements(script)) {
    if (is_one_of(statement.tokens, 0, kWords)) return {statement.line, statement.tokens[0].text};
    bool prepared = is_word(statement.tokens, 0, "PREPARE") && is_word(statement.tokens, 1, "TRANSACTION");
    bool started = is_word(statement.tokens, 0, "START") && is_word(statement.tokens, 1, "TRANSACTION");
    if (prepared || started) return {statement.line, statement.tokens[0].text + " TRANSACTION"};
  }
  return {0, ""};
}

}  // namespace workerdb::catalog
