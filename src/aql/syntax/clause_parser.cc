// Declarations, patterns and the clauses of COLLECT and WINDOW.
#include <fmt/format.h>

#include <algorithm>

#include "aql/syntax/parser.h"

namespace workerdb::aql::syntax {

using base::Error;
using base::ErrorCode;

namespace {

// "If a variable name starts with underscores, they must be followed by a letter; the dollar sign can only be the
// first character and must be followed by a letter." (syntax.md)
bool is_variable_name(std::string_view name) {
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  size_t at = 0;
  if (name.starts_with('$')) {
    at = 1;
  } else {
    while (at < name.size() && name[at] == '_') ++at;
  }
  return at < name.size() && is_letter(name[at]) && name.find('$', 1) == std::string_view::npos;
}

}  // namespace

base::Result<Declaration> Parser::parse_declaration() {
  if (!is(TokenKind::kIdentifier)) return unexpected();
  Declaration declaration{token().text, token().position, kUnresolved, token().is_quoted};
  if (!declaration.is_quoted && !is_variable_name(declaration.name)) {
    return Error(ErrorCode::kQueryVariableNameInvalid,
                 fmt::format("variable name '{}' has an invalid format at position {}:{}", declaration.name,
                             declaration.position.line, declaration.position.column));
  }
  TRY(advance());
  return declaration;
}

base::Result<Target> Parser::parse_target(uint32_t level) {
  if (level > kMaxNesting) return too_deep();
  Target target;
  if (is(TokenKind::kIdentifier)) {
    target.kind = Target::Kind::kVariable;
    target.declaration = TRY(parse_declaration());
    return target;
  }
  if (TRY(accept(TokenKind::kArrayOpen))) {
    target.kind = Target::Kind::kArray;
    while (!is(TokenKind::kArrayClose)) {
      target.parts.push_back(is(TokenKind::kComma) ? Target() : TRY(parse_target(level + 1)));
      if (!TRY(accept(TokenKind::kComma)) && !is(TokenKind::kArrayClose)) return unexpected();
    }
    TRY(advance());
    return target;
  }
  TRY(expect(TokenKind::kObjectOpen));
  target.kind = Target::Kind::kObject;
  while (!is(TokenKind::kObjectClose)) {
    if (!is(TokenKind::kIdentifier) && !is(TokenKind::kString)) return unexpected();
    Token name = token();
    target.attributes.push_back(name.text);
    if (peek().kind == TokenKind::kColon || name.kind == TokenKind::kString) {
      TRY(advance());
      TRY(expect(TokenKind::kColon));
      target.parts.push_back(TRY(parse_target(level + 1)));
    } else {
      Target part;
      part.kind = Target::Kind::kVariable;
      part.declaration = TRY(parse_declaration());
      target.parts.push_back(std::move(part));
    }
    if (!TRY(accept(TokenKind::kComma)) && !is(TokenKind::kObjectClose)) return unexpected();
  }
  TRY(advance());
  return target;
}

base::Result<std::vector<Assignment>> Parser::parse_assignments(bool aggregates) {
  std::vector<Assignment> assignments;
  uint32_t height = height_;
  do {
    Assignment assignment;
    assignment.declaration = TRY(parse_declaration());
    TRY(expect(TokenKind::kAssign));
    assignment.expression = TRY(parse_expression());
    height = std::max(height, height_);
    if (aggregates && assignment.expression->get_if<FunctionCall>() == nullptr) {
      return Error(
          ErrorCode::kQueryInvalidAggregateExpression,
          fmt::format("invalid aggregate expression: AGGREGATE '{}' must call an aggregate function at position {}:{}",
                      assignment.declaration.name, assignment.declaration.position.line,
                      assignment.declaration.position.column));
    }
    assignments.push_back(std::move(assignment));
  } while (TRY(accept(TokenKind::kComma)));
  height_ = height;
  return assignments;
}

base::Result<> Parser::parse_collect_into(Collect& collect) {
  collect.has_into = true;
  collect.into = TRY(parse_declaration());
  if (collect.counts) return {};
  uint32_t height = height_;
  if (TRY(accept(TokenKind::kAssign))) {
    collect.into_projection = TRY(parse_expression());
    height_ = std::max(height, height_);
    return {};
  }
  if (!is_word(token(), "KEEP")) return {};
  collect.has_keep = true;
  do {
    TRY(advance());  // KEEP, or the comma between two names
    collect.keep.push_back(TRY(parse_declaration()));
  } while (is(TokenKind::kComma));
  return {};
}

base::Result<Statement::Node> Parser::parse_collect() {
  Collect collect;
  height_ = 1;
  if (is(TokenKind::kIdentifier)) collect.groups = TRY(parse_assignments(false));
  if (TRY(accept(TokenKind::kAggregate))) collect.aggregations = TRY(parse_assignments(true));
  if (is(TokenKind::kWith) && collect.aggregations.empty()) {
    TRY(advance());
    if (!is_word(token(), "COUNT")) return unexpected();
    TRY(advance());
    collect.counts = true;
    if (!is(TokenKind::kInto)) return unexpected();
  }
  if (collect.groups.empty() && collect.aggregations.empty() && !collect.counts) return unexpected();
  if (TRY(accept(TokenKind::kInto))) TRY(parse_collect_into(collect));
  uint32_t height = height_;
  collect.options = TRY(parse_options());
  height_ = std::max(height, height_);
  return collect;
}

base::Result<Statement::Node> Parser::parse_window() {
  Window window;
  window.bounds = TRY(parse_expression());
  uint32_t height = height_;
  if (TRY(accept(TokenKind::kWith))) {
    window.range_value = std::move(window.bounds);
    window.bounds = TRY(parse_expression());
    height = std::max(height, height_);
  }
  TRY(expect(TokenKind::kAggregate));
  window.aggregations = TRY(parse_assignments(true));
  height_ = std::max(height, height_);
  return window;
}

}  // namespace workerdb::aql::syntax
