#pragma once
// From a plan as the query was written to one that gives the same rows sooner. Each rule stands in a file of
// its own (see rules.h); the driver runs those that are switched on, in the order of the table in rules.cc,
// and records the names of those that changed something in Plan::applied_rules.
//
// Names and order are those of the documentation ("AQL › Execution and performance › Query optimization").
#include <string>
#include <string_view>
#include <vector>

#include "aql/plan/node.h"
#include "aql/semantics/catalog_view.h"
#include "base/result.h"

namespace workerdb::aql::optimize {

// Which rules a query wants, from the option `optimizer.rules`.
struct RuleSettings {
  struct Change {
    std::string name;  // a rule, or "all"
    bool enable = true;
  };
  std::vector<Change> changes;  // applied from left to right; the last one that names a rule wins
  bool full_count =
      false;  // the query's last LIMIT counts what is behind it: nothing in front may stop early
  // Checks the plan after each rule that changed it; kInternal names the rule. Always on in debug builds.
  bool verify = false;

  // Required rules cannot be switched off; "all" does not wake up those that are off by default.
  bool is_enabled(std::string_view rule, bool by_default, bool is_required) const;
};

// "+name", "name", "-name", "+all", "-all". Unknown names are accepted and mean nothing.
base::Result<RuleSettings> parse_rule_settings(const std::vector<std::string>& rules);

struct RuleTime {
  std::string_view rule;
  int64_t time_ns;
  bool changed;
};

// Rewrites the plan in place and estimates rows and costs anew. Errors: kQueryForcedIndexHintUnusable (1577).
// After an error the plan is not to be run. `times`, if given, takes an entry for each rule that ran.
// Thread-safe.
base::Result<> optimize(plan::Plan& plan, const semantics::CatalogView& catalog, const RuleSettings& settings,
                        std::vector<RuleTime>* times = nullptr);

}  // namespace workerdb::aql::optimize
