#pragma once
// What INSERT, UPDATE, REPLACE, REMOVE and UPSERT have in common.
//
// A query does not see its own writes: where a node in front reads the collection that is written in a way that the
// writes could disturb, all of its rows are read before the first write. Rows whose write failed under ignoreErrors,
// or was skipped, do not come out.
#include <memory>
#include <optional>
#include <string>

#include "aql/execute/steps.h"
#include "storage/transaction.h"

namespace workerdb::aql::execute {

struct WriteStep : Step {
  std::shared_ptr<const plan::CollectionInfo> collection;
  plan::ModificationOptions options;
  Register old_variable = kNoRegister, new_variable = kNoRegister;  // none where nobody reads them
  bool reads_all_first = false;
};
// Fills the parts above; `registers` has dropped OLD and NEW afterwards.
void compile_write(WriteStep& step, std::shared_ptr<const plan::CollectionInfo> collection,
                   const plan::ModificationOptions& options, std::optional<syntax::VariableId> old_variable,
                   std::optional<syntax::VariableId> new_variable, NodeContext& context);

class Write : public Operator {
 public:
  Write(Runtime& runtime, std::unique_ptr<Operator> source, const WriteStep& step, storage::CollectionPtr collection);

  base::Result<bool> next(Batch& to, size_t wanted) final;
  void reset() final;

 protected:
  // Called once a batch before its writes.
  virtual base::Result<> prepare(Batch&) { return {}; }
  // Writes for the evaluation's current row. A Result's error fails the query unless errors are ignored.
  virtual base::Result<storage::WriteResult> write(Batch& batch, size_t row) = 0;

  // The key in a string or in an object's _key. kDocumentKeyMissing, kDocumentKeyBad.
  base::Result<std::string_view> key_of(value::Slice key) const;
  // With ignoreRevs off, the revision that the document must have.
  std::string_view revision_of(value::Slice key) const;

  const WriteStep& step_;
  const storage::CollectionPtr collection_;
  storage::WriteOptions options_;

 private:
  base::Result<> write_batch(Batch& batch);
  void keep_results(Batch& batch, size_t row, const storage::WriteResult& result);

  KeptRows kept_;
  size_t next_kept_ = 0;
  bool has_read_all_ = false;
};

}  // namespace workerdb::aql::execute
