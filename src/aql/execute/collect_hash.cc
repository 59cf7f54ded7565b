// COLLECT with a hash table over the groups. They come out in the order in which they were first met.
#include <algorithm>

#include "aql/execute/group_table.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

class HashCollect : public Operator {
 public:
  HashCollect(Runtime& runtime, std::unique_ptr<Operator> source, const CollectStep& step)
      : Operator(runtime, std::move(source)), step_(step), groups_(runtime, step) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!has_read_) {
      has_read_ = true;
      TRY(groups_.read(input()));
      if (groups_.partitions() != nullptr) {
        merged_ = std::make_unique<MergedGroups>(runtime_, step_);
        GroupTable* const tables[] = {&groups_};
        TRY(merged_->merge(tables));
      }
    }
    if (merged_ != nullptr) return merged_->fill(to, std::min(wanted, to.capacity()));
    TRY(groups_.write(next_, to, std::min(wanted, to.capacity())));
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    merged_ = nullptr;
    groups_.clear();
    next_ = 0;
    has_read_ = false;
  }

 private:
  const CollectStep& step_;
  GroupTable groups_;
  std::unique_ptr<MergedGroups> merged_;  // where groups went to the disk
  size_t next_ = 0;
  bool has_read_ = false;
};

}  // namespace

std::unique_ptr<Operator> make_hash_collect(Runtime& runtime, std::unique_ptr<Operator> input,
                                            const CollectStep& step) {
  return std::make_unique<HashCollect>(runtime, std::move(input), step);
}

}  // namespace workerdb::aql::execute
