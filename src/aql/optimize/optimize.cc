#include "aql/optimize/optimize.h"

#include <fmt/format.h>

#include <algorithm>

#include "aql/optimize/rules.h"
#include "aql/plan/build.h"
#include "base/time.h"

namespace workerdb::aql::optimize {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

#ifdef NDEBUG
constexpr bool kAlwaysVerify = false;
#else
constexpr bool kAlwaysVerify = true;
#endif

// The documentation numbers further runs of one rule: "move-filters-up-2". All of them go by the name without
// number.
std::string_view without_number(std::string_view name) {
  size_t dash = name.rfind('-');
  bool is_number = dash != std::string_view::npos && dash + 2 == name.size() && name[dash + 1] >= '2' &&
                   name[dash + 1] <= '9';
  return is_number ? name.substr(0, dash) : name;
}

// FOR … OPTIONS { indexHint: …, forceIndexHint: true } where no hinted index came to use.
Result<> check_forced_hints(const Plan& chain) {
  for (const NodePtr& node : chain.nodes) {
    if (const Plan* inner = plan::subplan(*node)) TRY(check_forced_hints(*inner));
    const auto* scan = node->get_if<plan::EnumerateCollection>();
    if (scan == nullptr || scan->hints.disable_index || scan->hints.index_hint.empty()) continue;
    if (!scan->hints.force_index_hint) continue;
    return Error(
        ErrorCode::kQueryForcedIndexHintUnusable,
        fmt::format(
            "could not use forced index hint for collection '{}'; no index of that name can serve the "
            "query",
            scan->collection->name));
  }
  return {};
}

Result<bool> run(const Rule& rule, Context& context, Plan& plan, bool verifies) {
  bool changed = false;
  plan::for_each_plan(plan, [&](Plan& chain) {
    if (!context.error) changed |= rule.apply(context, chain);
  });
  if (context.error) return *std::move(context.error);
  if (!changed || !verifies) return changed;
  if (auto defect = find_defect(plan)) {
    return Error(ErrorCode::kInternal, fmt::format("the rule {} broke the plan: {}", rule.name, *defect));
  }
  return changed;
}

}  // namespace

bool RuleSettings::is_enabled(std::string_view rule, bool by_default, bool is_required) const {
  if (is_required) return true;
  bool result = by_default;
  for (const Change& change : changes) {
    if (change.name == "all") {
      result = change.enable && by_default;
    } else if (change.name == rule || change.name == without_number(rule)) {
      result = change.enable;
    }
  }
  return result;
}

Result<RuleSettings> parse_rule_settings(const std::vector<std::string>& rules) {
  RuleSettings settings;
  for (std::string_view rule : rules) {
    bool enable = !rule.starts_with('-');
    if (rule.starts_with('-') || rule.starts_with('+')) rule.remove_prefix(1);
    if (!rule.empty()) settings.changes.push_back({std::string(rule), enable});
  }
  return settings;
}

Result<> optimize(Plan& plan, const semantics::CatalogView&, const RuleSettings& settings,
                  std::vector<RuleTime>* times) {
  Context context(plan, settings);
  bool verifies = kAlwaysVerify || settings.verify;
  if (verifies) {
    if (auto defect = find_defect(plan)) return Error(ErrorCode::kInternal, "the plan is broken: " + *defect);
  }
  for (const Rule& rule : all_rules()) {
    if (!settings.is_enabled(rule.name, rule.by_default, rule.is_required)) continue;
    int64_t start_ns = base::steady_time_ns();
    bool changed = TRY(run(rule, context, plan, verifies));
    if (times != nullptr) times->push_back({rule.name, base::steady_time_ns() - start_ns, changed});
    if (changed) plan.applied_rules.emplace_back(rule.name);
  }
  if (settings.is_enabled("use-indexes", true, false)) TRY(check_forced_hints(plan));
  plan::estimate(plan);
  return {};
}

}  // namespace workerdb::aql::optimize
