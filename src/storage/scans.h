#pragma once
// The scans that a transaction hands out.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/cursor.h"
#include "storage/kept_lookup.h"
#include "storage/transaction.h"

namespace workerdb::storage {

class RocksTransaction;

// Every document of a collection.
class RocksCollectionScan final : public CollectionScan {
 public:
  RocksCollectionScan(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}
  base::Result<bool> next() override { return cursor_->next(); }
  value::Slice document() const override {
    return value::Slice(reinterpret_cast<const uint8_t*>(cursor_->value().data()));
  }
  std::string_view key() const override { return cursor_->key().substr(8); }

 private:
  std::unique_ptr<Cursor> cursor_;
};

// A range of any kind of index. The entries for one value are kept in the document cache: a join looks for the same
// ones again and again.
class RocksIndexScan final : public IndexScan {
 public:
  // The description of the index must outlive the scan.
  RocksIndexScan(RocksTransaction& transaction, const Collection& collection, const Index& index,
                 std::unique_ptr<Cursor> cursor, Direction direction);

  base::Result<> rearm(const IndexBounds& bounds) override;
  base::Result<bool> next() override;
  std::string_view key() const override { return key_; }
  base::Result<value::Slice> document() override;
  void prefetch_document() override;
  base::Result<value::Slice> document_of(std::string_view key) override;
  base::Result<value::Slice> covered(size_t position) override;

 private:
  base::Result<bool> split_entry();
  bool take_kept_entry();
  base::Result<value::Slice> covered_of_edge(size_t position);
  base::Result<value::Slice> decoded_field(size_t position);
  value::Slice text(size_t position, std::string_view text);
  value::Slice details() const;

  RocksTransaction& transaction_;
  const Collection& collection_;
  const Index& index_;
  std::unique_ptr<Cursor> cursor_;
  Direction direction_;
  uint8_t edge_direction_ = 0;
  std::string lower_, upper_;
  KeptLookup lookup_;  // of the range, where it is one
  uint64_t lookup_hash_ = 0;
  bool is_kept_ = false, is_to_be_kept_ = false;
  std::string_view key_, fields_, details_;
  std::vector<value::Builder> covered_;  // by position, filled when asked for
  std::vector<bool> is_covered_;
  PinnedDocument document_;
};

// The keys of an index that the bounds cover, as [lower, upper). False if nothing is covered. `documents` is the object
// id of the collection. kBadParameter for bounds that the index cannot serve.
base::Result<bool> index_range(const Index& index, uint64_t documents, const IndexBounds& bounds, std::string& lower,
                               std::string& upper);

}  // namespace workerdb::storage
