// COLLECT behind the scan of a whole collection, by several threads. The collection is cut into ranges of keys; each
// thread takes one range after the other and runs the steps between scan and COLLECT over it with a runtime, a
// transaction and groups of its own. At the end the groups of all ranges are put together in the order of the ranges,
// so that groups come out as they would from one thread.
#include <algorithm>
#include <atomic>
#include <thread>

#include "aql/execute/group_table.h"
#include "aql/execute/singleton.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

// More ranges than threads, so that threads end at about the same time.
constexpr size_t kRangesPerThread = 4;
constexpr uint64_t kWorthThreads = 20'000;
// More groups than a range can have.
constexpr uint64_t kOrdinalsOfRange = uint64_t(1) << 40;

// Threads that help queries of this process, beside those that run them: more than there are cores do not help.
std::atomic<unsigned> helpers_at_work{0};

class Helpers {
 public:
  explicit Helpers(unsigned wanted) {
    unsigned most = std::max(1u, std::thread::hardware_concurrency());
    unsigned at_work = helpers_at_work.load();
    do {
      count_ = std::min(wanted, most - std::min(most, at_work));
    } while (!helpers_at_work.compare_exchange_weak(at_work, at_work + count_));
  }
  ~Helpers() { helpers_at_work.fetch_sub(count_); }
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;
  unsigned count() const { return count_; }

 private:
  unsigned count_ = 0;
};

// What one thread works with. It stays until the groups are written: their values live here.
struct Worker {
  Worker(Runtime& main, std::unique_ptr<storage::Transaction> used_reader)
      : reader(std::move(used_reader)), runtime(main, *reader) {}
  std::unique_ptr<storage::Transaction> reader;
  Runtime runtime;
};

class ParallelCollect : public Operator {
 public:
  ParallelCollect(Runtime& runtime, std::unique_ptr<Operator> singleton, std::span<const StepPtr> steps,
                  std::vector<Runtime::KeyRange> ranges, std::vector<std::unique_ptr<Worker>> workers)
      : Operator(runtime, std::move(singleton)),
        steps_(steps),
        collect_(static_cast<const CollectStep&>(*steps.back())),
        workers_(std::move(workers)),
        ranges_(std::move(ranges)),
        parts_(ranges_.size()),
        failures_(ranges_.size()),
        groups_(runtime, collect_) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!has_read_) {
      has_read_ = true;
      TRY(read());
    }
    if (merged_ != nullptr) return merged_->fill(to, std::min(wanted, to.capacity()));
    TRY(groups_.write(next_, to, std::min(wanted, to.capacity())));
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  // The outermost plan runs once: there is nothing to go back to.
  void reset() override {
    Operator::reset();
    merged_ = nullptr;
    groups_.clear();
    next_ = 0;
    has_read_ = false;
    next_range_ = 0;
  }

 private:
  Result<> read() {
    {
      Helpers helpers{unsigned(workers_.size() - 1)};
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < helpers.count(); ++i) {
        threads.emplace_back([this, i] { work(*workers_[i + 1]); });
      }
      work(*workers_[0]);
    }
    for (const auto& worker : workers_) add_statistics(worker->runtime);
    TRY(runtime_.check());
    for (auto& failure : failures_) {
      if (failure != nullptr) return *failure;
    }
    if (went_to_disk()) return merge_from_disk();
    for (auto& part : parts_) {
      groups_.merge(*part);
      TRY(runtime_.check());
    }
    if (collect_.groups.empty()) groups_.ensure_group();
    return {};
  }

  // Some groups are there already, or what all threads have made is too much for one table.
  bool went_to_disk() const {
    size_t groups = 0, bytes = 0;
    for (const auto& part : parts_) {
      if (part->partitions() != nullptr) return true;
      groups += part->size();
      bytes += part->bytes();
    }
    return !collect_.by_ordinal.empty() && groups > 0 && runtime_.should_spill(groups, bytes);
  }

  Result<> merge_from_disk() {
    std::vector<GroupTable*> tables;
    for (auto& part : parts_) {
      if (part->size() > 0) TRY(part->spill());
      tables.push_back(part.get());
    }
    merged_ = std::make_unique<MergedGroups>(runtime_, collect_);
    return merged_->merge(tables);
  }

  void work(Worker& worker) {
    for (;;) {
      size_t which = next_range_.fetch_add(1);
      if (which >= ranges_.size()) return;
      parts_[which] = std::make_unique<GroupTable>(worker.runtime, collect_, which * kOrdinalsOfRange);
      auto done = read_range(worker, which);
      if (done) continue;
      failures_[which] = std::make_unique<base::Error>(done.error());
      next_range_ = ranges_.size();  // the others end too
      return;
    }
  }

  Result<> read_range(Worker& worker, size_t which) {
    worker.runtime.key_range = ranges_[which];
    std::unique_ptr<Operator> last;
    for (const StepPtr& step : steps_.first(steps_.size() - 1)) {
      last = TRY(step->make(worker.runtime, std::move(last)));
    }
    last->reset();
    TRY(parts_[which]->read(*last));
    return worker.runtime.check();
  }

  void add_statistics(Runtime& from) {
    ExecutionStatistics& to = runtime_.statistics;
    const ExecutionStatistics& more = from.statistics;
    to.scanned_full += more.scanned_full;
    to.scanned_index += more.scanned_index;
    to.cursors_created += more.cursors_created;
    to.cursors_rearmed += more.cursors_rearmed;
    to.document_lookups += more.document_lookups;
    to.seeks += more.seeks;
    to.filtered += more.filtered;
    from.statistics = {};
    for (const auto& warning : from.functions.warnings()) runtime_.functions.warn(warning.code, warning.message);
    for (uint64_t i = from.functions.warnings().size(); i < from.functions.warning_count(); ++i) {
      runtime_.functions.warn(base::ErrorCode::kQueryUserWarn);  // beyond those that are kept only their number counts
    }
  }

  const std::span<const StepPtr> steps_;
  const CollectStep& collect_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Runtime::KeyRange> ranges_;
  std::atomic<size_t> next_range_ = 0;
  std::vector<std::unique_ptr<GroupTable>> parts_;  // of each range
  std::vector<std::unique_ptr<base::Error>> failures_;
  GroupTable groups_;
  std::unique_ptr<MergedGroups> merged_;  // where groups went to the disk
  size_t next_ = 0;
  bool has_read_ = false;
};

