#include "aql/optimize/optimize.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aql/optimize/rules.h"
#include "aql/plan/build.h"

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
  bool is_number =
      dash != std::string_view::npos && dash + 2 == name.size() && name[dash + 1] >= '2' && name[dash + 1] <= '9';
  return is_number ? name.substr(0, dash) : name;
}

// FOR … OPTIONS { indexHint: …, forceIndexHint: true } where no hinted index came to use.
Result<> check_forced_hints(const Plan& chain) {
  for (const NodePtr& node : chain.nodes) {
    if (const Plan* inner = plan::subplan(*node)) TRY(check_forced_hints(*inner));
    const auto* scan = node->get_if<plan::EnumerateCollection>();
    if (scan == nullptr || scan->hints.disable_index || scan->hints.index_hint.empty()) continue;
    if (!scan->hints.force_index_hint) continue;
    return Error(ErrorCode::kQueryForcedIndexHintUnusable,
                 fmt::format("could not use forced index hint for collection '{}'; no index of that name can serve the "
                             "query",
                             scan->collection->name));
  }
  return {};
}

// A plan on its way through the rules.
struct Candidate {
  std::unique_ptr<Plan> own;  // null: the plan that was given
  size_t next_rule = 0;
  size_t decided_chains = 0;  // of the rule at next_rule: from here on it has not chosen yet
  bool changed = false;       // by that rule
  bool may_win = true;
};

class Optimization {
 public:
  Optimization(Plan& given, const RuleSettings& settings, Report& report)
      : given_(given),
        settings_(settings),
        report_(report),
        max_plans_(settings.max_plans != 0 ? settings.max_plans : RuleSettings().max_plans),
        verifies_(kAlwaysVerify || settings.verify) {}

  Result<> run() {
    if (verifies_) {
      if (auto defect = find_defect(given_)) return Error(ErrorCode::kInternal, "the plan is broken: " + *defect);
    }
    waiting_.emplace_back();
    while (!waiting_.empty()) {
      Candidate candidate = std::move(waiting_.back());
      waiting_.pop_back();
      TRY(finish(candidate));
      done_.push_back(std::move(candidate));
    }
    if (done_.size() > 1) choose();
    return {};
  }

 private:
  Plan& plan_of(Candidate& candidate) const { return candidate.own != nullptr ? *candidate.own : given_; }

  Result<> finish(Candidate& candidate) {
    Plan& plan = plan_of(candidate);
    Context context(plan, settings_);
    std::span<const Rule> rules = all_rules();
    for (; candidate.next_rule < rules.size(); ++candidate.next_rule) {
      const Rule& rule = rules[candidate.next_rule];
      if (!settings_.is_enabled(rule.name, rule.by_default, rule.is_required)) {
        ++report_.rules_skipped;
        continue;
      }
      ++report_.rules_executed;
      if (TRY(run(rule, context, candidate))) plan.applied_rules.emplace_back(rule.name);
    }
    if (settings_.is_enabled("use-indexes", true, false)) TRY(check_forced_hints(plan));
    plan::estimate(plan);
    return {};
  }

  Result<bool> run(const Rule& rule, Context& context, Candidate& candidate) {
    Plan& plan = plan_of(candidate);
    size_t chains = 0, decided = std::exchange(candidate.decided_chains, 0);
    bool changed = std::exchange(candidate.changed, false);
    plan::for_each_plan(plan, [&](Plan& chain) {
      if (context.error || chains++ < decided) return;
      changed |= rule.choices == nullptr ? rule.apply(context, chain)
                                         : choose(rule, context, candidate, chain, chains, changed);
    });
    if (context.error) return *std::move(context.error);
    if (!changed || !verifies_) return changed;
    if (auto defect = find_defect(plan)) {
      return Error(ErrorCode::kInternal, fmt::format("the rule {} broke the plan: {}", rule.name, *defect));
    }
    return changed;
  }

  // Takes the rule's own choice and puts a plan aside for each other one. `chains`: up to this one.
  bool choose(const Rule& rule, Context& context, const Candidate& candidate, Plan& chain, size_t chains,
              bool changed) {
    std::vector<Choice> choices = rule.choices(context, chain);
    for (size_t i = 1; i < choices.size() && report_.plans_created < max_plans_; ++i) {
      Candidate other;
      other.own = plan::clone(candidate.own != nullptr ? *candidate.own : given_);
      other.next_rule = candidate.next_rule;
      other.decided_chains = chains;
      other.may_win = candidate.may_win && choices[i].may_win;
      Context of_other(*other.own, settings_);
      size_t at = 0;
      plan::for_each_plan(*other.own, [&](Plan& copied) {
        if (++at == chains) other.changed = changed | choices[i].apply(of_other, copied);
      });
      ++report_.plans_created;
      waiting_.push_back(std::move(other));
    }
    return choices[0].apply(context, chain);
  }

  static double cost_of(const Plan& plan) { return plan.nodes.back()->estimated_cost; }

  // The cheapest of those that may win becomes the plan.
  void choose() {
    auto chosen = done_.begin();
    for (auto one = done_.begin(); one != done_.end(); ++one) {
      if (one->may_win && cost_of(plan_of(*one)) < cost_of(plan_of(*chosen))) chosen = one;
    }
    if (chosen->own != nullptr) std::swap(given_, *chosen->own);
    for (Candidate& other : done_) {
      if (other.own != nullptr) report_.others.push_back(std::move(other.own));
    }
    std::ranges::stable_sort(report_.others, {}, [](const auto& plan) { return cost_of(*plan); });
  }

  Plan& given_;
  const RuleSettings& settings_;
  Report& report_;
  const size_t max_plans_;
  const bool verifies_;
  std::vector<Candidate> waiting_, done_;
};

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

Result<> optimize(Plan& plan, const semantics::CatalogView&, const RuleSettings& settings, Report* report) {
  Report unread;
  return Optimization(plan, settings, report != nullptr ? *report : unread).run();
}

}  // namespace workerdb::aql::optimize
