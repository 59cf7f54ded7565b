#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

std::span<const Rule> all_rules() {
  static constexpr Rule kRules[] = {
      {"move-filters-up", move_filters_up},
      {"use-indexes", use_indexes},
      {"remove-filter-covered-by-index", remove_filter_covered_by_index},
      {"use-index-for-sort", use_index_for_sort},
      {"fuse-filters", fuse_filters},
      {"sort-limit", sort_limit},
  };
  return kRules;
}

}  // namespace workerdb::aql::optimize
