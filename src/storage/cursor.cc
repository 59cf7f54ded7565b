#include "storage/cursor.h"

#include <rocksdb/utilities/write_batch_with_index.h>

#include <algorithm>

namespace workerdb::storage {

using base::Result;

Cursor::Cursor(rocksdb::DB& database, rocksdb::ColumnFamilyHandle* family, const rocksdb::Snapshot* snapshot)
    : database_(database), family_(family), snapshot_(snapshot) {}

void Cursor::seek(std::string_view lower, std::string_view upper, Direction direction,
                  rocksdb::WriteBatchWithIndex* own) {
  lower_.assign(lower), upper_.assign(upper);
  lower_bound_ = lower_, upper_bound_ = upper_;
  direction_ = direction;
  own_.clear();
  next_own_ = 0;
  started_ = step_before_next_ = false;
  if (own != nullptr) collect_own(*own);
}

void Cursor::collect_own(rocksdb::WriteBatchWithIndex& own) {
  std::unique_ptr<rocksdb::WBWIIterator> write(own.NewIterator(family_));
  for (write->Seek(lower_bound_); write->Valid(); write->Next()) {
    rocksdb::WriteEntry entry = write->Entry();
    if (entry.key.compare(upper_bound_) >= 0) break;
    own_.push_back({entry.key.ToString(), entry.value.ToString(), entry.type != rocksdb::kPutRecord});
  }
  if (direction_ == Direction::kBackward) std::reverse(own_.begin(), own_.end());
}

void Cursor::position() {
  if (stored_ == nullptr) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    options.iterate_lower_bound = &lower_bound_;
    options.iterate_upper_bound = &upper_bound_;
    stored_.reset(database_.NewIterator(options, family_));
  }
  if (direction_ == Direction::kForward) return stored_->Seek(lower_bound_);
  stored_->SeekForPrev(upper_bound_);
  if (stored_->Valid() && stored_->key() == upper_bound_) stored_->Prev();
}

bool Cursor::has_stored() const {
  if (!stored_->Valid()) return false;
  rocksdb::Slice key = stored_->key();
  return direction_ == Direction::kForward ? key.compare(upper_bound_) < 0 : key.compare(lower_bound_) >= 0;
}

void Cursor::step_stored() { direction_ == Direction::kForward ? stored_->Next() : stored_->Prev(); }

int Cursor::compare_fronts() const {
  int order = to_view(stored_->key()).compare(own_[next_own_].key);
  return direction_ == Direction::kForward ? order : -order;
}

Result<bool> Cursor::next() {
  if (!started_) {
    started_ = true;
    position();
  } else if (step_before_next_) {
    step_stored();
  }
  step_before_next_ = false;
  for (;;) {
    bool has_stored_entry = has_stored();
    if (!has_stored_entry) TRY(check(stored_->status()));
    bool has_own = next_own_ < own_.size();
    if (!has_stored_entry && !has_own) return false;
    int order = !has_own ? -1 : !has_stored_entry ? 1 : compare_fronts();
    if (order < 0) {
      key_ = to_view(stored_->key()), value_ = to_view(stored_->value());
      step_before_next_ = true;
      return true;
    }
    if (order == 0) step_stored();  // overwritten or removed by the transaction
    const OwnWrite& own = own_[next_own_++];
    if (own.is_delete) continue;
    key_ = own.key, value_ = own.value;
    return true;
  }
}

}  // namespace workerdb::storage
