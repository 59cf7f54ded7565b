// How names and operators are written.
#include <algorithm>

#include "aql/syntax/statement.h"
#include "aql/syntax/token.h"

namespace workerdb::aql::syntax {

std::string quoted_name(std::string_view name) {
  auto is_start = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; };
  bool is_plain = !name.empty() && is_start(name[0]) &&
                  std::all_of(name.begin(), name.end(), [&](char c) { return is_start(c) || (c >= '0' && c <= '9'); });
  if (is_plain && keyword_kind(name) == TokenKind::kIdentifier) return std::string(name);
  std::string quoted = "`";
  for (char c : name) {
    if (c == '`' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '`';
}

const char* direction_text(Direction direction) {
  if (direction == Direction::kAny) return "ANY";
  return direction == Direction::kOutbound ? "OUTBOUND" : "INBOUND";
}

const char* path_kind_text(PathKind kind) {
  switch (kind) {
    case PathKind::kShortestPath: return "SHORTEST_PATH";
    case PathKind::kAllShortestPaths: return "ALL_SHORTEST_PATHS";
    case PathKind::kKShortestPaths: return "K_SHORTEST_PATHS";
    case PathKind::kKPaths: return "K_PATHS";
  }
  return "";
}

const char* operator_text(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kAnd: return "&&";
    case BinaryOperator::kOr: return "||";
    case BinaryOperator::kEqual: return "==";
    case BinaryOperator::kNotEqual: return "!=";
    case BinaryOperator::kLess: return "<";
    case BinaryOperator::kLessEqual: return "<=";
    case BinaryOperator::kGreater: return ">";
    case BinaryOperator::kGreaterEqual: return ">=";
    case BinaryOperator::kIn: return "IN";
    case BinaryOperator::kNotIn: return "NOT IN";
    case BinaryOperator::kLike: return "LIKE";
    case BinaryOperator::kNotLike: return "NOT LIKE";
    case BinaryOperator::kMatch: return "=~";
    case BinaryOperator::kNotMatch: return "!~";
    case BinaryOperator::kAdd: return "+";
    case BinaryOperator::kSubtract: return "-";
    case BinaryOperator::kMultiply: return "*";
    case BinaryOperator::kDivide: return "/";
    case BinaryOperator::kModulo: return "%";
  }
  return "";
}

}  // namespace workerdb::aql::syntax