size_t threads_for(const Runtime& runtime, uint64_t documents) {
  constexpr size_t kMostThreads = 16;
  size_t wanted = runtime.options.threads;
  if (wanted == 1 || runtime.options.profile > 0) return 1;
  if (wanted == 0) {
    if (documents < kWorthThreads) return 1;
    wanted = std::thread::hardware_concurrency();
  }
  return std::clamp<size_t>(wanted, 1, kMostThreads);
}

}  // namespace

Result<std::unique_ptr<Operator>> make_parallel_collect(Runtime& runtime, std::span<const StepPtr> steps) {
  const plan::CollectionInfo* scanned = steps[1]->scanned_collection();
  if (scanned == nullptr) return nullptr;
  auto collection = TRY(runtime.collection(*scanned));
  size_t threads = threads_for(runtime, TRY(runtime.transaction.count(*collection)));
  if (threads < 2) return nullptr;
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < threads; ++i) {
    auto reader = runtime.transaction.reader();
    if (reader == nullptr) return nullptr;
    workers.push_back(std::make_unique<Worker>(runtime, std::move(reader)));
  }
  auto borders = TRY(runtime.transaction.split(*collection, threads * kRangesPerThread));
  if (borders.empty()) return nullptr;
  std::vector<Runtime::KeyRange> ranges(borders.size() + 1);
  for (size_t i = 0; i < ranges.size(); ++i) {
    ranges[i].node_id = steps[1]->node_id;
    if (i > 0) ranges[i].lower = borders[i - 1];
    if (i < borders.size()) ranges[i].upper = borders[i];
  }
  auto singleton = TRY(steps[0]->make(runtime, nullptr));
  return std::make_unique<ParallelCollect>(runtime, std::move(singleton), steps, std::move(ranges), std::move(workers));
}

}  // namespace workerdb::aql::execute
