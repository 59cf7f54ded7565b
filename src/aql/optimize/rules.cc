#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

std::span<const Rule> all_rules() {
  static constexpr Rule kRules[] = {
      {"inline-subqueries", inline_subqueries},
      {"replace-entries-with-object-iteration", replace_entries_with_object_iteration},
      {"simplify-conditions", simplify_conditions},
      {"move-calculations-up", move_calculations_up},
      {"move-filters-up", move_filters_up},
      {"remove-redundant-calculations", remove_redundant_calculations},
      {"remove-unnecessary-filters", remove_unnecessary_filters},
      {"remove-unnecessary-calculations", remove_unnecessary_calculations},
      {"specialize-collect", nullptr, true, true, true, specialize_collect},
      {"remove-redundant-sorts", remove_redundant_sorts},
      {"optimize-subqueries", optimize_subqueries},
      {"propagate-constant-attributes", propagate_constant_attributes},
      {"replace-or-with-in", replace_or_with_in},
      {"remove-redundant-or", remove_redundant_or},
      // Behind the removal of calculations, conditions read attributes where they read variables before.
      {"move-calculations-up-2", move_calculations_up},
      {"move-filters-up-2", move_filters_up},
      {"replace-equal-attribute-accesses", replace_equal_attribute_accesses, false},
      {"remove-redundant-sorts-2", remove_redundant_sorts},
      {"remove-sort-rand-limit-1", remove_sort_rand_limit_1},
      {"replace-any-eq-with-in", replace_any_eq_with_in},
      {"interchange-adjacent-enumerations", nullptr, true, false, false, interchange_adjacent_enumerations},
      {"remove-collect-variables", remove_collect_variables},
      {"remove-data-modification-out-variables", remove_data_modification_out_variables},
      // Asks for a range only where an index serves it, so that it waits until the conditions stand at their scans.
      {"replace-like-with-range", replace_like_with_range},
      {"use-indexes", use_indexes},
      {"remove-filter-covered-by-index", remove_filter_covered_by_index},
      {"remove-unnecessary-filters-2", remove_unnecessary_filters},
      {"use-index-for-sort", use_index_for_sort},
      {"use-index-for-collect", use_index_for_collect},
      {"sort-in-values", sort_in_values},
      {"optimize-count", optimize_count},
      {"remove-unnecessary-calculations-2", remove_unnecessary_calculations},
      {"optimize-traversal-last-element-access", optimize_traversal_last_element_access},
      {"optimize-traversals", optimize_traversals},
      {"remove-filter-covered-by-traversal", remove_filter_covered_by_traversal},
      {"remove-redundant-path-var", remove_redundant_path_var},
      {"optimize-traversals-2", optimize_traversal_outputs},
      {"optimize-paths", optimize_paths},
      {"handle-arangosearch-views", handle_arangosearch_views, true, true},
      {"move-calculations-down", move_calculations_down},
      {"fuse-filters", fuse_filters},
      {"move-filters-into-enumerate", move_filters_into_enumerate},
      {"sort-limit", sort_limit},
      {"reduce-extraction-to-projection", reduce_extraction_to_projection},
      {"late-document-materialization-arangosearch", late_document_materialization_arangosearch},
      {"late-document-materialization", late_document_materialization},
      {"push-limit-into-index", push_limit_into_index},
      {"batch-materialize-documents", batch_materialize_documents},
      {"push-down-late-materialization", push_down_late_materialization},
      {"materialize-into-separate-variable", materialize_into_separate_variable, true, true},
      {"optimize-projections", optimize_projections},
  };
  return kRules;
}

std::vector<RuleDescription> rule_descriptions() {
  std::vector<RuleDescription> result;
  for (const Rule& rule : all_rules()) {
    result.push_back({rule.name, rule.is_hidden, !rule.is_required, rule.choices != nullptr, !rule.by_default});
  }
  return result;
}

}  // namespace workerdb::aql::optimize
