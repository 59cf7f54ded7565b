#pragma once
// Cursors whose rows are not all fetched yet, by id. Thread-safe.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "engine/query.h"
#include "engine/transaction.h"

namespace workerdb::server {

// A cursor with what a request for its next batch needs. One request uses it at a time.
struct OpenCursor {
  explicit OpenCursor(engine::Cursor cursor) : rows(std::move(cursor)) {}

  std::shared_ptr<void> transaction_hold;  // a stream transaction that it reads in; given back behind its rows
  engine::Cursor rows;
  uint64_t id = 0;
  std::string database, user;
  size_t batch_size = 1000;
  bool show_count = false;
  bool allow_retry = false;
  int64_t lifetime_ns = 0, expires_ns = 0;  // steady clock; renewed by each access
  int64_t ends_ns = INT64_MAX;              // no access renews it beyond: the end of that transaction
  uint64_t newest_batch = 1;                // the number of the batch that was given out last
  std::string last_batch;                   // with allow_retry: its body
  bool is_at_end = false;                   // it was the last one
  bool busy = false;
};

class Cursors {
 public:
  void add(std::shared_ptr<OpenCursor> cursor);
  // Marks it busy. kCursorNotFound (also for another database's or user's), kCursorBusy.
  base::Result<std::shared_ptr<OpenCursor>> borrow(uint64_t id, std::string_view database, std::string_view user);
  // `keep` false ends it.
  void give_back(const std::shared_ptr<OpenCursor>& cursor, bool keep);
  // kCursorNotFound.
  base::Result<> remove(uint64_t id, std::string_view database, std::string_view user);
  // Ends the ones that nobody asked for in time.
  void remove_expired();
  size_t count() const;

 private:
  base::Result<std::shared_ptr<OpenCursor>> find(uint64_t id, std::string_view database, std::string_view user)
      REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<OpenCursor>> cursors_ GUARDED_BY(mutex_);
};

}  // namespace workerdb::server
