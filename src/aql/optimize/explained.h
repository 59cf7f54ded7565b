#pragma once
// For tests: query text in, plan text out. The catalog is testing_catalog.h's.
#include <string>
#include <vector>

#include "aql/optimize/optimize.h"
#include "aql/plan/build.h"
#include "aql/plan/explain.h"
#include "aql/semantics/analyze.h"
#include "aql/semantics/testing_catalog.h"
#include "aql/syntax/parser.h"

namespace workerdb::aql::optimize {

inline base::Result<std::unique_ptr<plan::Plan>> optimized(const std::string& catalog_text, const std::string& query,
                                                           const std::vector<std::string>& rules = {},
                                                           bool full_count = false) {
  semantics::TestingCatalog catalog(catalog_text);
  auto parsed = TRY(syntax::parse(query));
  auto analyzed = TRY(semantics::analyze(std::move(*parsed), value::Slice(), catalog, nullptr));
  auto plan = TRY(plan::build(std::move(analyzed)));
  RuleSettings settings = TRY(parse_rule_settings(rules));
  settings.verify = true;
  settings.full_count = full_count;
  TRY(optimize(*plan, catalog, settings));
  return plan;
}

// What stands behind the titles of explain_text, squeezed: one line a node without its number and its
// estimate, then a line for each index with its condition. Errors as "error 1577".
inline std::string explained(const std::string& catalog, const std::string& query,
                             const std::vector<std::string>& rules = {}, bool full_count = false) {
  auto plan = optimized(catalog, query, rules, full_count);
  if (!plan) return "error " + std::to_string(plan.error().number()) + ": " + plan.error().message();
  std::istringstream lines(plan::explain_text(**plan));
  std::string result;
  bool in_indexes = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Optimization")) break;
    if (line.starts_with("Indexes used")) in_indexes = true;
    if (line.size() < 42 && !in_indexes) continue;
    if (line.size() < 6 || line[2] < '0' || line[2] > '9') continue;
    if (in_indexes) {
      size_t percent = line.find('%');
      result += line.substr(6, line.find(' ', 6) - 6) + ": " + line.substr(percent + 4) + "\n";
    } else if (line.find("ROOT") == std::string::npos) {
      std::string rest = line.substr(line.find_first_not_of(" 0123456789", 30));
      result += rest.substr(2) + "\n";
    }
  }
  return result;
}

}  // namespace workerdb::aql::optimize
