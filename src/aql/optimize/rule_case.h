#pragma once
// For tests: one query for each rule, and the plan without and with it.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "aql/optimize/explained.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

inline const char kRuleCatalog[] = R"(users 1000 persistent(age,name) persistent(email)/unique persistent(a,b,c,+d)
edges 5000 edge
plain 100
view found users)";

struct RuleCase {
  std::string rule, query;
  std::vector<std::string> also;  // settings of other rules in both runs
  std::string without, with;      // equal where a plan's text does not show what the rule does
};

inline std::vector<RuleCase>& rule_cases() {
  static std::vector<RuleCase> cases;
  return cases;
}
inline bool add_rule_cases(std::vector<RuleCase> more) {
  std::ranges::move(more, std::back_inserter(rule_cases()));
  return true;
}

}  // namespace workerdb::aql::optimize
