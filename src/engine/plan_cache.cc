#include "engine/plan_cache.h"

#include <algorithm>
#include <functional>

#include "base/time.h"

namespace workerdb::engine {
namespace {

// Collections are counted again so often at most.
constexpr int64_t kCheckInterval_ns = 1'000'000'000;
constexpr uint64_t kSmallCollection = 1000;
// What a plan with its program takes beside its text.
constexpr size_t kBytesOfPlan = 16 << 10;

std::string joined(const std::vector<std::string>& rules) {
  std::string all;
  for (const auto& rule : rules) all += rule + '\n';
  return all;
}

bool has_drifted(uint64_t then, uint64_t now) {
  uint64_t less = std::min(then, now), more = std::max(then, now);
  return more > kSmallCollection && more / 2 > less;
}

bool still_holds(const storage::Store& store, const storage::Database& database, const CachedPlan& plan) {
  if (!means_the_same(store, database, *plan.query)) return false;
  int64_t now = base::steady_time_ns(), next = plan.next_check_ns.load(std::memory_order_relaxed);
  if (now < next) return true;
  plan.next_check_ns.store(now + kCheckInterval_ns, std::memory_order_relaxed);
  return std::ranges::none_of(plan.query->sources, [&](const auto& source) {
    return source.collection != nullptr && has_drifted(source.documents, store.document_count(*source.collection));
  });
}

// What a rule may see of a value that it does not look into.
void append_kind(Slice value, std::string& to) {
  constexpr size_t kNestingCounted = 5000;  // compiled_query.cc bounds what a plan may hold
  to += char(value.type());
  if (!value.is_array() && !value.is_object()) return;
  bool holds_null = false;
  for (value::ArrayIterator item(value); item.valid() && !holds_null; item.next()) holds_null = item.value().is_null();
  size_t levels = value.nesting(kNestingCounted);
  to += value.size() == 0 ? '0' : value.size() == 1 ? '1' : 'n';
  to += holds_null ? 'n' : '-';
  to += char(levels & 0xff), to += char(levels >> 8);
}

Buffer collection_variables(const aql::plan::Plan& plan, Slice bind_variables) {
  Builder variables;
  variables.open_object();
  for (const auto& parameter : plan.parameters) {
    if (parameter.name.starts_with('@')) variables.add(parameter.name, bind_variables.get(parameter.name));
  }
  variables.close();
  return variables.take();
}

}  // namespace

uint64_t PlanCache::hash_of(uint64_t database_id, std::string_view text, const QueryOptions& options) {
  uint64_t hash = std::hash<std::string_view>()(text);
  return hash ^ (database_id * 0x9e3779b97f4a7c15u) ^ (options.full_count ? 0x5bd1e995u : 0);
}

PlanCache::Texts::iterator PlanCache::find_text(uint64_t hash, uint64_t database_id, std::string_view text,
                                                const QueryOptions& options) {
  auto [first, last] = by_hash_.equal_range(hash);
  for (; first != last; ++first) {
    Text& found = *first->second;
    if (found.database_id == database_id && found.full_count == options.full_count &&
        found.fail_on_warning == options.fail_on_warning && found.text == text &&
        found.rules == joined(options.optimizer_rules)) {
      return first->second;
    }
  }
  return texts_.end();
}

std::optional<std::string> PlanCache::variant_of(const Text& text, Slice bind_variables, bool with_values) const {
  std::string variant;
  size_t given = bind_variables.is_object() ? bind_variables.size() : 0;
  if (given != text.parameters.size()) return std::nullopt;  // analysis will say what is missing or too much
  for (const auto& parameter : text.parameters) {
    Slice value = bind_variables.get(parameter.name);
    if (value.is_none()) return std::nullopt;
    if (!with_values && !parameter.decides) {
      append_kind(value, variant);
      continue;
    }
    std::string_view bytes = value.bytes();
    if (variant.size() + bytes.size() > limits_.value_bytes) return std::nullopt;
    variant.append(bytes);
  }
  return variant;
}

CachedPlanPtr PlanCache::find(const storage::Store& store, const storage::Database& database, std::string_view text,
                              Slice bind_variables, const QueryOptions& options) {
  if (text.size() > limits_.text_bytes) return nullptr;
  uint64_t hash = hash_of(database.id, text, options);
  CachedPlanPtr found;
  std::optional<std::string> variant;
  {
    base::MutexLock lock(mutex_);
    auto at = find_text(hash, database.id, text, options);
    if (at == texts_.end()) return nullptr;
    variant = variant_of(*at, bind_variables, !at->takes_other_values);
    if (!variant) return nullptr;
    auto plan = at->plans.find(*variant);
    if (plan == at->plans.end()) return nullptr;
    found = plan->second;
    texts_.splice(texts_.begin(), texts_, at);
  }
  if (still_holds(store, database, *found)) {
    found->hits.fetch_add(1, std::memory_order_relaxed);
    return found;
  }
  base::MutexLock lock(mutex_);
  auto at = find_text(hash, database.id, text, options);
  if (at == texts_.end()) return nullptr;
  auto plan = at->plans.find(*variant);
  if (plan != at->plans.end() && plan->second == found) drop_plan(*at, *variant);
  if (at->plans.empty()) erase(at, hash);
  return nullptr;
}

CachedPlanPtr PlanCache::add(const storage::Database& database, std::string_view text, Slice bind_variables,
                             const QueryOptions& options, CompiledQueryPtr query) {
  if (text.size() > limits_.text_bytes) return nullptr;
  uint64_t hash = hash_of(database.id, text, options);
  auto plan = std::make_shared<CachedPlan>();
  plan->created_unix_ms = base::unix_time_ms();
  plan->next_check_ns = base::steady_time_ns() + kCheckInterval_ns;
  base::MutexLock lock(mutex_);
  auto at = find_text(hash, database.id, text, options);
  if (at == texts_.end()) {
    texts_.push_front({std::string(text),
                       database.id,
                       options.full_count,
                       options.fail_on_warning,
                       joined(options.optimizer_rules),
                       query->plan->parameters,
                       true,
                       {}});
    at = texts_.begin();
    by_hash_.emplace(hash, at);
  }
  if (!query->serves_other_values && at->takes_other_values) {
    // What was found by kinds may not hold for other values either: it begins anew.
    while (!at->plans.empty()) drop_plan(*at, std::string(at->plans.begin()->first));
    at->takes_other_values = false;
  }
  auto variant = variant_of(*at, bind_variables, !at->takes_other_values);
  if (!variant) {
    if (at->plans.empty()) erase(at, hash);
    return nullptr;
  }
  plan->key = hash ^ std::hash<std::string>()(*variant);
  plan->bytes = kBytesOfPlan + 4 * text.size() + variant->size();
  plan->collection_variables = collection_variables(*query->plan, bind_variables);
  plan->query = std::move(query);
  if (at->plans.contains(*variant)) drop_plan(*at, *variant);
  at->plans.emplace(*std::move(variant), plan);
  ++plans_;
  bytes_ += plan->bytes;
  shrink();
  return plan;
}

void PlanCache::drop_plan(Text& text, const std::string& variant) {
  auto plan = text.plans.find(variant);
  --plans_;
  bytes_ -= plan->second->bytes;
  text.plans.erase(plan);
}

void PlanCache::erase(Texts::iterator text, uint64_t hash) {
  auto [first, last] = by_hash_.equal_range(hash);
  for (; first != last; ++first) {
    if (first->second != text) continue;
    by_hash_.erase(first);
    break;
  }
  for (const auto& [variant, plan] : text->plans) {
    --plans_;
    bytes_ -= plan->bytes;
  }
  texts_.erase(text);
}

// The text that was not used for the longest time goes first, with all its plans; one text alone loses plans at random.
void PlanCache::shrink() {
  while (plans_ > limits_.entries || bytes_ > limits_.bytes) {
    auto last = std::prev(texts_.end());
    if (texts_.size() == 1) {
      drop_plan(*last, std::string(last->plans.begin()->first));
      if (!last->plans.empty()) continue;
    }
    QueryOptions of_text;
    of_text.full_count = last->full_count;
    erase(last, hash_of(last->database_id, last->text, of_text));
    if (texts_.empty()) return;
  }
}

bool PlanCache::is_quick(const storage::Database& database, std::string_view text, uint64_t at_most_ns) const {
  QueryOptions plain;
  base::MutexLock lock(mutex_);
  auto at = const_cast<PlanCache*>(this)->find_text(hash_of(database.id, text, plain), database.id, text, plain);
  if (at == const_cast<PlanCache*>(this)->texts_.end() || at->plans.empty()) return false;
  return std::ranges::all_of(at->plans, [&](const auto& entry) {
    uint64_t average_ns = entry.second->average_run_ns.load(std::memory_order_relaxed);
    return average_ns != 0 && average_ns <= at_most_ns && !entry.second->query->plan->modifies();
  });
}

std::vector<CachedPlanDescription> PlanCache::list(const storage::Database& database) const {
  base::MutexLock lock(mutex_);
  std::vector<CachedPlanDescription> result;
  for (const Text& text : texts_) {
    if (text.database_id != database.id) continue;
    for (const auto& [variant, plan] : text.plans) {
      if (!plan->is_listed) continue;
      CachedPlanDescription entry;
      entry.key = plan->key;
      entry.text = text.text;
      entry.text_hash = std::hash<std::string_view>()(text.text);
      entry.full_count = text.full_count;
      entry.created_unix_ms = plan->created_unix_ms;
      entry.hits = plan->hits;
      entry.bytes = plan->bytes;
      for (const auto& source : plan->query->sources) {
        if (source.collection != nullptr) entry.collections.push_back(source.collection->name);
      }
      entry.bind_variables = plan->collection_variables;
      result.push_back(std::move(entry));
    }
  }
  return result;
}

void PlanCache::clear(const storage::Database& database) {
  base::MutexLock lock(mutex_);
  for (auto text = texts_.begin(); text != texts_.end();) {
    auto next = std::next(text);
    if (text->database_id == database.id) {
      QueryOptions of_text;
      of_text.full_count = text->full_count;
      erase(text, hash_of(text->database_id, text->text, of_text));
    }
    text = next;
  }
}

size_t PlanCache::size() const {
  base::MutexLock lock(mutex_);
  return plans_;
}

}  // namespace workerdb::engine
