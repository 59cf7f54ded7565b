#include "engine/cursor.h"

#include <fmt/format.h>

#include "aql/plan/explain.h"
#include "base/time.h"

namespace workerdb::engine {
namespace {

constexpr size_t kRowsAtOnce = 1000;
constexpr size_t kChunkBytes = 1 << 20;

void append_warnings(const std::vector<aql::functions::Warning>& warnings, Builder& to) {
  for (const auto& warning : warnings) {
    to.open_object();
    to.add("code", int(warning.code));
    to.add("message", warning.message);
    to.close();
  }
}

}  // namespace

Cursor::State::~State() {
  tracked->attach(nullptr);
  if (!finished) core->queries.finish(*tracked, true, core->options.slow_query_s);
}

Result<> Cursor::State::finish(bool failed) {
  if (finished) return {};
  finished = true;
  tracked->attach(nullptr);
  tracked->peak_memory_bytes = execution->statistics().peak_memory_bytes;
  if (cached != nullptr && !stream) cached->ran(uint64_t(base::steady_time_ns() - tracked->started_steady_ns));
  Result<> committed;
  if (own_transaction != nullptr && !failed) committed = own_transaction->commit();
  core->queries.finish(*tracked, failed || !committed, core->options.slow_query_s);
  return committed;
}

Result<> Cursor::State::materialize() {
  uint64_t bytes = 0;
  for (;;) {
    auto rows = execution->next(kRowsAtOnce);
    if (!rows) {
      (void)finish(true);
      return std::move(rows).error();
    }
    if (rows->empty()) break;
    for (Slice row : *rows) {
      if (chunks.empty() || chunks.back().size() >= kChunkBytes) chunks.emplace_back();
      std::string& last = chunks.back();
      last.append(row.is_none() ? Slice::null().bytes() : row.bytes());
    }
    row_count += rows->size();
    bytes = (chunks.size() - 1) * kChunkBytes + chunks.back().size();
    if (memory_limit_bytes != 0 && bytes > memory_limit_bytes) {
      (void)finish(true);
      return Error(ErrorCode::kResourceLimit, "query would use more memory than allowed");
    }
  }
  return finish(false);
}

Result<bool> Cursor::State::advance() {
  if (!stream) {
    if (rows_read == row_count) return false;
    if (offset == chunks[chunk].size()) {
      chunks[chunk] = std::string();
      ++chunk;
      offset = 0;
    }
    current = Slice(reinterpret_cast<const uint8_t*>(chunks[chunk].data() + offset));
    offset += current.byte_size();
    ++rows_read;
    return true;
  }
  if (made.empty() && !finished) {
    auto rows = execution->next(kRowsAtOnce);
    if (!rows) {
      (void)finish(true);
      return std::move(rows).error();
    }
    made = *rows;
    if (made.empty()) TRY(finish(false));
  }
  if (made.empty()) return false;
  current = made.front();
  made = made.subspan(1);
  ++rows_read;
  return true;
}

void Cursor::State::append_statistics(Builder& to) const {
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
  if (profile >= 2) {
    to.key("nodes");
    to.open_array();
    for (const auto& node : statistics.nodes) {
      to.open_object();
      to.add("id", node.node_id);
      to.add("calls", node.calls);
      to.add("items", node.items);
      to.add("filtered", node.filtered);
      to.add("runtime", double(node.runtime_ns) / 1e9);
      to.close();
    }
    to.close();
  }
  to.close();
}

// The documented stages ("Query profiling"). A plan that was kept took no time to make; collections are found while
// names are resolved, and rows are handed over while they are made.
void Cursor::State::append_profile(Builder& to) const {
  CompiledQuery::Times times = compiled_now ? compiled->times : CompiledQuery::Times();
  to.add("initializing", 0.0);
  to.add("parsing", times.parsing_s);
  to.add("optimizing ast", times.analyzing_s);
  to.add("loading collections", 0.0);
  to.add("instantiating plan", times.planning_s);
  to.add("optimizing plan", times.optimizing_s);
  to.add("instantiating executors", times.compiling_s);
  to.add("executing", double(execution->statistics().execution_time_ns) / 1e9);
  to.add("finalizing", 0.0);
}

Cursor::Cursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cursor::~Cursor() = default;
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;

Result<Slice> Cursor::next() {
  if (!TRY(state_->advance())) return Slice();
  return state_->current.is_none() ? Slice::null() : state_->current;
}

Result<size_t> Cursor::append_json(size_t count, std::string& rows) {
  size_t appended = 0;
  for (; appended < count && TRY(state_->advance()); ++appended) {
    if (appended > 0) rows += ',';
    value::append_json(state_->current, rows);
  }
  return appended;
}

Result<bool> Cursor::has_more() {
  if (!state_->stream) return state_->rows_read < state_->row_count;
  if (!state_->made.empty()) return true;
  if (state_->finished) return false;
  bool more = TRY(state_->execution->has_more());
  // The end commits here, so that a reader who asks before it reads sees its failure.
  if (!more) TRY(state_->finish(false));
  return more;
}

std::optional<uint64_t> Cursor::count() const {
  return state_->stream ? std::nullopt : std::optional<uint64_t>(state_->row_count);
}

Buffer Cursor::extra() const {
  Builder builder;
  builder.open_object();
  builder.key("warnings");
  builder.open_array();
  append_warnings(state_->compiled->warnings, builder);
  append_warnings(state_->execution->warnings(), builder);
  builder.close();
  builder.key("stats");
  state_->append_statistics(builder);
  if (state_->profile >= 1) {
    builder.key("profile");
    builder.open_object();
    state_->append_profile(builder);
    builder.close();
  }
  if (state_->profile >= 2) {
    builder.key("plan");
    aql::plan::append_explain(*state_->compiled->plan, builder);
  }
  builder.close();
  return builder.take();
}

bool Cursor::modifies() const { return state_->compiled->plan->modifies(); }
uint64_t Cursor::id() const { return state_->tracked->id; }
std::optional<uint64_t> Cursor::plan_cache_key() const { return state_->plan_cache_key; }

}  // namespace workerdb::engine
