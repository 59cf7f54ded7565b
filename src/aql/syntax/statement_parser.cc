// Statements, blocks and the entry.
#include <fmt/format.h>

#include <algorithm>

#include "aql/syntax/parser.h"
#include "value/json.h"

namespace workerdb::aql::syntax {

using base::Error;
using base::ErrorCode;

namespace {

bool is_modification(const Statement::Node& node) {
  return std::holds_alternative<Insert>(node) || std::holds_alternative<Update>(node) ||
         std::holds_alternative<Remove>(node) || std::holds_alternative<Upsert>(node);
}

}  // namespace

base::Result<std::unique_ptr<Query>> parse(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return Error(ErrorCode::kQueryParse,
                 fmt::format("query text of {} bytes is larger than {}", text.size(), kMaxTextBytes));
  }
  if (!value::is_utf8(text)) return Error(ErrorCode::kQueryParse, "query text is not valid UTF-8");
  return Parser(text).parse_all();
}

base::Result<> Parser::fill(size_t count) {
  while (tokens_.size() < count) {
    if (lexer_error_) return *lexer_error_;
    auto next = lexer_.next();
    if (!next) return *(lexer_error_ = std::move(next).error());
    tokens_.push_back(*std::move(next));
  }
  return {};
}

const Token& Parser::peek(size_t ahead) {
  static const Token kNothing;
  return fill(ahead + 1) ? tokens_[ahead] : kNothing;
}

bool Parser::is_word(const Token& token, std::string_view upper) const {
  if (token.kind != TokenKind::kIdentifier || token.is_quoted || token.text.size() != upper.size()) return false;
  return std::equal(upper.begin(), upper.end(), token.text.begin(),
                    [](char a, char b) { return a == (b >= 'a' && b <= 'z' ? char(b - 32) : b); });
}

base::Result<> Parser::advance() {
  tokens_.pop_front();
  return fill(1);
}

base::Result<bool> Parser::accept(TokenKind kind) {
  if (!is(kind)) return false;
  TRY(advance());
  return true;
}

base::Result<> Parser::expect(TokenKind kind) {
  if (!is(kind)) return unexpected();
  return advance();
}

Error Parser::unexpected(const Token& token) const {
  return syntax_error(describe(token), lexer_.text(), token.position);
}

Error Parser::too_deep() const {
  return Error(ErrorCode::kQueryTooMuchNesting,
               fmt::format("too much nesting or too many objects: more than {} levels at position {}:{}", kMaxNesting,
                           token().position.line, token().position.column));
}

bool Parser::starts_statement(TokenKind kind) {
  switch (kind) {
    case TokenKind::kFor:
    case TokenKind::kFilter:
    case TokenKind::kLet:
    case TokenKind::kSort:
    case TokenKind::kLimit:
    case TokenKind::kCollect:
    case TokenKind::kWindow:
    case TokenKind::kReturn:
    case TokenKind::kInsert:
    case TokenKind::kUpdate:
    case TokenKind::kReplace:
    case TokenKind::kRemove:
    case TokenKind::kUpsert: return true;
    default: return false;
  }
}

bool Parser::is_direction(TokenKind kind) {
  switch (kind) {
    case TokenKind::kOutbound:
    case TokenKind::kInbound:
    case TokenKind::kAny: return true;
    default: return false;
  }
}

base::Result<std::unique_ptr<Query>> Parser::parse_all() {
  TRY(fill(1));
  if (is(TokenKind::kEnd)) return Error(ErrorCode::kQueryEmpty);
  std::vector<Statement> with;
  if (is(TokenKind::kWith)) {
    Position position = token().position;
    with.push_back({TRY(parse_with()), position});
  }
  std::unique_ptr<Query> query = TRY(parse_block());
  if (!is(TokenKind::kEnd)) return unexpected();
  if (!with.empty()) query->statements.insert(query->statements.begin(), std::move(with[0]));
  return query;
}

// Statements up to and with RETURN. A block without one must change data.
base::Result<std::unique_ptr<Query>> Parser::parse_block() {
  auto query = std::make_unique<Query>();
  bool modifies = false, returns = false;
  uint32_t height = 1;
  while (!returns && starts_statement(token().kind)) {
    height_ = 1;
    if (is(TokenKind::kLet)) {
      TRY(parse_let(*query));
    } else {
      returns = is(TokenKind::kReturn);
      query->statements.push_back(TRY(parse_statement()));
      modifies = modifies || is_modification(query->statements.back().node);
    }
    height = std::max(height, height_);
  }
  if (!returns && !modifies) return unexpected();
  TRY(raise_height(height));
  return query;
}

base::Result<Statement> Parser::parse_statement() {
  Position position = token().position;
  TokenKind kind = token().kind;
  TRY(advance());
  switch (kind) {
    case TokenKind::kFor: return Statement{TRY(parse_for()), position};
    case TokenKind::kFilter: return Statement{Filter{TRY(parse_expression())}, position};
    case TokenKind::kSort: return Statement{TRY(parse_sort()), position};
    case TokenKind::kLimit: return Statement{TRY(parse_limit()), position};
    case TokenKind::kCollect: return Statement{TRY(parse_collect()), position};
    case TokenKind::kWindow: return Statement{TRY(parse_window()), position};
    case TokenKind::kReturn: return Statement{TRY(parse_return()), position};
    case TokenKind::kInsert: return Statement{TRY(parse_insert()), position};
    case TokenKind::kUpdate: return Statement{TRY(parse_update(false)), position};
    case TokenKind::kReplace: return Statement{TRY(parse_update(true)), position};
    case TokenKind::kRemove: return Statement{TRY(parse_remove()), position};
    default: return Statement{TRY(parse_upsert()), position};
  }
}

