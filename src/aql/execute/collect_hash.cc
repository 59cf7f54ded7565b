// COLLECT with a hash table over the groups. They come out in the order in which they were first met.
#include <algorithm>
#include <bit>

#include "aql/execute/collect.h"
#include "value/order.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

class HashCollect : public Operator {
 public:
  HashCollect(Runtime& runtime, std::unique_ptr<Operator> source, const CollectStep& step)
      : Operator(runtime, std::move(source)), step_(step), writer_(runtime, step), values_(&runtime.interrupt),
        charge_(runtime.interrupt), keys_(step.groups.size()),
        batch_(runtime.register_count, runtime.options.batch_rows, runtime.arenas) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!has_read_) {
      has_read_ = true;
      TRY(read());
    }
    size_t target = std::min(wanted, to.capacity());
    while (next_ < groups_.size() && to.rows() < target && to.arena_bytes() < kBatchBytes) {
      TRY(writer_.write(groups_[next_++], to));
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    writer_.reset();
    groups_.clear();
    slots_.clear();
    hashes_.clear();
    values_.reset();
    charge_.clear();
    next_ = 0;
    has_read_ = false;
  }

 private:
  Result<> read() {
    Evaluation& evaluation = runtime_.evaluation;
    value::Arena garbage(&runtime_.interrupt);
    while (true) {
      batch_.clear();
      if (!TRY(input().next(batch_, batch_.capacity()))) return {};
      if (!writer_.carries()) writer_.carry_from(batch_, 0, values_);
      evaluation.set_batch(batch_);
      garbage.reset();
      writer_.begin_batch();
      for (size_t row = 0; row < batch_.rows(); ++row) {
        evaluation.set_row(row);
        {
          ArenaScope scope(evaluation, garbage);
          for (size_t i = 0; i < keys_.size(); ++i) keys_[i] = step_.groups[i].expression->evaluate(evaluation);
        }
        size_t grown = writer_.add(find_group(), values_);
        if (grown > 0) charge_.add(grown);
        if (runtime_.interrupt.tick()) break;
      }
      TRY(runtime_.check());
    }
  }

  // Open addressing, linear probing; a slot holds a group's number plus one.
  CollectedGroup& find_group() {
    if ((groups_.size() + 1) * 2 > slots_.size()) grow();
    uint64_t hash = 0;
    for (Slice key : keys_) hash = hash * 0x9e3779b97f4a7c15u + value::hash(key);
    for (size_t slot = hash >> shift_;; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == 0) return add_group(slot, hash);
      size_t which = slots_[slot] - 1;
      if (hashes_[which] == hash && std::equal(keys_.begin(), keys_.end(), groups_[which].keys.begin(), value::equal)) {
        return groups_[which];
      }
    }
  }

  CollectedGroup& add_group(size_t slot, uint64_t hash) {
    CollectedGroup& group = groups_.emplace_back();
    for (Slice key : keys_) group.keys.push_back(values_.copy(key.is_none() ? Slice::null() : key));
    writer_.start(group);
    hashes_.push_back(hash);
    slots_[slot] = uint32_t(groups_.size());
    constexpr size_t kStateBytes = 64;
    charge_.add(sizeof(CollectedGroup) + sizeof(uint64_t) + keys_.size() * sizeof(Slice) +
                step_.aggregations.size() * kStateBytes);
    return group;
  }

  void grow() {
    size_t size = std::max<size_t>(64, slots_.size() * 2);
    charge_.add((size - slots_.size()) * sizeof(uint32_t));
    slots_.assign(size, 0);
    shift_ = 64 - unsigned(std::countr_zero(size));
    for (size_t which = 0; which < groups_.size(); ++which) {
      size_t slot = hashes_[which] >> shift_;
      while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
      slots_[slot] = uint32_t(which + 1);
    }
  }

  const CollectStep& step_;
  GroupWriter writer_;
  value::Arena values_;   // keys and members of all groups
  MemoryCharge charge_;
  std::vector<Slice> keys_;
  Batch batch_;
  std::vector<CollectedGroup> groups_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;
  unsigned shift_ = 64;
  size_t next_ = 0;
  bool has_read_ = false;
};

}  // namespace

std::unique_ptr<Operator> make_hash_collect(Runtime& runtime, std::unique_ptr<Operator> input,
                                            const CollectStep& step) {
  return std::make_unique<HashCollect>(runtime, std::move(input), step);
}

}  // namespace workerdb::aql::execute
