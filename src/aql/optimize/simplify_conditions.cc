// simplify-conditions: what an expression says in a roundabout way: {a: x}.a is x, [x, y][1] is y, !(x == y) is x != y.
// Of a LET that makes an object or an array, the parts are read where they come from.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

std::optional<BinaryOperator> opposite(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kEqual: return BinaryOperator::kNotEqual;
    case BinaryOperator::kNotEqual: return BinaryOperator::kEqual;
    case BinaryOperator::kLess: return BinaryOperator::kGreaterEqual;
    case BinaryOperator::kLessEqual: return BinaryOperator::kGreater;
    case BinaryOperator::kGreater: return BinaryOperator::kLessEqual;
    case BinaryOperator::kGreaterEqual: return BinaryOperator::kLess;
    case BinaryOperator::kIn: return BinaryOperator::kNotIn;
    case BinaryOperator::kNotIn: return BinaryOperator::kIn;
    default: return std::nullopt;
  }
}

// The value of the only attribute of that name; null if a name is computed or comes twice.
const Expression* attribute_of(const syntax::ObjectLiteral& object, const std::string& name) {
  const Expression* found = nullptr;
  for (const auto& attribute : object.attributes) {
    if (attribute.computed_name || attribute.value == nullptr) return nullptr;
    if (attribute.name != name) continue;
    if (found != nullptr) return nullptr;
    found = attribute.value.get();
  }
  return found;
}

const Expression* item_of(const syntax::ArrayLiteral& array, const Expression& position) {
  const auto* constant = position.get_if<syntax::Constant>();
  if (constant == nullptr || constant->parameter != 0 || !constant->value.slice().is_int64()) return nullptr;
  int64_t at = constant->value.slice().as_int64();
  return at >= 0 && size_t(at) < array.items.size() ? array.items[size_t(at)].get() : nullptr;
}

class Simplification {
 public:
  explicit Simplification(const Plan& chain) : chain_(chain) {}

  // Of an expression that stands in the node at the position.
  bool apply(ExpressionPtr& expression, size_t position) const {
    bool changed = false;
    plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { changed |= apply(operand, position); });
    if (const Expression* part = part_read(*expression, position)) {
      expression = syntax::clone(*part);
      return true;
    }
    return turn(expression) || changed;
  }

 private:
  // What an access reads of a literal, where leaving out the rest of the literal is not noticed.
  const Expression* part_read(const Expression& expression, size_t position) const {
    const auto* access = expression.get_if<syntax::AttributeAccess>();
    const auto* indexed = expression.get_if<syntax::IndexedAccess>();
    if (access == nullptr && indexed == nullptr) return nullptr;
    const Expression& whole = access != nullptr ? *access->object : *indexed->object;
    const Expression* literal = literal_of(whole, position);
    if (literal == nullptr) return nullptr;
    const Expression* part = nullptr;
    if (const auto* object = literal->get_if<syntax::ObjectLiteral>(); object && access)
      part = attribute_of(*object, access->name);
    if (const auto* array = literal->get_if<syntax::ArrayLiteral>(); array && indexed)
      part = item_of(*array, *indexed->index);
    bool is_in_place = literal == &whole;
    if (part == nullptr || (is_in_place ? !plan::is_simple(*literal) : !plan::is_simple(*part))) return nullptr;
    return plan::is_deterministic(is_in_place ? *literal : *part) ? part : nullptr;
  }

  // The literal itself, or the one that a LET in front gave the variable.
  const Expression* literal_of(const Expression& whole, size_t position) const {
    if (whole.get_if<syntax::ObjectLiteral>() || whole.get_if<syntax::ArrayLiteral>()) return &whole;
    const auto* reference = whole.get_if<syntax::Reference>();
    if (reference == nullptr) return nullptr;
    for (size_t i = 1; i < position; ++i) {
      const auto* calculation = chain_.nodes[i]->get_if<plan::Calculation>();
      if (calculation != nullptr && calculation->variable == reference->variable) return calculation->expression.get();
    }
    return nullptr;
  }

  static bool turn(ExpressionPtr& expression) {
    auto* negation = expression->get_if<syntax::Unary>();
    if (negation == nullptr || negation->op != syntax::UnaryOperator::kNot) return false;
    auto* comparison = negation->operand->get_if<Binary>();
    auto op = comparison != nullptr ? opposite(comparison->op) : std::nullopt;
    if (!op) return false;
    comparison->op = *op;
    ExpressionPtr turned = std::move(negation->operand);
    expression = std::move(turned);
    return true;
  }

  const Plan& chain_;
};

}  // namespace

bool simplify_conditions(Context&, Plan& chain) {
  bool changed = false;
  Simplification simplification(chain);
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    for_each_expression_within(*chain.nodes[i],
                               [&](ExpressionPtr& expression) { changed |= simplification.apply(expression, i); });
  }
  return changed;
}

}  // namespace workerdb::aql::optimize
