// optimize-traversal-last-element-access: p.vertices[-1] is the traversal's vertex and p.edges[-1] its edge.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool is_minus_one(const Expression& expression) {
  if (const auto* unary = expression.get_if<syntax::Unary>()) {
    const auto* operand = unary->operand->get_if<syntax::Constant>();
    return unary->op == syntax::UnaryOperator::kMinus && operand != nullptr && operand->value.slice().is_int64() &&
           operand->value.slice().as_int64() == 1;
  }
  const auto* constant = expression.get_if<syntax::Constant>();
  return constant != nullptr && constant->parameter == 0 && constant->value.slice().is_int64() &&
         constant->value.slice().as_int64() == -1;
}

class Replacement {
 public:
  Replacement(Context& context, plan::Traversal& traversal) : context_(context), traversal_(traversal) {}

  bool apply(ExpressionPtr& expression) {
    const auto* indexed = expression->get_if<syntax::IndexedAccess>();
    const auto* part = indexed != nullptr ? indexed->object->get_if<syntax::AttributeAccess>() : nullptr;
    if (part != nullptr && plan::is_reference_to(*part->object, *traversal_.path) && is_minus_one(*indexed->index)) {
      if (part->name == "vertices") {
        expression = context_.reference(traversal_.vertex);
        return true;
      }
      if (part->name == "edges") {
        if (!traversal_.edge) traversal_.edge = context_.make_variable();
        expression = context_.reference(*traversal_.edge);
        return true;
      }
    }
    bool changed = false;
    plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { changed |= apply(operand); });
    return changed;
  }

 private:
  Context& context_;
  plan::Traversal& traversal_;
};

}  // namespace

bool optimize_traversal_last_element_access(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* traversal = chain.nodes[i]->get_if<plan::Traversal>();
    if (traversal == nullptr || !traversal->path) continue;
    Replacement replacement(context, *traversal);
    for (size_t behind = i; behind < chain.nodes.size(); ++behind) {
      for_each_expression_within(*chain.nodes[behind],
                                 [&](ExpressionPtr& expression) { changed |= replacement.apply(expression); });
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize
