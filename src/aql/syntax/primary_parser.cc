// Literals, names, calls, parentheses and subqueries.
#include <algorithm>

#include "aql/syntax/parser.h"

namespace workerdb::aql::syntax {

namespace {

bool all_constant(const std::vector<ExpressionPtr>& items) {
  return std::all_of(items.begin(), items.end(), [](const ExpressionPtr& item) { return item->is_constant(); });
}

// Literals of constants are one constant at once: a document of a megabyte becomes no tree of a million nodes.
ExpressionPtr make_array(std::vector<ExpressionPtr> items, Position position) {
  if (!all_constant(items)) return make_expression(ArrayLiteral{std::move(items)}, position);
  value::Builder builder;
  builder.open_array();
  for (const ExpressionPtr& item : items) builder.slice(item->get_if<Constant>()->value.slice());
  builder.close();
  return make_expression(Constant{builder.take()}, position);
}

ExpressionPtr make_object(std::vector<ObjectLiteral::Attribute> attributes, Position position) {
  for (const ObjectLiteral::Attribute& attribute : attributes) {
    if (attribute.computed_name || !attribute.value->is_constant()) {
      return make_expression(ObjectLiteral{std::move(attributes)}, position);
    }
  }
  value::Builder builder;
  builder.open_object();
  for (const ObjectLiteral::Attribute& attribute : attributes) {
    builder.add(attribute.name, attribute.value->get_if<Constant>()->value.slice());
  }
  builder.close();
  return make_expression(Constant{builder.take()}, position);
}

ExpressionPtr make_literal(const Token& token) {
  value::Builder builder;
  switch (token.kind) {
    case TokenKind::kString: builder.string(token.text); break;
    case TokenKind::kInteger: builder.integer(token.integer); break;
    case TokenKind::kDouble: builder.number(token.number); break;
    case TokenKind::kTrue: builder.boolean(true); break;
    case TokenKind::kFalse: builder.boolean(false); break;
    default: builder.null();
  }
  return make_expression(Constant{builder.take()}, token.position);
}

}  // namespace

base::Result<ExpressionPtr> Parser::parse_primary() {
  height_ = 1;
  Position position = token().position;
  ExpressionPtr made;
  switch (token().kind) {
    case TokenKind::kString:
    case TokenKind::kInteger:
    case TokenKind::kDouble:
    case TokenKind::kTrue:
    case TokenKind::kFalse:
    case TokenKind::kNull: made = make_literal(token()); break;
    case TokenKind::kParameter: made = make_expression(Parameter{token().text}, position); break;
    case TokenKind::kCollectionParameter: made = make_expression(CollectionParameter{token().text}, position); break;
    case TokenKind::kIdentifier:
      if (peek().kind == TokenKind::kOpen || peek().kind == TokenKind::kScope) return parse_call();
      made = make_expression(Reference{token().text}, position);
      break;
    case TokenKind::kLike:
      if (peek().kind != TokenKind::kOpen) return unexpected();
      return parse_call();
    case TokenKind::kOpen: return parse_parenthesis();
    case TokenKind::kArrayOpen: return parse_array();
    case TokenKind::kObjectOpen: return parse_object();
    default: return unexpected();
  }
  TRY(advance());
  return made;
}

base::Result<ExpressionPtr> Parser::parse_parenthesis() {
  TRY(advance());
  FlagScope brackets(in_is_operator_, true);
  ExpressionPtr inner;
  if (starts_statement(token().kind)) {
    inner = TRY(parse_subquery());
  } else {
    inner = TRY(parse_expression());
  }
  TRY(expect(TokenKind::kClose));
  return inner;
}

base::Result<ExpressionPtr> Parser::parse_subquery() {
  DepthGuard guard(*this);
  if (guard.is_too_deep()) return too_deep();
  Position position = token().position;
  std::unique_ptr<Query> query = TRY(parse_block());
  TRY(raise_height(height_ + 1));
  return make_expression(Subquery{std::move(query)}, position);
}

base::Result<ExpressionPtr> Parser::parse_call() {
  Position position = token().position;
  FunctionCall call;
  call.name = token().text;
  TRY(advance());
  while (TRY(accept(TokenKind::kScope))) {
    if (!is(TokenKind::kIdentifier)) return unexpected();
    call.name += "::" + token().text;
    TRY(advance());
  }
  for (char& c : call.name) c = (c >= 'a' && c <= 'z') ? char(c - 32) : c;
  TRY(expect(TokenKind::kOpen));
  FlagScope brackets(in_is_operator_, true);
  uint32_t height = 0;
  if (starts_statement(token().kind)) {
    call.arguments.push_back(TRY(parse_subquery()));
    height = height_;
  } else {
    while (!is(TokenKind::kClose)) {
      if (!call.arguments.empty()) TRY(expect(TokenKind::kComma));
      call.arguments.push_back(TRY(parse_expression()));
      height = std::max(height, height_);
    }
  }
  TRY(expect(TokenKind::kClose));
  TRY(raise_height(height + 1));
  return make_expression(std::move(call), position);
}

base::Result<ExpressionPtr> Parser::parse_array() {
  Position position = token().position;
  TRY(advance());
  FlagScope brackets(in_is_operator_, true);
  std::vector<ExpressionPtr> items;
  uint32_t height = 0;
  while (!is(TokenKind::kArrayClose)) {
    items.push_back(TRY(parse_expression()));
    height = std::max(height, height_);
    if (!TRY(accept(TokenKind::kComma)) && !is(TokenKind::kArrayClose)) return unexpected();
  }
  TRY(advance());
  TRY(raise_height(height + 1));
  return make_array(std::move(items), position);
}

base::Result<ExpressionPtr> Parser::parse_object() {
  Position position = token().position;
  TRY(advance());
  FlagScope brackets(in_is_operator_, true);
  std::vector<ObjectLiteral::Attribute> attributes;
  uint32_t height = 0;
  while (!is(TokenKind::kObjectClose)) {
    attributes.push_back(TRY(parse_attribute()));
    height = std::max(height, height_);
    if (!TRY(accept(TokenKind::kComma)) && !is(TokenKind::kObjectClose)) return unexpected();
  }
  TRY(advance());
  TRY(raise_height(height + 1));
  return make_object(std::move(attributes), position);
}

base::Result<ObjectLiteral::Attribute> Parser::parse_attribute() {
  ObjectLiteral::Attribute attribute;
  Token name = token();
  uint32_t height = 1;
  switch (name.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kString: attribute.name = name.text; break;
    case TokenKind::kParameter: attribute.computed_name = make_expression(Parameter{name.text}, name.position); break;
    case TokenKind::kArrayOpen:
      TRY(advance());
      attribute.computed_name = TRY(parse_expression());
      height = height_;
      if (!is(TokenKind::kArrayClose)) return unexpected();
      break;
    default: return unexpected();
  }
  TRY(advance());
  if (name.kind == TokenKind::kIdentifier && !is(TokenKind::kColon)) {  // { name }
    attribute.value = make_expression(Reference{name.text}, name.position);
    height_ = height;
    return attribute;
  }
  TRY(expect(TokenKind::kColon));
  attribute.value = TRY(parse_expression());
  height_ = std::max(height, height_);
  return attribute;
}

}  // namespace workerdb::aql::syntax
