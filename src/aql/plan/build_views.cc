// FOR over views, and the scores of their documents.
#include <fmt/format.h>

#include <map>

#include "aql/plan/builder.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

using base::Error;
using base::ErrorCode;

base::Result<> PlanBuilder::add_view(syntax::For& loop, VariableId variable) {
  if (loop.search && contains_subquery(*loop.search)) {
    return Error(ErrorCode::kQueryParse,
                 fmt::format("SEARCH takes no subquery: name its value with LET in front, at position {}:{}",
                             loop.search->position.line, loop.search->position.column));
  }
  EnumerateView node;
  node.view = query_.views.find(loop.source->get_if<syntax::CollectionReference>()->name)->second;
  node.variable = variable;
  node.condition = std::move(loop.search);
  if (loop.options) {
    value::Slice collections = loop.options->get_if<syntax::Constant>()->value.slice().get("collections");
    for (value::ArrayIterator item(collections); item.valid(); item.next()) {
      node.collections.emplace_back(item.value().as_string());
    }
  }
  return push(std::move(node));
}

namespace {

bool is_score_of(const syntax::Expression& expression, VariableId variable) {
  const auto* call = expression.get_if<syntax::FunctionCall>();
  if (call == nullptr || (call->name != "BM25" && call->name != "TFIDF")) return false;
  if (call->arguments.empty() || !is_reference_to(*call->arguments[0], variable)) return false;
  for (size_t i = 1; i < call->arguments.size(); ++i) {
    if (!call->arguments[i]->is_constant()) return false;
  }
  return true;
}

class ScoreAttachment {
 public:
  ScoreAttachment(Plan& root, EnumerateView& view) : root_(root), view_(view) {}

  void visit(Plan& plan) {
    for (NodePtr& node : plan.nodes) {
      if (node->get_if<EnumerateView>() == &view_) continue;
      for_each_expression(*node, [this](ExpressionPtr& expression) { visit(expression); });
      if (Plan* inner = subplan(*node)) visit(*inner);
    }
  }

 private:
  void visit(ExpressionPtr& expression) {
    if (!is_score_of(*expression, view_.variable)) {
      for_each_operand(*expression, [this](ExpressionPtr& operand) { visit(operand); });
      return;
    }
    VariableId variable = variable_of(expression);
    expression = make_reference(root_.variables[variable].name, variable);
  }
  VariableId variable_of(ExpressionPtr& call) {
    for (const auto& score : view_.scores) {
      if (same_expression(*score.call, *call)) return score.variable;
    }
    auto variable = VariableId(root_.variables.size());
    root_.variables.push_back({fmt::format("#{}", variable), true});
    view_.scores.push_back({variable, std::move(call)});
    return variable;
  }

  Plan& root_;
  EnumerateView& view_;
};

}  // namespace

void PlanBuilder::attach_scores(Plan& plan) {
  for_each_plan(plan, [&](Plan& chain) {
    for (NodePtr& node : chain.nodes) {
      if (auto* view = node->get_if<EnumerateView>()) ScoreAttachment(plan, *view).visit(plan);
    }
  });
}

}  // namespace workerdb::aql::plan
