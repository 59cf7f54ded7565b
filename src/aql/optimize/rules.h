#pragma once
// The rules, one a file of its name. Each rewrites one chain of nodes (the driver visits every subplan, from
// the inside out) and says whether it changed anything. Internal to this folder.
#include <functional>
#include <span>

#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

using RuleFunction = bool (*)(Context& context, Plan& chain);

// One of several things that a rule may do with a chain. It is given the chain as it was, or a copy of it; false: it
// changed nothing.
struct Choice {
  std::function<bool(Context& context, Plan& chain)> apply;
  bool may_win = true;  // false: looked at only where all plans are wanted
};
// The first one is the rule's own choice. Never empty.
using ChoicesFunction = std::vector<Choice> (*)(Context& context, Plan& chain);

struct Rule {
  std::string_view name;
  RuleFunction apply;
  bool by_default = true;
  bool is_required = false;
  bool is_hidden = false;
  ChoicesFunction choices = nullptr;  // instead of `apply`, for a rule that may make several plans of one
};
// In the order in which they run.
std::span<const Rule> all_rules();

bool batch_materialize_documents(Context& context, Plan& chain);
bool fuse_filters(Context& context, Plan& chain);
bool inline_subqueries(Context& context, Plan& chain);
bool handle_arangosearch_views(Context& context, Plan& chain);
std::vector<Choice> interchange_adjacent_enumerations(Context& context, Plan& chain);
bool late_document_materialization(Context& context, Plan& chain);
bool late_document_materialization_arangosearch(Context& context, Plan& chain);
bool materialize_into_separate_variable(Context& context, Plan& chain);
bool move_calculations_down(Context& context, Plan& chain);
bool move_calculations_up(Context& context, Plan& chain);
bool move_filters_into_enumerate(Context& context, Plan& chain);
bool move_filters_up(Context& context, Plan& chain);
bool optimize_count(Context& context, Plan& chain);
bool optimize_projections(Context& context, Plan& chain);
bool optimize_subqueries(Context& context, Plan& chain);
bool optimize_paths(Context& context, Plan& chain);
bool optimize_traversal_last_element_access(Context& context, Plan& chain);
bool optimize_traversal_outputs(Context& context, Plan& chain);
bool optimize_traversals(Context& context, Plan& chain);
bool propagate_constant_attributes(Context& context, Plan& chain);
bool push_down_late_materialization(Context& context, Plan& chain);
bool push_limit_into_index(Context& context, Plan& chain);
bool reduce_extraction_to_projection(Context& context, Plan& chain);
bool remove_collect_variables(Context& context, Plan& chain);
bool remove_data_modification_out_variables(Context& context, Plan& chain);
bool remove_filter_covered_by_index(Context& context, Plan& chain);
bool remove_filter_covered_by_traversal(Context& context, Plan& chain);
bool remove_redundant_path_var(Context& context, Plan& chain);
bool remove_redundant_calculations(Context& context, Plan& chain);
bool remove_redundant_or(Context& context, Plan& chain);
bool remove_redundant_sorts(Context& context, Plan& chain);
bool remove_unnecessary_calculations(Context& context, Plan& chain);
bool remove_unnecessary_filters(Context& context, Plan& chain);
bool remove_sort_rand_limit_1(Context& context, Plan& chain);
bool replace_any_eq_with_in(Context& context, Plan& chain);
bool replace_entries_with_object_iteration(Context& context, Plan& chain);
bool replace_equal_attribute_accesses(Context& context, Plan& chain);
bool replace_like_with_range(Context& context, Plan& chain);
bool replace_or_with_in(Context& context, Plan& chain);
bool simplify_conditions(Context& context, Plan& chain);
bool sort_in_values(Context& context, Plan& chain);
bool sort_limit(Context& context, Plan& chain);
std::vector<Choice> specialize_collect(Context& context, Plan& chain);
bool use_index_for_collect(Context& context, Plan& chain);
bool use_index_for_sort(Context& context, Plan& chain);
bool use_indexes(Context& context, Plan& chain);

// Says what is wrong with a plan: a variable that is read before it is set, or set twice, a chain without its
// first node. Nothing for a sound one.
std::optional<std::string> find_defect(const Plan& plan);

}  // namespace workerdb::aql::optimize
