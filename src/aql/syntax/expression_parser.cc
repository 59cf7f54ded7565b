// Operators and accesses.
#include <algorithm>
#include <optional>

#include "aql/syntax/parser.h"
#include "aql/syntax/precedence.h"

namespace workerdb::aql::syntax {

namespace {

struct Operator {
  explicit Operator(BinaryOperator op) : op(op), level(level_of(op)) {}
  BinaryOperator op;
  int level;
};

std::optional<Operator> operator_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEqual: return Operator(BinaryOperator::kEqual);
    case TokenKind::kNotEqual: return Operator(BinaryOperator::kNotEqual);
    case TokenKind::kLike: return Operator(BinaryOperator::kLike);
    case TokenKind::kMatch: return Operator(BinaryOperator::kMatch);
    case TokenKind::kNotMatch: return Operator(BinaryOperator::kNotMatch);
    case TokenKind::kIn: return Operator(BinaryOperator::kIn);
    case TokenKind::kLess: return Operator(BinaryOperator::kLess);
    case TokenKind::kLessEqual: return Operator(BinaryOperator::kLessEqual);
    case TokenKind::kGreater: return Operator(BinaryOperator::kGreater);
    case TokenKind::kGreaterEqual: return Operator(BinaryOperator::kGreaterEqual);
    case TokenKind::kPlus: return Operator(BinaryOperator::kAdd);
    case TokenKind::kMinus: return Operator(BinaryOperator::kSubtract);
    case TokenKind::kTimes: return Operator(BinaryOperator::kMultiply);
    case TokenKind::kDivide: return Operator(BinaryOperator::kDivide);
    case TokenKind::kModulo: return Operator(BinaryOperator::kModulo);
    default: return std::nullopt;
  }
}

bool is_comparison(TokenKind kind) {
  return (kind >= TokenKind::kEqual && kind <= TokenKind::kGreaterEqual) || kind == TokenKind::kIn ||
         kind == TokenKind::kNot;
}

bool is_quantifier(TokenKind kind) {
  return kind == TokenKind::kAll || kind == TokenKind::kAny || kind == TokenKind::kNone;
}

Quantifier quantifier_of(TokenKind kind) {
  if (kind == TokenKind::kAll) return Quantifier::kAll;
  return kind == TokenKind::kAny ? Quantifier::kAny : Quantifier::kNone;
}

// AND and OR are associative, so a long chain becomes a balanced tree: thousands of alternatives stay shallow.
ExpressionPtr balance(std::vector<ExpressionPtr>& operands, size_t first, size_t count, BinaryOperator op) {
  if (count == 1) return std::move(operands[first]);
  size_t half = (count + 1) / 2;
  Position position = operands[first]->position;
  ExpressionPtr left = balance(operands, first, half, op);
  ExpressionPtr right = balance(operands, first + half, count - half, op);
  return make_expression(Binary{op, std::move(left), std::move(right)}, position);
}

ExpressionPtr balance(std::vector<ExpressionPtr> operands, BinaryOperator op) {
  constexpr size_t kShortChain = 8;  // up to here as a list, left to right
  if (operands.size() > kShortChain) return balance(operands, 0, operands.size(), op);
  ExpressionPtr tree = std::move(operands[0]);
  for (size_t i = 1; i < operands.size(); ++i) {
    Position position = tree->position;
    tree = make_expression(Binary{op, std::move(tree), std::move(operands[i])}, position);
  }
  return tree;
}

ExpressionPtr make_unary(UnaryOperator op, ExpressionPtr operand, Position position) {
  constexpr double kBehindInt64 = 9223372036854775808.0;
  const Constant* constant = operand->get_if<Constant>();
  bool is_number = constant != nullptr && constant->value.slice().is_number();
  if (op == UnaryOperator::kNot || !is_number) return make_expression(Unary{op, std::move(operand)}, position);
  if (op == UnaryOperator::kPlus) return operand;
  value::Slice number = constant->value.slice();
  value::Builder builder;
  if (number.is_int64() && number.as_int64() != INT64_MIN) {
    builder.integer(-number.as_int64());
  } else if (number.is_double() && number.as_double() == kBehindInt64) {
    builder.integer(INT64_MIN);
  } else {
    builder.number(-number.as_double());
  }
  return make_expression(Constant{builder.take()}, position);
}

}  // namespace

base::Result<> Parser::raise_height(uint32_t height) {
  if (height > kMaxNesting) return too_deep();
  height_ = height;
  return {};
}

base::Result<ExpressionPtr> Parser::parse_expression() {
  DepthGuard guard(*this);
  if (guard.is_too_deep()) return too_deep();
  ExpressionPtr condition = TRY(parse_binary(kOrLevel));
  if (!is(TokenKind::kQuestion)) return condition;
  Position position = condition->position;
  uint32_t height = height_;
  TRY(advance());
  ExpressionPtr when_true;
  if (!is(TokenKind::kColon)) {
    when_true = TRY(parse_expression());
    height = std::max(height, height_);
  }
  TRY(expect(TokenKind::kColon));
  ExpressionPtr when_false = TRY(parse_expression());
  TRY(raise_height(std::max(height, height_) + 1));
  return make_expression(Ternary{std::move(condition), std::move(when_true), std::move(when_false)}, position);
}

