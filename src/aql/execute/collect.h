#pragma once
// COLLECT, as its three methods share it.
#include <memory>
#include <vector>

#include "aql/execute/spill_merge.h"
#include "aql/execute/steps.h"
#include "aql/functions/registry.h"

namespace workerdb::aql::execute {

struct CollectStep : Step {
  base::Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;
  bool merges() const override {
    return counted_collection == nullptr && (groups.empty() || method == plan::CollectMethod::kHash);
  }

  struct Group {
    Register variable;
    EvaluatorPtr expression;
  };
  struct Aggregation {
    Register variable;
    const functions::Aggregate* aggregate;
    EvaluatorPtr argument;     // null: every row counts
    bool counts_rows = false;  // LENGTH: a number instead of a state
  };
  struct Kept {
    std::string name;
    Register variable;
  };
  plan::CollectMethod method = plan::CollectMethod::kHash;
  std::vector<Group> groups;
  std::vector<Aggregation> aggregations;
  Register into = kNoRegister;
  std::vector<Kept> kept;
  EvaluatorPtr into_projection;  // may be null
  // Of groups that went to the disk: what their rows hold, with a register for the ordinal, by which they are sorted.
  Register ordinal = kNoRegister;
  std::vector<Register> spilled;
  std::vector<SortKey> by_ordinal;
  // The number of a collection's documents, without looking at them.
  std::shared_ptr<const plan::CollectionInfo> counted_collection;
};

// One group: the values of its keys, its aggregates' states and the members of INTO.
struct CollectedGroup {
  std::vector<value::Slice> keys;
  std::vector<std::unique_ptr<functions::Aggregator>> states;  // null where counts_rows
  std::vector<value::Slice> members;
  uint64_t rows = 0;
  uint64_t ordinal = 0;  // groups come out in this order
};

// Fills groups from rows and writes them out. Keys and members live in an arena that is given.
class GroupWriter {
 public:
  GroupWriter(Runtime& runtime, const CollectStep& step)
      : runtime_(runtime), step_(step), garbage_(&runtime.interrupt) {}

  // What the nodes behind read of a plan around this one is the same in every row: it is taken from the first row
  // or, where there is none, from the outer row.
  void carry_from(const Batch& batch, size_t row, value::Arena& arena);
  void carry_from(const GroupWriter& other) {
    carried_ = other.carried_;
    has_carried_ = true;
  }
  void carry_from_outer(const Operator& collect);
  bool carries() const { return has_carried_; }
  void reset() { has_carried_ = false; }

  // Makes states for a group that is new, or takes over those of one that was written.
  void start(CollectedGroup& group);
  // The evaluation stands on the row. Returns the bytes that the group grew by beyond the arena.
  size_t add(CollectedGroup& group, value::Arena& members);
  // As one more row.
  base::Result<> write(CollectedGroup& group, Batch& to);
  void begin_batch() { garbage_.reset(); }

 private:
  value::Slice member(value::Arena& members);

  Runtime& runtime_;
  const CollectStep& step_;
  value::Arena garbage_;  // arguments of aggregates
  value::Builder builder_;
  std::vector<value::Slice> carried_;
  bool has_carried_ = false;
};

std::unique_ptr<Operator> make_hash_collect(Runtime& runtime, std::unique_ptr<Operator> input, const CollectStep& step);
std::unique_ptr<Operator> make_sorted_collect(Runtime& runtime, std::unique_ptr<Operator> input,
                                              const CollectStep& step);

}  // namespace workerdb::aql::execute
