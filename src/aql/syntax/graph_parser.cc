// FOR over a graph: traversals and path searches.
#include <algorithm>

#include "aql/syntax/parser.h"

namespace workerdb::aql::syntax {

namespace {

Direction direction_of(TokenKind kind) {
  if (kind == TokenKind::kAny) return Direction::kAny;
  return kind == TokenKind::kOutbound ? Direction::kOutbound : Direction::kInbound;
}

std::optional<PathKind> path_kind_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::kShortestPath: return PathKind::kShortestPath;
    case TokenKind::kAllShortestPaths: return PathKind::kAllShortestPaths;
    case TokenKind::kKShortestPaths: return PathKind::kKShortestPaths;
    case TokenKind::kKPaths: return PathKind::kKPaths;
    default: return std::nullopt;
  }
}

}  // namespace

base::Result<Statement::Node> Parser::parse_graph_for(Target first, std::vector<Declaration> others,
                                                      ExpressionPtr depth, const std::optional<Token>& comma) {
  // Patterns take apart what FOR walks over in other loops only.
  if (first.kind != Target::Kind::kVariable) return unexpected();
  uint32_t height = depth ? height_ : 1;
  Direction direction = direction_of(token().kind);
  TRY(advance());
  if (auto kind = path_kind_of(token().kind)) {
    bool is_shortest = *kind == PathKind::kShortestPath;
    if (others.size() > (is_shortest ? 1 : 0)) return unexpected(*comma);
    if (depth && *kind != PathKind::kKPaths) return unexpected();
    TRY(advance());
    FindPaths paths;
    paths.kind = *kind;
    paths.first = std::move(first.declaration);
    if (!others.empty()) paths.edge = std::move(others[0]);
    paths.depth = std::move(depth);
    paths.source.direction = direction;
    Statement::Node made = TRY(parse_find_paths(std::move(paths)));
    height_ = std::max(height, height_);
    return made;
  }
  if (others.size() > 2) return unexpected(*comma);
  Traverse traverse;
  traverse.vertex = std::move(first.declaration);
  if (!others.empty()) traverse.edge = std::move(others[0]);
  if (others.size() > 1) traverse.path = std::move(others[1]);
  traverse.depth = std::move(depth);
  traverse.source.direction = direction;
  traverse.start = TRY(parse_expression());
  height = std::max(height, height_);
  TRY(parse_graph_source(traverse.source));
  if (is_word(token(), "PRUNE")) {
    TRY(parse_prune(traverse));
    height = std::max(height, height_);
  }
  traverse.options = TRY(parse_options());
  height_ = std::max(height, height_);
  return Statement::Node(std::move(traverse));
}

base::Result<Statement::Node> Parser::parse_find_paths(FindPaths paths) {
  paths.start = TRY(parse_expression());
  uint32_t height = height_;
  if (!is_word(token(), "TO")) return unexpected();
  TRY(advance());
  paths.end = TRY(parse_expression());
  height = std::max(height, height_);
  TRY(parse_graph_source(paths.source));
  paths.options = TRY(parse_options());
  height_ = std::max(height, height_);
  return Statement::Node(std::move(paths));
}

base::Result<> Parser::parse_graph_source(GraphSource& source) {
  if (is(TokenKind::kGraph)) {
    TRY(advance());
    if (!is(TokenKind::kString) && !is(TokenKind::kParameter)) return unexpected();
    source.graph = TRY(parse_primary());
    return {};
  }
  do {
    if (!source.edges.empty()) TRY(advance());  // the comma
    GraphSource::EdgeCollection edges;
    if (is_direction(token().kind)) {
      edges.direction = direction_of(token().kind);
      TRY(advance());
    }
    edges.name = TRY(parse_collection_name());
    source.edges.push_back(std::move(edges));
  } while (is(TokenKind::kComma));
  return {};
}

base::Result<> Parser::parse_prune(Traverse& traverse) {
  TRY(advance());
  if (is(TokenKind::kIdentifier) && peek().kind == TokenKind::kAssign) {
    traverse.prune_variable = TRY(parse_declaration());
    TRY(advance());
  }
  traverse.prune = TRY(parse_expression());
  return {};
}

}  // namespace workerdb::aql::syntax