base::Result<Statement::Node> Parser::parse_for() {
  For loop;
  loop.target = TRY(parse_target());
  std::optional<Token> comma;
  std::vector<Declaration> others;
  while (is(TokenKind::kComma)) {
    if (!comma || others.size() < 2) comma = token();
    TRY(advance());
    others.push_back(TRY(parse_declaration()));
  }
  TRY(expect(TokenKind::kIn));
  if (is_direction(token().kind)) return parse_graph_for(std::move(loop.target), std::move(others), nullptr, comma);
  loop.source = TRY(parse_expression());
  uint32_t height = height_;
  if (is_direction(token().kind)) {
    return parse_graph_for(std::move(loop.target), std::move(others), std::move(loop.source), comma);
  }
  if (comma) return unexpected(*comma);
  if (is_word(token(), "SEARCH")) {
    TRY(advance());
    loop.search = TRY(parse_expression());
    height = std::max(height, height_);
  }
  loop.options = TRY(parse_options());
  height_ = std::max(height, height_);
  return loop;
}

base::Result<> Parser::parse_let(Query& query) {
  Position position = token().position;
  uint32_t height = 1;
  do {
    TRY(advance());  // LET, or the comma between two assignments
    Let let;
    let.target = TRY(parse_target());
    TRY(expect(TokenKind::kAssign));
    let.value = TRY(parse_expression());
    height = std::max(height, height_);
    query.statements.push_back({std::move(let), position});
  } while (is(TokenKind::kComma));
  height_ = height;
  return {};
}

base::Result<Statement::Node> Parser::parse_sort() {
  Sort sort;
  uint32_t height = 1;
  do {
    Sort::Key key;
    key.expression = TRY(parse_expression());
    height = std::max(height, height_);
    if (TRY(accept(TokenKind::kDesc))) {
      key.ascending = false;
    } else {
      TRY(accept(TokenKind::kAsc));
    }
    sort.keys.push_back(std::move(key));
  } while (TRY(accept(TokenKind::kComma)));
  height_ = height;
  return sort;
}

base::Result<Statement::Node> Parser::parse_limit() {
  Limit limit;
  limit.count = TRY(parse_expression());
  uint32_t height = height_;
  if (TRY(accept(TokenKind::kComma))) {
    limit.offset = std::move(limit.count);
    limit.count = TRY(parse_expression());
  }
  height_ = std::max(height, height_);
  return limit;
}

base::Result<Statement::Node> Parser::parse_return() {
  Return result;
  result.is_distinct = TRY(accept(TokenKind::kDistinct));
  result.expression = TRY(parse_expression());
  return result;
}

base::Result<ExpressionPtr> Parser::parse_document() {
  FlagScope no_in(in_is_operator_, false);
  return parse_expression();
}

base::Result<CollectionName> Parser::parse_collection_name() {
  CollectionName name{token().text, token().position, is(TokenKind::kCollectionParameter)};
  if (!is(TokenKind::kIdentifier) && !name.is_parameter) return unexpected();
  TRY(advance());
  return name;
}

base::Result<ExpressionPtr> Parser::parse_options() {
  height_ = 1;
  if (!is_word(token(), "OPTIONS")) return ExpressionPtr();
  TRY(advance());
  if (!is(TokenKind::kObjectOpen) && !is(TokenKind::kParameter)) return unexpected();
  return parse_primary();
}

base::Result<> Parser::parse_into_collection(CollectionName& collection, ExpressionPtr& options) {
  if (!is(TokenKind::kInto) && !is(TokenKind::kIn)) return unexpected();
  uint32_t height = height_;
  TRY(advance());
  collection = TRY(parse_collection_name());
  options = TRY(parse_options());
  height_ = std::max(height, height_);
  return {};
}

base::Result<Statement::Node> Parser::parse_insert() {
  Insert insert;
  insert.document = TRY(parse_document());
  TRY(parse_into_collection(insert.collection, insert.options));
  return insert;
}

base::Result<Statement::Node> Parser::parse_update(bool replaces) {
  Update update;
  update.replaces = replaces;
  update.document = TRY(parse_document());
  uint32_t height = height_;
  if (TRY(accept(TokenKind::kWith))) {
    update.key = std::move(update.document);
    update.document = TRY(parse_document());
  }
  height_ = std::max(height, height_);
  TRY(parse_into_collection(update.collection, update.options));
  return update;
}

base::Result<Statement::Node> Parser::parse_remove() {
  Remove remove;
  remove.key = TRY(parse_document());
  TRY(parse_into_collection(remove.collection, remove.options));
  return remove;
}

base::Result<Statement::Node> Parser::parse_upsert() {
  Upsert upsert;
  if (TRY(accept(TokenKind::kFilter))) {
    upsert.filter = TRY(parse_expression());
  } else {
    upsert.example = TRY(parse_expression());
  }
  uint32_t height = height_;
  TRY(expect(TokenKind::kInsert));
  upsert.insert_document = TRY(parse_expression());
  height = std::max(height, height_);
  upsert.replaces = is(TokenKind::kReplace);
  if (!upsert.replaces && !is(TokenKind::kUpdate)) return unexpected();
  TRY(advance());
  upsert.update_document = TRY(parse_document());
  height_ = std::max(height, height_);
  TRY(parse_into_collection(upsert.collection, upsert.options));
  return upsert;
}

base::Result<Statement::Node> Parser::parse_with() {
  With with;
  do {
    TRY(advance());  // WITH, or the comma between two names
    with.collections.push_back(TRY(parse_collection_name()));
  } while (is(TokenKind::kComma));
  return with;
}

}  // namespace workerdb::aql::syntax
