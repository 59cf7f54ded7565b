#include "engine/cursor.h"

#include <fmt/format.h>

#include "aql/plan/explain.h"
#include "base/process_memory.h"
#include "base/time.h"

namespace workerdb::engine {
namespace {

constexpr size_t kRowsAtOnce = 1000;

}  // namespace

Cursor::State::~State() {
  // Nobody read the stream to its end.
  if (!finished) core->queries.finish(*tracked, int(ErrorCode::kQueryKilled));
}

void Cursor::State::fail(const Error& error) {
  if (finished) return;
  finished = true;
  core->queries.finish(*tracked, int(error.code()));
}

Result<> Cursor::State::finish() {
  if (finished) return {};
  finished = true;
  tracked->phases.enter(Phase::kFinalizing);
  constexpr uint64_t kMuchBytes = uint64_t(8) << 20;
  if (execution != nullptr) {
    tracked->warnings = execution->warning_count();
    if (execution->statistics().peak_memory_bytes > kMuchBytes) base::freed_much_memory();
  }
  if (cached != nullptr && !options.stream) cached->ran(uint64_t(base::steady_time_ns() - tracked->started_steady_ns));
  Result<> committed;
  if (own_transaction != nullptr) committed = own_transaction->commit();
  tracked->phases.enter(Phase::kFinished);
  core->queries.finish(*tracked, committed ? 0 : int(committed.error().code()));
  return committed;
}

Result<> Cursor::State::materialize() {
  kept = std::make_unique<KeptRows>(core->folder, spill_from_bytes, core->query_memory);
  for (;;) {
    auto rows = TRY(execution->next(kRowsAtOnce));
    uint64_t in_memory_before = kept->in_memory_bytes();
    TRY(kept->add(rows));
    if (kept->bytes() > largest_result_bytes) {
      return Error(ErrorCode::kResourceLimit, "query would use more memory than allowed");
    }
    TRY(execution->keep(kept->in_memory_bytes() - in_memory_before));
    if (rows.empty()) break;
  }
  row_count = kept->rows();
  if (recorder != nullptr) keep_result();
  return finish();
}

// While the transaction is open: only then it can be asked what it saw.
void Cursor::State::keep_result() {
  if (execution->warning_count() > 0 || !kept->are_in_memory() || !core->results.is_small_enough(kept->bytes())) return;
  auto also_read = recorder->take();
  auto versions = core->results.versions_of(*core->store, *database, *own_transaction, *compiled, also_read);
  if (!versions) return;
  auto result = std::make_shared<CachedResult>();
  result->text = text;
  result->bind_variables = bind_variables;
  result->query = compiled;
  result->versions = *std::move(versions);
  result->also_read = std::move(also_read);
  result->chunks = std::make_shared<RowChunks>(kept->copy());
  result->row_count = row_count;
  result->bytes = kept->bytes();
  result->extra = make_extra(false);
  result->run_time_s = double(base::steady_time_ns() - tracked->started_steady_ns) / 1e9;
  core->results.add(*core->store, *database, result_generation, std::move(result), options);
}

void Cursor::State::serve(CachedResultPtr result) {
  compiled = result->query;
  row_count = result->row_count;
  result->hits.fetch_add(1, std::memory_order_relaxed);
  served = std::move(result);
}

Slice Cursor::State::next_served() {
  const RowChunks& chunks = *served->chunks;
  if (offset == chunks[chunk].size()) {
    ++chunk;
    offset = 0;
  }
  Slice row(reinterpret_cast<const uint8_t*>(chunks[chunk].data() + offset));
  offset += row.byte_size();
  return row;
}

// Rows that a stream made before it was killed, or before its time was over, are not given out any more.
Result<> Cursor::State::check_stop() {
  if (finished || !tracked->control->stop().load(std::memory_order_relaxed)) return {};
  auto ended = execution->keep(0);
  if (ended) return {};
  made = {};
  fail(ended.error());
  return std::move(ended).error();
}

Result<bool> Cursor::State::advance() {
  if (!options.stream) {
    if (rows_read == row_count) return false;
    current = served != nullptr ? next_served() : TRY(kept->next());
    ++rows_read;
    return true;
  }
  TRY(check_stop());
  if (made.empty() && !finished) {
    auto rows = execution->next(kRowsAtOnce);
    if (!rows) {
      fail(rows.error());
      return std::move(rows).error();
    }
    made = *rows;
    if (made.empty()) TRY(finish());
  }
  if (made.empty()) return false;
  current = made.front();
  made = made.subspan(1);
  ++rows_read;
  return true;
}

void Cursor::State::append_statistics(Builder& to, bool with_nodes) const {
  const auto& statistics = execution->statistics();
  to.open_object();
  to.add("writesExecuted", statistics.writes_executed);
  to.add("writesIgnored", statistics.writes_ignored);
  to.add("documentLookups", statistics.document_lookups);
  to.add("seeks", statistics.seeks);
  to.add("scannedFull", statistics.scanned_full);
  to.add("scannedIndex", statistics.scanned_index);
  to.add("searchParallelism", 1);
  to.add("cursorsCreated", statistics.cursors_created);
  to.add("cursorsRearmed", statistics.cursors_rearmed);
  to.add("cacheHits", 0);
  to.add("cacheMisses", 0);
  to.add("filtered", statistics.filtered);
  to.add("httpRequests", 0);
  if (statistics.has_full_count) to.add("fullCount", statistics.full_count);
  to.add("executionTime", double(statistics.execution_time_ns) / 1e9);
  to.add("peakMemoryUsage", statistics.peak_memory_bytes);
  to.add("intermediateCommits", 0);
  if (with_nodes) {
    to.key("nodes");
    to.open_array();
    for (const auto& node : statistics.nodes) {
      to.open_object();
      // As documented by example: a node's time is its own and that of the nodes that it fetched its rows from.
      to.add("id", node.node_id);
      to.add("calls", node.calls);
      to.add("parallel", 0);
      to.add("items", node.items);
      to.add("filtered", node.filtered);
      to.add("runtime", double(node.runtime_ns + node.fetching_ns) / 1e9);
      to.add("fetching", double(node.fetching_ns) / 1e9);
      to.add("peakMemoryUsage", node.peak_bytes);
      to.close();
    }
    to.close();
  }
  to.close();
}

Cursor::Cursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cursor::~Cursor() = default;
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;

Result<Slice> Cursor::next() {
  if (!TRY(state_->advance())) return Slice();
  return state_->current.is_none() ? Slice::null() : state_->current;
}

Result<size_t> Cursor::append_json(size_t count, std::string& rows, size_t most_bytes) {
  size_t appended = 0;
  const size_t before = rows.size();
  for (; appended < count && rows.size() - before < most_bytes && TRY(state_->advance()); ++appended) {
    if (appended > 0) rows += ',';
    value::append_json(state_->current, rows);
  }
  return appended;
}

Result<bool> Cursor::has_more() {
  if (!state_->options.stream) return state_->rows_read < state_->row_count;
  TRY(state_->check_stop());
  if (!state_->made.empty()) return true;
  if (state_->finished) return false;
  auto more = state_->execution->has_more();
  if (!more) {
    state_->fail(more.error());
    return more;
  }
  // The end commits here, so that a reader who asks before it reads sees its failure.
  if (!*more) TRY(state_->finish());
  return more;
}

std::optional<uint64_t> Cursor::count() const {
  return state_->options.stream ? std::nullopt : std::optional<uint64_t>(state_->row_count);
}

Buffer Cursor::extra() const {
  if (state_->served != nullptr) return state_->served->extra;
  return state_->make_extra(true);
}

Buffer Cursor::State::make_extra(bool with_profile) const {
  const int level = with_profile ? options.profile : 0;
  Builder to;
  to.open_object();
  to.key("warnings");
  to.open_array();
  append_warnings(compiled->warnings, to);
  append_warnings(execution->warnings(), to);
  to.close();
  to.key("stats");
  append_statistics(to, level >= 2);
  if (level >= 1) {
    to.key("profile");
    to.open_object();
    for (size_t phase = 0; phase < kTimedPhases; ++phase) to.add(kPhaseNames[phase], tracked->phases.seconds(phase));
    to.close();
  }
  if (level >= 2) {
    to.key("plan");
    aql::plan::append_explain(*compiled->plan, to);
  }
  to.close();
  return to.take();
}

void Cursor::set_cancelled(CancelledFlag cancelled) {
  if (!state_->finished) state_->core->queries.set_cancelled(*state_->tracked, std::move(cancelled));
}
bool Cursor::cached() const { return state_->served != nullptr; }
bool Cursor::modifies() const { return state_->compiled->plan->modifies(); }
uint64_t Cursor::id() const { return state_->tracked->id; }
std::optional<uint64_t> Cursor::plan_cache_key() const { return state_->plan_cache_key; }

}  // namespace workerdb::engine