base::Result<ExpressionPtr> Parser::parse_chain(ExpressionPtr first, BinaryOperator op, TokenKind sign, TokenKind word,
                                                int level) {
  std::vector<ExpressionPtr> operands;
  operands.push_back(std::move(first));
  uint32_t height = height_;
  while (is(sign) || is(word)) {
    TRY(advance());
    operands.push_back(TRY(parse_binary(level + 1)));
    height = std::max(height, height_);
  }
  for (size_t count = operands.size(); count > 1; count = (count + 1) / 2) ++height;
  TRY(raise_height(height));
  return balance(std::move(operands), op);
}

base::Result<ExpressionPtr> Parser::parse_binary(int lowest_level) {
  ExpressionPtr left = TRY(parse_unary());
  for (;;) {
    Position position = left->position;
    if (is(TokenKind::kOr) || is(TokenKind::kOrSign)) {
      if (lowest_level > kOrLevel) return left;
      left = TRY(parse_chain(std::move(left), BinaryOperator::kOr, TokenKind::kOrSign, TokenKind::kOr, kOrLevel));
      continue;
    }
    if (is(TokenKind::kAnd) || is(TokenKind::kAndSign)) {
      if (lowest_level > kAndLevel) return left;
      left = TRY(parse_chain(std::move(left), BinaryOperator::kAnd, TokenKind::kAndSign, TokenKind::kAnd, kAndLevel));
      continue;
    }
    bool is_at_least = is_word(token(), "AT") && is_word(peek(), "LEAST");
    if (is_at_least || (is_quantifier(token().kind) && is_comparison(peek().kind))) {
      if (lowest_level > kQuantifierLevel) return left;
      left = TRY(parse_array_comparison(std::move(left)));
      continue;
    }
    uint32_t height = height_;
    if (is(TokenKind::kRange)) {
      if (lowest_level > kRangeLevel) return left;
      TRY(advance());
      ExpressionPtr high = TRY(parse_binary(kRangeLevel + 1));
      left = make_expression(Range{std::move(left), std::move(high)}, position);
    } else {
      bool negated = is(TokenKind::kNot) && (peek().kind == TokenKind::kIn || peek().kind == TokenKind::kLike);
      auto found = operator_of(negated ? peek().kind : token().kind);
      if (!found || found->level < lowest_level) return left;
      if (is(TokenKind::kIn) && !in_is_operator_) return left;
      if (negated) {
        TRY(advance());
        found->op = found->op == BinaryOperator::kIn ? BinaryOperator::kNotIn : BinaryOperator::kNotLike;
      }
      TRY(advance());
      ExpressionPtr right = TRY(parse_binary(found->level + 1));
      left = make_expression(Binary{found->op, std::move(left), std::move(right)}, position);
    }
    TRY(raise_height(std::max(height, height_) + 1));
  }
}

base::Result<ExpressionPtr> Parser::parse_array_comparison(ExpressionPtr left) {
  Position position = left->position;
  uint32_t height = height_;
  ArrayComparison comparison;
  if (is(TokenKind::kIdentifier)) {
    TRY(advance());
    TRY(advance());
    comparison.quantifier = Quantifier::kAtLeast;
    TRY(expect(TokenKind::kOpen));
    FlagScope brackets(in_is_operator_, true);
    comparison.at_least = TRY(parse_expression());
    height = std::max(height, height_);
    TRY(expect(TokenKind::kClose));
  } else {
    comparison.quantifier = quantifier_of(token().kind);
    TRY(advance());
  }
  bool negated = TRY(accept(TokenKind::kNot));
  auto found = operator_of(token().kind);
  if (!is_comparison(token().kind) || !found || (negated && !is(TokenKind::kIn))) return unexpected();
  TRY(advance());
  comparison.op = negated ? BinaryOperator::kNotIn : found->op;
  comparison.right = TRY(parse_binary(found->level + 1));
  comparison.left = std::move(left);
  TRY(raise_height(std::max(height, height_) + 1));
  return make_expression(std::move(comparison), position);
}

base::Result<ExpressionPtr> Parser::parse_unary() {
  UnaryOperator op;
  switch (token().kind) {
    case TokenKind::kNot:
    case TokenKind::kNotSign: op = UnaryOperator::kNot; break;
    case TokenKind::kPlus: op = UnaryOperator::kPlus; break;
    case TokenKind::kMinus: op = UnaryOperator::kMinus; break;
    default: {
      ExpressionPtr primary = TRY(parse_primary());
      return parse_postfix(std::move(primary));
    }
  }
  DepthGuard guard(*this);
  if (guard.is_too_deep()) return too_deep();
  Position position = token().position;
  TRY(advance());
  ExpressionPtr operand = TRY(parse_unary());
  TRY(raise_height(height_ + 1));
  return make_unary(op, std::move(operand), position);
}

