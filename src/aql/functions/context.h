#pragma once
// What a function and an expression may ask of the query that runs them.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "value/arena.h"
#include "value/builder.h"
#include "value/slice.h"

namespace workerdb::search::analysis {
class Analyzer;
}

namespace workerdb::aql::functions {

// The query's data, for the few functions that read documents. Implemented by execution.
class DataAccess {
 public:
  virtual ~DataAccess() = default;
  // The document with that _id ("collection/key"), copied into the arena; none if it or its collection is
  // missing.
  virtual base::Result<value::Slice> document(std::string_view id, value::Arena& arena) = 0;
  // kCollectionNotFound.
  virtual base::Result<uint64_t> collection_count(std::string_view collection) = 0;
  virtual std::vector<std::string> collection_names() = 0;
  // 0 if there is no such collection.
  virtual uint64_t collection_id(std::string_view) { return 0; }
  // Why the document breaks the schema ({rule, level, message, type}); nothing where it meets it.
  // kValidationBadParameter; kNotImplemented where the implementation knows no schemas.
  virtual base::Result<std::optional<std::string>> validate(value::Slice, value::Slice) {
    return base::ErrorCode::kNotImplemented;
  }
  // An analyzer that the database's users made, for as long as the query runs; null if there is none of that name.
  virtual const search::analysis::Analyzer* analyzer(std::string_view) { return nullptr; }
  // The collection's validation schema, or null.
  virtual base::Result<value::Slice> schema(std::string_view collection, value::Arena& arena) = 0;
};

struct Warning {
  base::ErrorCode code;
  std::string message;
};

// One a thread of a query. Results go into arena(); scratch() is for building one value and is cleared by its
// user.
class Context {
 public:
  Context() = default;
  virtual ~Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  value::Arena& arena() { return *arena_; }
  void set_arena(value::Arena* arena) { arena_ = arena; }
  // Empty on entry; whoever builds in it hands it back empty (finish() does both).
  value::Builder& scratch() { return scratch_; }
  // The scratch's value, copied into the arena; the scratch is cleared.
  value::Slice finish();

  // A data-level problem: remembered up to max_warnings (the count goes on); with fail_on_warning the query
  // ends.
  void warn(base::ErrorCode code, std::string message);
  void warn(base::ErrorCode code) { warn(code, std::string(base::default_message(code))); }
  // Ends the query with an error: the caller returns null and execution checks failed() before a row leaves.
  void fail(base::Error error);
  bool failed() const { return error_ != nullptr; }
  const base::Error& error() const { return *error_; }
  const std::vector<Warning>& warnings() const { return warnings_; }
  uint64_t warning_count() const { return warning_count_; }

  // The query is to end (kill, deadline, memory, a client that left). Long loops ask, at least once a few milliseconds.
  bool should_stop() const {
    if (stop_ == nullptr) return false;
    if (stop_->load(std::memory_order_relaxed)) return true;
    return deadline_ns != 0 && (++asked_ & 0xf) == 0 && base::steady_time_ns() >= deadline_ns;
  }

  // Set once when the query starts.
  size_t max_warnings = 10;
  bool fail_on_warning = false;
  int64_t now_ms = 0;               // DATE_NOW
  std::string_view database, user;  // CURRENT_DATABASE, CURRENT_USER
  DataAccess* data = nullptr;       // null while constants are folded
  const std::atomic<bool>* stop_ = nullptr;
  int64_t deadline_ns = 0;                         // of base::steady_time_ns(); 0: none
  size_t largest_value_bytes = size_t(256) << 20;  // what one function may build (REPEAT, RANGE …)

 private:
  value::Arena* arena_ = nullptr;
  value::Builder scratch_;
  std::vector<Warning> warnings_;
  uint64_t warning_count_ = 0;
  std::unique_ptr<base::Error> error_;
  mutable uint32_t asked_ = 0;
};

}  // namespace workerdb::aql::functions
