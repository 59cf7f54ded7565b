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
  bool full_count = false;      // the query's last LIMIT counts what is behind it: nothing in front may stop early
  size_t max_plans = 128;       // that rules may make of the one; 0: the default
  bool all_plans = false;       // also those that cannot win are finished, for Report::others
  // Checks the plan after each rule that changed it; kInternal names the rule. Always on in debug builds.
  bool verify = false;

  // Required rules cannot be switched off; "all" does not wake up those that are off by default.
  bool is_enabled(std::string_view rule, bool by_default, bool is_required) const;
};

// "+name", "name", "-name", "+all", "-all". Unknown names are accepted and mean nothing.
base::Result<RuleSettings> parse_rule_settings(const std::vector<std::string>& rules);

// What a run did, over all of its plans.
struct Report {
  size_t plans_created = 1, rules_executed = 0, rules_skipped = 0;
  std::vector<std::unique_ptr<plan::Plan>> others;  // the plans that were not chosen, cheapest first
};

// Rewrites the plan and estimates rows and costs anew. Where rules see more than one way, a plan is made of each that
// may be the best, and the one with the least estimated cost stays; the first one of several. Errors:
// kQueryForcedIndexHintUnusable (1577). After an error the plan is not to be run. Thread-safe.
base::Result<> optimize(plan::Plan& plan, const semantics::CatalogView& catalog, const RuleSettings& settings,
                        Report* report = nullptr);

// A rule as users see it (GET /_api/query/rules). Rules of clusters and of index types that do not exist here are not
// among them.
struct RuleDescription {
  std::string_view name;
  bool is_hidden, can_be_disabled, can_create_plans, is_disabled_by_default;
};
std::vector<RuleDescription> rule_descriptions();

}  // namespace workerdb::aql::optimize
