#pragma once
// The state of one analysis. Internal to this folder.
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aql/semantics/analyze.h"

namespace workerdb::aql::semantics {

class Analyzer {
 public:
  Analyzer(value::Slice bind_variables, const CatalogView& catalog, ConstantEvaluator* evaluator)
      : bind_variables_(bind_variables), catalog_(catalog), evaluator_(evaluator) {}
  base::Result<AnalyzedQuery> run(syntax::Query&& query);

 private:
  template <typename T = void>
  using Result = base::Result<T>;

  // A name that is visible. OLD, NEW and CURRENT are pseudo variables: they give way to a declared one of that name.
  struct Binding {
    std::string name;
    syntax::VariableId variable;
    bool is_pseudo = false;
    bool is_outside_loops = false;
  };
  // A query or subquery while its statements are walked.
  struct Block {
    size_t first_binding;
    bool is_outermost;
    bool has_loop = false;
  };

  // names (analyzer.cc)
  const Binding* find(std::string_view name) const;
  syntax::VariableId new_variable(std::string_view name);
  Result<> declare(syntax::Declaration& declaration, const Block& block);
  Result<> declare(syntax::Target& target, const Block& block);
  syntax::VariableId declare_pseudo(const char* name);
  syntax::VariableId declare_old_of_insert(const syntax::Insert& insert);
  Result<std::shared_ptr<const CollectionInfo>> find_collection(const std::string& name, syntax::Position position);
  Result<> resolve(syntax::CollectionName& name);
  // The value of a parameter whose use decides what the query is.
  Result<value::Slice> parameter(const std::string& name, syntax::Position position);
  // The same where only the value counts: a constant with the parameter's number.
  Result<> resolve_parameter(syntax::ExpressionPtr& expression);
  Result<value::Slice> find_parameter(const std::string& name, syntax::Position position, size_t& number);
  Result<std::string> collection_parameter(const std::string& name, syntax::Position position);
  Result<> check_parameters() const;
  Result<> check_readable(const std::string& collection, syntax::Position position) const;

  // expressions (expressions.cc)
  Result<> resolve(syntax::ExpressionPtr& expression);
  Result<> resolve_optional(syntax::ExpressionPtr& expression);
  // Of an expression whose value must be known, as the query's shape depends on it.
  Result<> resolve_deciding(syntax::ExpressionPtr& expression);
  Result<> resolve_node(syntax::ExpressionPtr& expression);
  Result<> resolve_reference(syntax::ExpressionPtr& expression);
  Result<> resolve_parameter_access(syntax::ExpressionPtr& expression);
  Result<> resolve_indexed_access(syntax::ExpressionPtr& expression);
  Result<> resolve_expansion(syntax::Expansion& expansion);
  Result<> resolve_question_mark(syntax::QuestionMark& question);
  Result<> resolve_call(syntax::ExpressionPtr& expression);
  Result<bool> resolve_collection_argument(syntax::FunctionCall& call, syntax::Position position);
  // The element of [* …] and [? …] while its inner expressions are resolved.
  struct ElementScope;

  // statements (statements.cc)
  Result<> walk(syntax::Query& query, bool is_outermost);
  Result<> visit(syntax::For& loop, Block& block);
  Result<> visit_view(syntax::For& loop, const std::string& view, Block& block);  // views.cc
  Result<> check_view_options(syntax::For& loop, const ViewInfo& view);
  // graphs.cc
  Result<> visit(syntax::Traverse& traverse, Block& block);
  Result<> visit(syntax::FindPaths& paths, Block& block);
  Result<> resolve(syntax::GraphSource& source);
  Result<> resolve_graph(syntax::GraphSource& source);
  Result<> resolve_edges(syntax::GraphSource& source);
  Result<> resolve_depth(syntax::ExpressionPtr& depth, syntax::Position position);
  // What must not stand in PRUNE, if that is where we are.
  Result<> check_prune(const syntax::Expression& part) const;
  // 1579 behind any change of data: what a walk meets is known only when it runs.
  Result<> check_not_written(const char* what, syntax::Position position) const;

  Result<> visit(syntax::Filter& filter, Block& block);
  Result<> visit(syntax::Let& let, Block& block);
  Result<> visit(syntax::Sort& sort, Block& block);
  Result<> visit(syntax::Limit& limit, Block& block);
  Result<> visit(syntax::Collect& collect, Block& block);
  Result<> visit(syntax::Window& window, Block& block);
  Result<> visit(syntax::Return& result, Block& block);
  Result<> visit(syntax::Insert& insert, Block& block);
  Result<> visit(syntax::Update& update, Block& block);
  Result<> visit(syntax::Remove& remove, Block& block);
  Result<> visit(syntax::Upsert& upsert, Block& block);
  Result<> visit(syntax::With& with, Block& block);
  Result<> resolve_aggregations(std::vector<syntax::Assignment>& aggregations);
  Result<> resolve_kept(syntax::Collect& collect, const Block& block);
  Result<> resolve_limit(syntax::ExpressionPtr& number, bool may_be_null);
  // Marks the collection as changed; 1579 if it was before.
  Result<> modify(syntax::CollectionName& collection);
  Result<> check_options(syntax::ExpressionPtr& options, std::span<const std::string_view> known,
                         const char* statement);

  value::Slice bind_variables_;
  std::unordered_map<std::string, size_t> parameter_numbers_;  // into result_.parameters
  const CatalogView& catalog_;
  ConstantEvaluator* evaluator_;
  AnalyzedQuery result_;
  std::vector<Binding> bindings_;
  std::vector<syntax::VariableId> elements_;
  std::vector<std::string> own_of_collect_;  // what the COLLECT introduces whose expressions are resolved
  bool values_decide_ = false;               // inside LIMIT and OPTIONS
  bool in_prune_ = false;
  bool ignores_existing_ = false;  // an INSERT with overwriteMode "ignore" went before
  std::set<std::string, std::less<>> read_, written_;
};

// " at position 1:2"
std::string at(syntax::Position position);

}  // namespace workerdb::aql::semantics
