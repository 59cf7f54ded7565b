#pragma once
// The state of building one plan. Internal to this folder.
#include <string>
#include <vector>

#include "aql/plan/build.h"

namespace workerdb::aql::plan {

class PlanBuilder {
 public:
  explicit PlanBuilder(semantics::AnalyzedQuery&& query) : query_(std::move(query)) {}
  base::Result<std::unique_ptr<Plan>> run();

 private:
  template <typename T = void>
  using Result = base::Result<T>;

  // statements (build.cc, build_modifications.cc)
  Result<std::unique_ptr<Plan>> build_chain(syntax::Query& query);
  Result<> add(syntax::For& loop);
  Result<> add_view(syntax::For& loop, VariableId variable);  // build_views.cc
  // Lets the nodes of views compute the scores that other nodes ask for.
  void attach_scores(Plan& plan);
  Result<> add(syntax::Traverse& traverse);  // build_graphs.cc
  Result<> add(syntax::FindPaths& paths);
  GraphScope scope_of(const syntax::GraphSource& source, const GraphOptions& options) const;
  Result<> add(syntax::Filter& filter);
  Result<> add(syntax::Let& let);
  Result<> add(syntax::Sort& sort);
  Result<> add(syntax::Limit& limit);
  Result<> add(syntax::Collect& collect);
  Result<> add(syntax::Window& window);
  Result<> add(syntax::Return& result);
  Result<> add(syntax::Insert& insert);
  Result<> add(syntax::Update& update);
  Result<> add(syntax::Remove& remove);
  Result<> add(syntax::Upsert& upsert);
  Result<> add(syntax::With&) { return {}; }
  Result<std::unique_ptr<Plan>> build_search(syntax::Upsert& upsert);
  Result<> add_aggregations(std::vector<syntax::Assignment>& assignments, std::vector<Collect::Aggregation>& to);
  Result<> add_sort_of(const Collect& collect, bool of_expressions);
  // Calculations for the variables of a pattern whose value is `whole`.
  Result<> take_apart(const syntax::Target& target, ExpressionPtr whole);

  // expressions (build_expressions.cc): pull subqueries out into nodes in front; `condition` may be null
  Result<> extract(ExpressionPtr& expression, const syntax::Expression* condition = nullptr);
  Result<> extract_subquery(ExpressionPtr& expression, const syntax::Expression* condition);
  Result<> extract_lazy(ExpressionPtr& known, ExpressionPtr& when_true, ExpressionPtr& when_false,
                        const syntax::Expression* condition);
  Result<> extract_expansion(ExpressionPtr& expression, const syntax::Expression* condition);
  Result<> extract_question_mark(ExpressionPtr& expression, const syntax::Expression* condition);
  Result<ExpressionPtr> element_loop(ExpressionPtr array, VariableId element, ExpressionPtr filter,
                                     std::optional<Limit> limit, ExpressionPtr projection,
                                     const syntax::Expression* condition);
  Result<> add_subquery(std::unique_ptr<Plan> plan, VariableId variable, const syntax::Expression* condition);
  // A calculation of the expression, null where the condition does not hold; leaves a reference in its place.
  Result<> name_value(ExpressionPtr& expression, const syntax::Expression* condition);

  template <typename T>
  Result<> push(T kind) {
    return push(Node::Kind(std::move(kind)));
  }
  Result<> push(Node::Kind kind);
  VariableId internal_variable();
  ExpressionPtr reference(VariableId variable) const;
  const std::shared_ptr<const CollectionInfo>& collection(const std::string& name) const;

  semantics::AnalyzedQuery query_;
  std::unique_ptr<Plan> root_ = std::make_unique<Plan>();
  Plan* chain_ = nullptr;  // that nodes are pushed to
  uint32_t node_count_ = 0;
  const Node* sort_of_collect_ = nullptr;  // the implied sort that was pushed last; SORT null takes it away
};

// Whether a subquery stands anywhere inside.
bool contains_subquery(const syntax::Expression& expression);

ModificationOptions read_options(const ExpressionPtr& options, bool is_insert);
GraphOptions read_graph_options(const ExpressionPtr& options);
ScanHints read_hints(const ExpressionPtr& options);

}  // namespace workerdb::aql::plan
