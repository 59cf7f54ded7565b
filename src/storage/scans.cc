#include "storage/scans.h"

#include <fmt/format.h>

#include "storage/document_cache.h"
#include "storage/key_encoding.h"
#include "storage/rocks_transaction.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

Error bad_entry() { return Error(ErrorCode::kCorruptedDatafile, "an index entry cannot be read"); }

}  // namespace

RocksIndexScan::RocksIndexScan(RocksTransaction& transaction, const Collection& collection, const Index& index,
                               std::unique_ptr<Cursor> cursor, Direction direction)
    : transaction_(transaction),
      collection_(collection),
      index_(index),
      cursor_(std::move(cursor)),
      direction_(direction),
      covered_(std::max<size_t>(2, index.fields.size() + index.stored_values.size())),
      is_covered_(covered_.size()) {}

Result<> RocksIndexScan::rearm(const IndexBounds& bounds) {
  edge_direction_ = bounds.field;
  is_kept_ = is_to_be_kept_ = false;
  bool is_any = TRY(index_range(index_, collection_.object_id, bounds, lower_, upper_));
  if (!is_any) upper_ = lower_;
  if (is_any && KeptLookup::is_possible(index_, bounds, direction_)) {
    lookup_hash_ = DocumentCache::hash_of(lower_);
    is_kept_ = transaction_.find_lookup(lower_, lookup_hash_, lookup_.bytes());
    lookup_.rewind();
    if (is_kept_) return {};
    is_to_be_kept_ = transaction_.may_keep_lookups();
    lookup_.begin();
  }
  transaction_.seek(*cursor_, lower_, upper_, direction_);
  return {};
}

Result<bool> RocksIndexScan::next() {
  std::fill(is_covered_.begin(), is_covered_.end(), false);
  if (is_kept_) return take_kept_entry();
  if (lower_ >= upper_) return false;
  if (!TRY(cursor_->next())) {
    if (is_to_be_kept_) transaction_.offer_lookup(lower_, lookup_hash_, lookup_.bytes());
    is_to_be_kept_ = false;
    return false;
  }
  TRY(split_entry());
  if (is_to_be_kept_) {
    lookup_.add(key_, details_);
    is_to_be_kept_ = !lookup_.is_too_long();
  }
  return true;
}

bool RocksIndexScan::take_kept_entry() {
  if (!lookup_.next(key_, details_)) return false;
  fields_ = std::string_view(lower_).substr(8);
  return true;
}

Result<bool> RocksIndexScan::split_entry() {
  std::string_view key = cursor_->key().substr(8), value = cursor_->value();
  details_ = {};
  if (index_.type == IndexType::kPrimary) {
    key_ = key;
    return true;
  }
  std::string_view owner = index_.unique ? value : key;
  if (owner.empty()) return bad_entry();
  size_t length = static_cast<unsigned char>(index_.unique ? owner.front() : owner.back());
  if (owner.size() < length + 1) return bad_entry();
  if (index_.unique) {
    key_ = value.substr(1, length);
    fields_ = key;
    details_ = value.substr(1 + length);
  } else {
    key_ = key.substr(key.size() - 1 - length, length);
    fields_ = key.substr(0, key.size() - 1 - length);
    details_ = value;
  }
  return true;
}

Result<Slice> RocksIndexScan::document() {
  if (index_.type == IndexType::kPrimary) return Slice(reinterpret_cast<const uint8_t*>(cursor_->value().data()));
  return document_of(key_);
}

void RocksIndexScan::prefetch_document() { transaction_.prefetch(collection_, key_); }

Result<Slice> RocksIndexScan::document_of(std::string_view key) {
  if (TRY(transaction_.read_as_of_scan(collection_, key, document_))) return document_.slice();
  return Error(ErrorCode::kDocumentNotFound);
}

Slice RocksIndexScan::text(size_t position, std::string_view text) {
  value::Builder& builder = covered_[position];
  if (!is_covered_[position]) {
    builder.clear();
    builder.string(text);
    is_covered_[position] = true;
  }
  return builder.slice();
}

Slice RocksIndexScan::details() const {
  return details_.empty() ? Slice() : Slice(reinterpret_cast<const uint8_t*>(details_.data()));
}

Result<Slice> RocksIndexScan::covered_of_edge(size_t position) {
  if (position > 1 || fields_.size() < 2) return bad_entry();
  // Behind the direction stands the vertex, and 00.
  if (position == edge_direction_) return text(position, fields_.substr(1, fields_.size() - 2));
  return text(position, details_);
}

Result<Slice> RocksIndexScan::decoded_field(size_t position) {
  value::Builder& builder = covered_[position];
  if (!is_covered_[position]) {
    builder.clear();
    std::string_view rest = fields_;
    for (size_t before = 0; before < position; ++before) {
      if (!skip_encoded(rest)) return bad_entry();
    }
    TRY(decode(rest, builder));
    is_covered_[position] = true;
  }
  return builder.slice();
}

Result<Slice> RocksIndexScan::covered(size_t position) {
  if (index_.type == IndexType::kPrimary) return text(0, key_);
  if (index_.type == IndexType::kEdge) return covered_of_edge(position);
  size_t fields = index_.fields.size(), stored = index_.stored_values.size();
  if (position >= fields + stored) return Error(ErrorCode::kBadParameter, "the index does not cover this position");
  Slice behind = details();
  size_t size = behind.size();
  if (position >= fields) return position - fields < size ? behind.at(position - fields) : Slice::null();
  if (size > stored) return behind.at(stored + position);
  return decoded_field(position);
}

}  // namespace workerdb::storage
