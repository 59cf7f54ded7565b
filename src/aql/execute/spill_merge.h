#pragma once
// Sorted runs of rows on the disk, put together to one sequence.
#include <memory>
#include <span>
#include <vector>

#include "aql/execute/evaluation.h"
#include "aql/execute/spill.h"

namespace workerdb::aql::execute {

struct SortKey {
  EvaluatorPtr expression;
  bool ascending = true;
};

constexpr size_t kRunBlockBytes = 64 << 10;

// Runs are added in the order of the rows in front of the sort: rows that are equal come in the order of their runs. So
// many runs are read at once as the operator's threshold has room for; more are put together to fewer first.
class SortedRuns {
 public:
  // Keys and registers outlive this object. `carried`: what the rows on the disk hold, in that order, and the keys
  // read; `live`: what is given out.
  SortedRuns(Runtime& runtime, std::span<const SortKey> keys, const std::vector<Register>& carried,
             const std::vector<Register>& live);
  ~SortedRuns();

  // The rows of a run are written to it in their order.
  base::Result<SpillFile*> file();
  void add(std::vector<SpillFile::Place> run) { runs_.push_back(std::move(run)); }
  bool empty() const { return runs_.empty(); }
  // Forgets all runs, and gives their disk space back.
  void clear();

  // Behind the last run; then fill() until it gives no more rows.
  base::Result<> start();
  base::Result<bool> fill(Batch& to, size_t target);

 private:
  class Run;
  class Merge;
  size_t most_at_once() const;
  base::Result<> reduce(size_t at_once);

  Runtime& runtime_;
  const std::span<const SortKey> keys_;
  const std::vector<Register>&carried_, &live_;
  std::unique_ptr<SpillFile> file_;
  std::vector<std::vector<SpillFile::Place>> runs_;
  std::unique_ptr<Merge> merge_;
};

}  // namespace workerdb::aql::execute
