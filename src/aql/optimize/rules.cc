#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

std::span<const Rule> all_rules() {
  static constexpr Rule kRules[] = {
      {"fuse-filters", fuse_filters},
  };
  return kRules;
}

}  // namespace workerdb::aql::optimize
