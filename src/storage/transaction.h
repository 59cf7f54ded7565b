#pragma once
// Reads at a snapshot, writes that are seen by the transaction itself and by nobody else until commit().
// Snapshot isolation: a write to a document (or unique index entry) that another transaction committed after this
// one's snapshot fails with kConflict; so does one that waits longer than the lock timeout.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/schema.h"
#include "value/builder.h"
#include "value/slice.h"

namespace workerdb::storage {

struct TransactionOptions {
  bool read_only = false;  // writes fail with kReadOnly
  bool wait_for_sync = false;
  uint64_t size_limit_bytes = uint64_t(512) << 20;  // beyond: kResourceLimit
};

// A document's bytes, held in place. Reuse one object for many reads. The slice lives until the next read into it.
class PinnedDocument {
 public:
  PinnedDocument();
  ~PinnedDocument();
  PinnedDocument(PinnedDocument&&) noexcept;
  PinnedDocument& operator=(PinnedDocument&&) noexcept;
  value::Slice slice() const;

  struct Pin;  // storage's own
  Pin& pin() { return *pin_; }

 private:
  std::unique_ptr<Pin> pin_;
};

enum class OverwriteMode : uint8_t { kConflict, kIgnore, kReplace, kUpdate };

struct WriteOptions {
  OverwriteMode overwrite = OverwriteMode::kConflict;  // insert only
  bool keep_null = true;                               // update: null in the patch stays as null
  bool merge_objects = true;                           // update: objects are merged, not replaced
  bool return_old = false, return_new = false;
  bool wait_for_sync = false;          // makes the transaction's commit synchronous
  std::string_view expected_rev;       // not empty: kConflict unless the document has it
  std::string_view version_attribute;  // not empty: an update with a lower number there is skipped
  bool skip_schema = false;            // internal restores only
};

struct WriteResult {
  std::string key, rev, old_rev;  // old_rev empty where nothing was there before
  bool ignored = false;           // overwrite kIgnore met an existing document, or version_attribute was older
  value::Buffer old_document, new_document;  // filled when asked for, null otherwise
};

enum class Direction : uint8_t { kForward, kBackward };

// Walks documents in _key's byte order.
//   auto scan = transaction.scan(collection);
//   while (TRY(scan->next())) use(scan->document());
class CollectionScan {
 public:
  virtual ~CollectionScan() = default;
  // False at the end.
  virtual base::Result<bool> next() = 0;
  // The whole document, borrowed until next().
  virtual value::Slice document() const = 0;
  virtual std::string_view key() const = 0;
};

// What part of an index a scan covers: values for a prefix of the fields, then a range of the field behind them.
// Slices are borrowed for the call of scan_index. For the edge index: `field` 0 is _from and 1 is _to.
struct IndexBounds {
  std::vector<value::Slice> equal;
  std::optional<value::Slice> lower, upper;
  bool lower_inclusive = true, upper_inclusive = true;
  uint8_t field = 0;
};

// Walks index entries in index order (forward or backward).
class IndexScan {
 public:
  virtual ~IndexScan() = default;
  // Starts over with other bounds: joins call this once a row, so it allocates nothing.
  virtual base::Result<> rearm(const IndexBounds& bounds) = 0;
  virtual base::Result<bool> next() = 0;
  // The _key of the document, borrowed until next().
  virtual std::string_view key() const = 0;
  // The document itself: one more read. Borrowed until next().
  virtual base::Result<value::Slice> document() = 0;
  // The same for an entry from before, by its _key: who looks at some entries first and says of each that its document
  // will be asked for, has the memory fetched meanwhile. Borrowed until the next document; not for primary indexes.
  virtual void prefetch_document() = 0;
  virtual base::Result<value::Slice> document_of(std::string_view key) = 0;
  // The value of an indexed field or (counted behind the fields) a stored value, decoded from the entry, as an
  // index-only scan needs it. Borrowed until next(). Primary: 0 is _key. Edge: 0 is _from, 1 is _to. Fields that are
  // expanded with [*] give the one array member of this entry.
  virtual base::Result<value::Slice> covered(size_t position) = 0;
};

// Not for two threads at once. Destroyed without commit(): rolled back.
class Transaction {
 public:
  virtual ~Transaction() = default;

  virtual base::Result<bool> read(const Collection& collection, std::string_view key, PinnedDocument& into) = 0;
  // Scans see the snapshot and the transaction's own writes as of the call. The descriptions that they are given must
  // outlive them. kConflict if the collection or index is newer than the snapshot, or was dropped before it.
  virtual base::Result<std::unique_ptr<CollectionScan>> scan(const Collection& collection,
                                                             Direction direction = Direction::kForward) = 0;
  virtual base::Result<std::unique_ptr<IndexScan>> scan_index(const Collection& collection, const Index& index,
                                                              const IndexBounds& bounds,
                                                              Direction direction = Direction::kForward) = 0;
  // Two transactions that are given the same number see the same documents of the collection (as long as the store is
  // open); for what is kept in memory beside the store. Nothing where that is not known: the transaction has touched
  // the collection itself, others are writing to it at the moment, or it has changed since.
  virtual std::optional<uint64_t> content_version(const Collection& collection) const = 0;
  // Another reader of the same snapshot, for another thread; this transaction outlives it. Null where this one has
  // writes of its own, which the other would not see.
  virtual std::unique_ptr<Transaction> reader() = 0;
  // Keys that cut the collection's documents into at most `parts` ranges of about equal size, in order.
  virtual base::Result<std::vector<std::string>> split(const Collection& collection, size_t parts) = 0;
  // The documents from `lower` on and in front of `upper`; an empty one is the collection's end on that side.
  virtual base::Result<std::unique_ptr<CollectionScan>> scan_range(const Collection& collection, std::string_view lower,
                                                                   std::string_view upper) = 0;
  // Documents that this transaction sees.
  virtual base::Result<uint64_t> count(const Collection& collection) = 0;

  // Writes. A failed one leaves the transaction as it was before it and usable.
  // insert: `document` is an object; _key is generated when absent; _id and _rev in it are ignored; edges need
  //   _from and _to. Errors: kUniqueConstraintViolated, kDocumentKeyBad, kDocumentKeyUnexpected,
  //   kDocumentTypeInvalid, kInvalidEdgeAttribute, kValidationFailed, kDocumentTooLarge, kConflict.
  // update and replace: kDocumentNotFound besides; remove: kDocumentNotFound, kConflict.
  virtual base::Result<WriteResult> insert(const Collection& collection, value::Slice document,
                                           const WriteOptions& options = {}) = 0;
  virtual base::Result<WriteResult> update(const Collection& collection, std::string_view key, value::Slice patch,
                                           const WriteOptions& options = {}) = 0;
  virtual base::Result<WriteResult> replace(const Collection& collection, std::string_view key, value::Slice document,
                                            const WriteOptions& options = {}) = 0;
  virtual base::Result<WriteResult> remove(const Collection& collection, std::string_view key,
                                           const WriteOptions& options = {}) = 0;

  // A mark to which a failed statement goes back; marks nest.
  virtual void set_savepoint() = 0;
  virtual base::Result<> rollback_to_savepoint() = 0;
  virtual void release_savepoint() = 0;

  virtual base::Result<> commit() = 0;
  virtual void rollback() = 0;
  virtual uint64_t id() const = 0;
};

}  // namespace workerdb::storage