base::Result<ExpressionPtr> Parser::parse_postfix(ExpressionPtr object) {
  for (;;) {
    Position position = object->position;
    if (is(TokenKind::kArrayOpen)) {
      bool is_expansion = false;
      object = TRY(parse_brackets(std::move(object), is_expansion));
      if (is_expansion) return object;  // has taken what follows as its projection
    } else if (is(TokenKind::kDot)) {
      TRY(advance());
      if (is(TokenKind::kIdentifier)) {
        object = make_expression(AttributeAccess{std::move(object), token().text}, position);
      } else if (is(TokenKind::kParameter)) {
        object = make_expression(ParameterAccess{std::move(object), token().text}, position);
      } else {
        return unexpected();
      }
      TRY(advance());
      TRY(raise_height(height_ + 1));
    } else {
      return object;
    }
  }
}

base::Result<ExpressionPtr> Parser::parse_brackets(ExpressionPtr object, bool& is_expansion) {
  Position position = object->position;
  uint32_t height = height_;
  TRY(advance());
  FlagScope brackets(in_is_operator_, true);
  if (is(TokenKind::kTimes)) {
    is_expansion = true;
    return parse_expansion(std::move(object), position);
  }
  if (is(TokenKind::kQuestion)) return parse_question_mark(std::move(object), position);
  ExpressionPtr index = TRY(parse_expression());
  TRY(expect(TokenKind::kArrayClose));
  TRY(raise_height(std::max(height, height_) + 1));
  const Constant* constant = index->get_if<Constant>();
  if (constant != nullptr && constant->value.slice().is_string()) {
    std::string name(constant->value.slice().as_string());
    return make_expression(AttributeAccess{std::move(object), std::move(name)}, position);
  }
  return make_expression(IndexedAccess{std::move(object), std::move(index)}, position);
}

// Behind "[" with "*" as the current token. What follows the brackets is done to each member, so it hangs on the
// projection, whose innermost object is a Reference without a name: the member.
base::Result<ExpressionPtr> Parser::parse_expansion(ExpressionPtr array, Position at) {
  DepthGuard guard(*this);
  if (guard.is_too_deep()) return too_deep();
  uint32_t height = height_;
  Expansion expansion;
  expansion.array = std::move(array);
  expansion.levels = 0;
  while (is(TokenKind::kTimes)) {
    ++expansion.levels;
    TRY(advance());
  }
  if (TRY(accept(TokenKind::kFilter))) {
    expansion.filter = TRY(parse_expression());
    height = std::max(height, height_);
  }
  if (TRY(accept(TokenKind::kLimit))) {
    expansion.count = TRY(parse_expression());
    height = std::max(height, height_);
    if (TRY(accept(TokenKind::kComma))) {
      expansion.offset = std::move(expansion.count);
      expansion.count = TRY(parse_expression());
      height = std::max(height, height_);
    }
  }
  uint32_t projection_height = 1;
  if (TRY(accept(TokenKind::kReturn))) {
    expansion.projection = TRY(parse_expression());
    projection_height = height_;
  }
  Position end = token().position;
  TRY(expect(TokenKind::kArrayClose));
  if (is(TokenKind::kDot) || is(TokenKind::kArrayOpen)) {
    if (!expansion.projection) expansion.projection = make_expression(Reference{}, end);
    TRY(raise_height(projection_height));
    expansion.projection = TRY(parse_postfix(std::move(expansion.projection)));
    projection_height = height_;
  }
  TRY(raise_height(std::max(height, projection_height) + 1));
  return make_expression(std::move(expansion), at);
}

base::Result<ExpressionPtr> Parser::parse_question_mark(ExpressionPtr array, Position at) {
  DepthGuard guard(*this);
  if (guard.is_too_deep()) return too_deep();
  uint32_t height = height_;
  QuestionMark question;
  question.array = std::move(array);
  TRY(advance());
  if (is_quantifier(token().kind)) {
    question.quantifier = quantifier_of(token().kind);
    TRY(advance());
  } else if (is_word(token(), "AT") && is_word(peek(), "LEAST")) {
    TRY(advance());
    TRY(advance());
    question.quantifier = Quantifier::kAtLeast;
    TRY(expect(TokenKind::kOpen));
    question.low = TRY(parse_expression());
    height = std::max(height, height_);
    TRY(expect(TokenKind::kClose));
  } else if (!is(TokenKind::kFilter) && !is(TokenKind::kArrayClose)) {
    ExpressionPtr number = TRY(parse_expression());
    height = std::max(height, height_);
    if (Range* range = number->get_if<Range>()) {
      question.quantifier = Quantifier::kBetween;
      question.high = std::move(range->high);
      ExpressionPtr low = std::move(range->low);
      question.low = std::move(low);
    } else {
      question.quantifier = Quantifier::kExactly;
      question.low = std::move(number);
    }
  }
  if (TRY(accept(TokenKind::kFilter))) {
    question.filter = TRY(parse_expression());
    height = std::max(height, height_);
  }
  TRY(expect(TokenKind::kArrayClose));
  TRY(raise_height(height + 1));
  return make_expression(std::move(question), at);
}

}  // namespace workerdb::aql::syntax
