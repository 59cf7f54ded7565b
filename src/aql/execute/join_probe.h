#pragma once
// Rows of a join table for each outer row: what a scan inside of a join does when its documents are in a table.
#include <memory>
#include <string>
#include <vector>

#include "aql/execute/operator.h"
#include "aql/execute/scan_output.h"

namespace workerdb::aql::execute {

// What the table is made of, and by what its rows are looked for. Lives as long as the step that it belongs to.
struct JoinSource {
  uint32_t node_id = 0;
  const CompiledOutput* output = nullptr;      // takes_table_rows()
  const value::AttributePath* path = nullptr;  // of the key inside a document
  const Evaluator* key = nullptr;              // of the outer row
};

// Part of an operator, whose outer rows and output it uses.
class JoinProbe {
 public:
  JoinProbe(Runtime& runtime, const JoinSource& source, storage::CollectionPtr collection, InputRows& outer,
            ScanRows& rows)
      : runtime_(runtime), source_(source), collection_(std::move(collection)), outer_(outer), rows_(rows) {}

  // Before the first next(). False where the table would be too large: then each outer row has to be looked for
  // elsewhere.
  base::Result<bool> prepare();
  base::Result<bool> next(Batch& to, size_t wanted);
  void reset() { row_ = JoinTable::kNone; }
  // Rows of the table that were given since the last time this was asked.
  uint64_t take_given() { return std::exchange(given_, 0); }

 private:
  base::Result<std::unique_ptr<JoinTablePart>> read(std::string_view lower, std::string_view upper);
  void find_rows();

  Runtime& runtime_;
  const JoinSource source_;
  const storage::CollectionPtr collection_;
  InputRows& outer_;
  ScanRows& rows_;
  std::shared_ptr<const JoinTable> table_;
  // For the batch of outer rows: their keys, and the first row of each.
  std::vector<value::Slice> keys_;
  std::vector<uint32_t> first_rows_;
  uint32_t row_ = JoinTable::kNone;  // the next one of the current outer row
  uint64_t given_ = 0;
};

}  // namespace workerdb::aql::execute
