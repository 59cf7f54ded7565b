// Comparing documents with index entries, and estimating how selective an index is.
#include <fmt/format.h>

#include <algorithm>

#include "storage/cursor.h"
#include "storage/index_entries.h"
#include "storage/key_encoding.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;
using value::Slice;

constexpr size_t kMostFindings = 1000;

Slice as_slice(std::string_view bytes) { return Slice(reinterpret_cast<const uint8_t*>(bytes.data())); }

// One run over one collection at one snapshot.
class Verification {
 public:
  Verification(rocksdb::DB& database, const ColumnFamilies& families, const Collection& collection)
      : database_(database), families_(families), collection_(collection), snapshot_(&database) {
    options_.snapshot = snapshot_.snapshot();
    options_.fill_cache = false;
  }

  Result<std::vector<std::string>> run() {
    TRY(check_documents());
    for (const auto& index : collection_.indexes) {
      if (index->type != IndexType::kPrimary) TRY(check_entries(*index));
    }
    std::string bytes;
    rocksdb::Status status = database_.Get(options_, families_.metadata, metadata_key('N', collection_.id), &bytes);
    if (!status.IsNotFound()) TRY(check(status));
    if (auto counted = int64_t(decode_number(bytes)); counted != documents_) {
      find(fmt::format("{} documents are counted, {} are there", counted, documents_));
    }
    return std::move(findings_);
  }

 private:
  void find(std::string sentence) {
    if (findings_.size() < kMostFindings) findings_.push_back(collection_.name + ": " + std::move(sentence));
  }

  Result<> check_documents() {
    Cursor cursor(database_, families_.documents, snapshot_.snapshot());
    cursor.seek(id_prefix(collection_.object_id), id_prefix(collection_.object_id + 1), Direction::kForward, nullptr);
    while (TRY(cursor.next())) {
      ++documents_;
      std::string_view key = cursor.key().substr(8);
      Slice document = as_slice(cursor.value()), own_key = document.get("_key"), id = document.get("_id");
      if (!own_key.is_string() || own_key.as_string() != key) {
        find(fmt::format("the document at '{}' has another _key", key));
        continue;
      }
      if (!id.is_string() || id.as_string() != fmt::format("{}/{}", collection_.name, key)) {
        find(fmt::format("the document '{}' has another _id", key));
      }
      for (const auto& index : collection_.indexes) {
        for (const IndexEntry& entry : entries_.of(*index, document)) TRY(check_entry_of(*index, key, entry));
      }
    }
    return {};
  }

  Result<> check_entry_of(const Index& index, std::string_view key, const IndexEntry& entry) {
    rocksdb::PinnableSlice value;
    rocksdb::Status status = database_.Get(options_, families_.indexes, entry.key, &value);
    if (status.IsNotFound()) {
      find(fmt::format("index '{}' lacks an entry of the document '{}'", index.name, key));
      return {};
    }
    TRY(check(status));
    if (to_view(value) != entry.value) {
      find(fmt::format("index '{}' holds other values than the document '{}'", index.name, key));
    }
    return {};
  }

  Result<> check_entries(const Index& index) {
    Cursor cursor(database_, families_.indexes, snapshot_.snapshot());
    cursor.seek(id_prefix(index.object_id), id_prefix(index.object_id + 1), Direction::kForward, nullptr);
    rocksdb::PinnableSlice bytes;
    while (TRY(cursor.next())) {
      std::string_view entry = cursor.key();
      std::string_view key = index.unique ? unique_owner(cursor.value()) : std::string_view();
      if (!index.unique) {
        size_t length = static_cast<unsigned char>(entry.back());
        if (length + 1 <= entry.size()) key = entry.substr(entry.size() - 1 - length, length);
      }
      bytes.Reset();
      rocksdb::Status status =
          database_.Get(options_, families_.documents, id_prefix(collection_.object_id) + std::string(key), &bytes);
      if (!status.IsNotFound()) TRY(check(status));
      bool is_there = status.ok();
      if (is_there) {
        auto expected = entries_.of(index, as_slice(to_view(bytes)));
        is_there = std::any_of(expected.begin(), expected.end(), [&](const IndexEntry& e) { return e.key == entry; });
      }
      if (!is_there) find(fmt::format("index '{}' has an entry that the document '{}' does not give", index.name, key));
    }
    return {};
  }

  rocksdb::DB& database_;
  const ColumnFamilies& families_;
  const Collection& collection_;
  rocksdb::ManagedSnapshot snapshot_;
  rocksdb::ReadOptions options_;
  IndexEntries entries_;
  std::vector<std::string> findings_;
  int64_t documents_ = 0;
};

}  // namespace

Result<std::vector<std::string>> RocksStore::verify(const Collection& collection) const {
  CollectionStatePtr state = TRY(live(collection));
  CollectionPtr current = state->current().description;
  return Verification(*rocks_.database, rocks_.families, *current).run();
}

// Hops from one distinct value of all fields to the next; when there are many of them, what a piece of the index shows
// must do. Kept until the collection has grown or shrunk by a quarter.
double RocksStore::selectivity_estimate(const Collection& collection, const Index& index) const {
  constexpr size_t kMostHops = 400;
  if (index.unique || index.type == IndexType::kPrimary) return 1;
  CollectionStatePtr state = view()->find(collection.id);
  if (state == nullptr) return 1;
  int64_t count = state->count.load(std::memory_order_relaxed);
  CollectionState::Estimate known = state->estimate(index.object_id);
  if (known.count >= 0 && std::abs(known.count - count) * 4 <= std::max<int64_t>(known.count, 8)) {
    return known.selectivity;
  }
  std::string position = id_prefix(index.object_id), end = id_prefix(index.object_id + 1);
  Cursor cursor(*rocks_.database, rocks_.families.indexes, nullptr);
  size_t distinct = 0, seen = 0;
  bool is_complete = false;
  while (distinct < kMostHops && !is_complete) {
    cursor.seek(position, end, Direction::kForward, nullptr);
    auto found = cursor.next();
    if (!found || !*found) {
      is_complete = true;
      break;
    }
    ++distinct, ++seen;
    std::string_view key = cursor.key();
    position = key.substr(0, key.size() - 1 - static_cast<unsigned char>(key.back()));
    position.push_back(kBeyond);
    // The same value once more is enough to know that it is shared.
    if (auto again = cursor.next(); again && *again && cursor.key() < std::string_view(position)) ++seen;
  }
  double selectivity = 1;
  if (is_complete) {
    // The edge index has two entries a document.
    double entries = double(std::max<int64_t>(count, 1)) * (index.type == IndexType::kEdge ? 2 : 1);
    selectivity = distinct == 0 ? 1 : std::min(1.0, double(distinct) / entries);
  } else {
    selectivity = double(distinct) / double(seen);
  }
  state->set_estimate(index.object_id, {selectivity, count, 0});
  return selectivity;
}

}  // namespace workerdb::storage
