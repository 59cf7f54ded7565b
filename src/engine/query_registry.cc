#include "engine/query_registry.h"

#include "base/time.h"

namespace workerdb::engine {
namespace {

constexpr size_t kSlowQueriesKept = 64;
// What is shown of a text and its bind variables (the documentation's default of --query.max-query-length).
constexpr size_t kTextShown = 4096, kBindVariablesShown = 64 * 1024;

RunningQuery describe(const TrackedQuery& query, std::string state) {
  RunningQuery result{query.id, query.database, query.user, query.text, {}, query.started_unix_ms};
  if (query.bind_variables.bytes().size() <= kBindVariablesShown) result.bind_variables = query.bind_variables;
  result.run_time_s = double(base::steady_time_ns() - query.started_steady_ns) / 1e9;
  result.state = std::move(state);
  result.stream = query.stream;
  result.peak_memory_bytes = query.peak_memory_bytes;
  return result;
}

}  // namespace

void TrackedQuery::attach(aql::execute::Execution* execution) {
  base::MutexLock lock(mutex_);
  execution_ = execution;
  if (killed_ && execution_ != nullptr) execution_->kill();
}

void TrackedQuery::kill() {
  base::MutexLock lock(mutex_);
  killed_ = true;
  if (execution_ != nullptr) execution_->kill();
}

std::shared_ptr<TrackedQuery> QueryRegistry::start(uint64_t id, std::string_view database, std::string_view user,
                                                   std::string_view text, Slice bind_variables, bool stream) {
  auto query = std::make_shared<TrackedQuery>();
  query->id = id;
  query->database = database;
  query->user = user;
  query->text = text.substr(0, kTextShown);
  if (bind_variables.is_object()) query->bind_variables = Buffer(bind_variables);
  query->started_unix_ms = base::unix_time_ms();
  query->started_steady_ns = base::steady_time_ns();
  query->stream = stream;
  ++started_;
  base::MutexLock lock(mutex_);
  running_[id] = query;
  return query;
}

void QueryRegistry::finish(const TrackedQuery& query, bool failed, double slow_s) {
  if (failed) ++failed_;
  RunningQuery ended = describe(query, "finished");
  base::MutexLock lock(mutex_);
  running_.erase(query.id);
  if (ended.run_time_s < slow_s) return;
  slow_.push_back(std::move(ended));
  if (slow_.size() > kSlowQueriesKept) slow_.pop_front();
}

bool QueryRegistry::kill(std::string_view database, uint64_t id) {
  base::MutexLock lock(mutex_);
  auto found = running_.find(id);
  if (found == running_.end() || found->second->database != database) return false;
  found->second->kill();
  return true;
}

std::vector<RunningQuery> QueryRegistry::running(std::string_view database) const {
  base::MutexLock lock(mutex_);
  std::vector<RunningQuery> result;
  for (const auto& [id, query] : running_) {
    if (query->database == database) result.push_back(describe(*query, query->killed() ? "killed" : "executing"));
  }
  return result;
}

std::vector<RunningQuery> QueryRegistry::slow(std::string_view database) const {
  base::MutexLock lock(mutex_);
  std::vector<RunningQuery> result;
  for (const auto& query : slow_) {
    if (query.database == database) result.push_back(query);
  }
  return result;
}

void QueryRegistry::clear_slow(std::string_view database) {
  base::MutexLock lock(mutex_);
  std::erase_if(slow_, [&](const RunningQuery& query) { return query.database == database; });
}

uint64_t QueryRegistry::running_count() const {
  base::MutexLock lock(mutex_);
  return running_.size();
}

}  // namespace workerdb::engine
