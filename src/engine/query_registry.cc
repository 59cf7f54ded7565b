#include "engine/query_registry.h"

#include <algorithm>
#include <chrono>

#include "base/time.h"

namespace workerdb::engine {
namespace {

// Larger sets of bind variables are not kept for lists.
constexpr size_t kBindVariablesShown = 64 * 1024;
// How late a deadline or a client's leaving may be seen, and how long the thread stays up for the next query.
constexpr auto kWatchInterval = std::chrono::milliseconds(20);
constexpr int kIdleTurns = 50;

std::string shown(std::string_view text, uint64_t length) {
  if (text.size() <= length) return std::string(text);
  size_t end = length;
  auto is_inside_character = [&] { return (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; };
  while (end > 0 && is_inside_character()) --end;
  return std::string(text.substr(0, end)) + "...";
}

uint64_t rounded_up(uint64_t bytes) {
  constexpr uint64_t kStep = 32 * 1024;  // "in increments of 32KB"
  return (bytes + kStep - 1) / kStep * kStep;
}

RunningQuery describe(const TrackedQuery& query, Phase phase) {
  RunningQuery result;
  result.id = query.id;
  result.database = query.database;
  result.user = query.user;
  result.text = query.text;
  result.bind_variables = query.bind_variables;
  result.started_unix_ms = query.started_unix_ms;
  result.run_time_s = double(base::steady_time_ns() - query.started_steady_ns) / 1e9;
  result.state = kPhaseNames[size_t(phase)];
  result.stream = query.stream;
  result.modifies = query.modifies;
  result.warnings = query.warnings;
  result.peak_memory_bytes = rounded_up(query.control->peak_bytes());
  return result;
}

QueryTracking defaults(double slow_s) {
  QueryTracking tracking;
  tracking.slow_s = tracking.slow_stream_s = slow_s;
  return tracking;
}

}  // namespace

QueryRegistry::QueryRegistry(double slow_s) : default_tracking_(defaults(slow_s)) {}

QueryRegistry::~QueryRegistry() {
  if (!watch_.joinable()) return;
  watch_.request_stop();
  watch_.join();
}

const QueryTracking& QueryRegistry::tracking_of(std::string_view database) const {
  auto found = tracking_.find(database);
  return found != tracking_.end() ? found->second : default_tracking_;
}

std::shared_ptr<TrackedQuery> QueryRegistry::start(const Start& started) {
  auto query = std::make_shared<TrackedQuery>();
  query->id = started.id;
  query->database = started.database;
  query->user = started.user;
  query->started_unix_ms = base::unix_time_ms();
  query->started_steady_ns = base::steady_time_ns();
  query->deadline_ns = started.deadline_ns;
  query->stream = started.stream;
  query->cancelled_ = started.cancelled;
  ++started_;
  base::MutexLock lock(mutex_);
  const QueryTracking& tracking = tracking_of(started.database);
  query->is_listed = tracking.enabled;
  if (tracking.enabled) {
    query->text = shown(started.text, tracking.text_length);
    bool keeps = tracking.bind_variables && started.bind_variables.is_object() &&
                 started.bind_variables.byte_size() <= kBindVariablesShown;
    if (keeps) query->bind_variables = Buffer(started.bind_variables);
  }
  running_[query->id] = query;
  watch_if_needed(*query);
  return query;
}

void QueryRegistry::set_cancelled(TrackedQuery& query, CancelledFlag cancelled) {
  base::MutexLock lock(mutex_);
  query.cancelled_ = std::move(cancelled);
  if (running_.contains(query.id)) watch_if_needed(query);
}

void QueryRegistry::watch_if_needed(TrackedQuery& query) {
  if (query.is_watched_ || (query.deadline_ns == 0 && query.cancelled_ == nullptr)) return;
  query.is_watched_ = true;
  ++watched_;
  if (!watch_.joinable()) {
    watch_ = std::jthread([this](std::stop_token stop) { watch(stop); });
  } else if (is_asleep_) {
    wake_.notify_one();
  }
}

void QueryRegistry::watch(std::stop_token stop) {
  base::MutexLock lock(mutex_);
  int idle_turns = 0;
  while (!stop.stop_requested()) {
    idle_turns = watched_ == 0 ? idle_turns + 1 : 0;
    if (idle_turns > kIdleTurns) {
      is_asleep_ = true;
      wake_.wait(lock, stop, [this] { return watched_ > 0; });
      is_asleep_ = false;
      idle_turns = 0;
    }
    int64_t now = base::steady_time_ns();
    for (const auto& [id, query] : running_) {
      if (query->deadline_ns != 0 && now >= query->deadline_ns) query->control->expire();
      if (query->cancelled_ != nullptr && query->cancelled_->load(std::memory_order_relaxed)) {
        query->is_killed = true;
        query->control->kill();
      }
    }
    wake_.wait_for(lock, stop, kWatchInterval, [] { return false; });
  }
}

void QueryRegistry::finish(const TrackedQuery& query, int failed_with) {
  if (failed_with != 0) ++failed_;
  bool was_ended = failed_with == int(ErrorCode::kQueryKilled);
  base::MutexLock lock(mutex_);
  auto found = running_.find(query.id);
  if (found == running_.end()) return;
  if (found->second->is_watched_) --watched_;
  running_.erase(found);
  const QueryTracking& tracking = tracking_of(query.database);
  if (!query.is_listed || !tracking.enabled || !tracking.slow_queries || tracking.most_slow == 0) return;
  double took_s = double(base::steady_time_ns() - query.started_steady_ns) / 1e9;
  if (took_s < (query.stream ? tracking.slow_stream_s : tracking.slow_s)) return;
  auto& slow = slow_[query.database];
  slow.push_back(describe(query, was_ended ? Phase::kKilled : Phase::kFinished));
  slow.back().exit_code = failed_with;
  while (slow.size() > tracking.most_slow) slow.pop_front();
}

bool QueryRegistry::kill(std::string_view database, std::string_view user, uint64_t id) {
  base::MutexLock lock(mutex_);
  auto found = running_.find(id);
  if (found == running_.end()) return false;
  if (!database.empty() && found->second->database != database) return false;
  if (!user.empty() && found->second->user != user) return false;
  found->second->is_killed = true;
  found->second->control->kill();
  return true;
}

std::vector<RunningQuery> QueryRegistry::running(std::string_view database) const {
  base::MutexLock lock(mutex_);
  std::vector<RunningQuery> result;
  for (const auto& [id, query] : running_) {
    if (!query->is_listed || !(database.empty() || query->database == database)) continue;
    result.push_back(describe(*query, query->is_killed ? Phase::kKilled : query->phases.current()));
  }
  return result;
}

std::vector<RunningQuery> QueryRegistry::slow(std::string_view database) const {
  base::MutexLock lock(mutex_);
  std::vector<RunningQuery> result;
  for (const auto& [name, queries] : slow_) {
    if (database.empty() || name == database) result.insert(result.end(), queries.begin(), queries.end());
  }
  return result;
}

void QueryRegistry::clear_slow(std::string_view database) {
  base::MutexLock lock(mutex_);
  std::erase_if(slow_, [&](const auto& entry) { return database.empty() || entry.first == database; });
}

QueryTracking QueryRegistry::tracking(std::string_view database) const {
  base::MutexLock lock(mutex_);
  return tracking_of(database);
}

void QueryRegistry::set_tracking(std::string_view database, const QueryTracking& tracking) {
  base::MutexLock lock(mutex_);
  tracking_[std::string(database)] = tracking;
  auto slow = slow_.find(database);
  if (slow == slow_.end()) return;
  if (!tracking.bind_variables) {
    for (RunningQuery& query : slow->second) query.bind_variables = {};
  }
  while (slow->second.size() > tracking.most_slow) slow->second.pop_front();
}

void QueryRegistry::forget(std::string_view database) {
  base::MutexLock lock(mutex_);
  if (auto found = tracking_.find(database); found != tracking_.end()) tracking_.erase(found);
  if (auto found = slow_.find(database); found != slow_.end()) slow_.erase(found);
}

uint64_t QueryRegistry::running_count() const {
  base::MutexLock lock(mutex_);
  return running_.size();
}

}  // namespace workerdb::engine
