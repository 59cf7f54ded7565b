#include "stores/relational/sql_parser.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <optional>

#include "value/json.h"
#include "value/text.h"

namespace workerdb::stores::relational {

using base::Error;
using base::ErrorCode;
using base::Result;

ParseProblem to_problem(int cursor, std::string_view message, std::string_view text) {
  size_t at = std::min(cursor > 0 ? size_t(cursor - 1) : 0, text.size());
  // The parser looks at bytes and may quote half a character.
  return {int(1 + std::ranges::count(text.substr(0, at), '\n')), value::as_utf8(std::string(message))};
}

Result<value::Buffer> parse_tree(const std::string& text) {
  PgQueryParseResult result = pg_query_parse(text.c_str());
  std::string tree;
  std::optional<Error> failure;
  if (result.error != nullptr) {
    ParseProblem problem = to_problem(result.error->cursorpos, result.error->message, text);
    failure = Error(ErrorCode::kQueryParse, fmt::format("{} (line {})", problem.message, problem.line));
  } else {
    tree = result.parse_tree;
  }
  pg_query_free_parse_result(result);
  if (failure) return *std::move(failure);
  auto parsed = value::parse_json(tree);
  if (!parsed) {
    return Error(ErrorCode::kResourceLimit,
                 "the statement is nested too deeply to be looked at; split it into smaller ones");
  }
  return parsed;
}

}  // namespace workerdb::stores::relational
