#pragma once
// What the tools need from the stores, and no more. The composition root implements it over contexts, the guard,
// the audit log and leases; tests bring one in memory. Every call names its principal: the implementation decides,
// enforces read-only in the store itself, and writes the audit line. The tools check shapes and sizes alone.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/context/context.h"
#include "access/context/principal.h"
#include "base/result.h"
#include "base/secret.h"
#include "value/builder.h"

namespace workerdb::mcp {

// One call of a tool. Copied freely.
struct Call {
  access::Principal principal;
  std::string tool;                              // "query_documents", for the audit line
  int64_t deadline_ns = 0;                       // base::steady_time_ns()
  std::shared_ptr<std::atomic<bool>> cancelled;  // may be null

  bool is_cancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
  // At least 1, so that no store takes it for "no limit".
  int64_t left_ms() const;
};

struct ContextSummary {
  std::string name;         // "local"
  std::string environment;  // "production"
  std::string description;  // one sentence on where the stores are
};

struct DatabaseSummary {
  access::StoreKind store = access::StoreKind::kDocuments;
  std::string name;  // of the cache: "cache"
  std::string environment;
  std::string description;
  std::string owner;
  uint64_t objects = 0;  // collections, tables, key spaces
};

struct ObjectSummary {
  std::string name;
  std::string kind;  // "document collection", "edge collection", "table", "view", "key space"
  std::string description;
  std::string owner;
  std::vector<std::string> readers;
  std::optional<uint64_t> rows;
  bool rows_are_estimated = false;
};

struct AttributeSummary {
  std::string name;
  std::string type;  // of the declaration, or what a sample showed: "string", "string|null", "timestamptz"
  bool is_required = false;
  std::string description;
};

struct IndexSummary {
  std::string name;
  std::string type;
  std::vector<std::string> fields;
  bool is_unique = false;
};

struct ObjectDetail {
  ObjectSummary summary;
  std::vector<AttributeSummary> attributes;  // declared
  std::vector<AttributeSummary> sample;      // names and types that were seen; never a value
  uint64_t sampled_rows = 0;
  std::vector<IndexSummary> indexes;
  std::vector<std::string> key_prefixes;  // key spaces
  std::vector<std::string> channels;
  std::string ttl_rule;
  std::optional<int64_t> ttl_longest_s;
};

struct ReadLimits {
  uint64_t skip = 0;  // rows that an earlier page returned
  uint64_t rows = 0;
  uint64_t bytes = 0;  // of the rows as JSON, roughly: what is above need not be fetched
};

struct RowSet {
  std::vector<std::string> columns;  // relational only: rows are then arrays in this order
  std::vector<std::string> column_types;
  value::Buffer rows = value::Buffer(value::Slice::empty_array());
  bool has_more = false;
  std::vector<std::string> warnings;
};

enum class CacheRead { kAutomatic, kString, kHash, kList, kSet, kSortedSet, kStream };

struct CacheRequest {
  CacheRead read = CacheRead::kAutomatic;
  std::string key;
  std::string field;     // of a hash: this one alone
  std::string position;  // where an earlier page ended, as the door gave it; empty at the start
};

struct CacheValue {
  std::string type;  // Redis' word; "none" when there is no such key
  std::optional<int64_t> ttl_s;
  value::Buffer value = value::Buffer(value::Slice::null());
  std::string next_position;  // empty: this was all
};

struct QueryPlan {
  std::string text;
  std::vector<std::string> warnings;
};

struct CredentialRequest {
  access::StoreKind store = access::StoreKind::kDocuments;
  std::string database;
  std::vector<std::string> objects;
  int64_t lifetime_s = 0;
};

// A login that ends by itself. Never a long-lived secret.
struct IssuedCredential {
  std::string user;
  base::Secret secret;  // empty when the socket alone lets in
  std::string host;
  uint16_t port = 0;
  std::string socket;
  std::string database;
  std::vector<std::string> scope;
  int64_t expires_unix_s = 0;
};

// Thread-safe. Errors: kForbidden (the guard said no; its sentence says what to do), kDatabaseNotFound and
// kCollectionNotFound (no such name), the store's own numbers otherwise.
class DataDoor {
 public:
  virtual ~DataDoor() = default;

  virtual base::Result<ContextSummary> context(const Call& call) = 0;
  // In a stable order.
  virtual base::Result<std::vector<DatabaseSummary>> databases(const Call& call) = 0;
  virtual base::Result<std::vector<ObjectSummary>> objects(const Call& call, access::StoreKind store,
                                                           std::string_view database) = 0;
  virtual base::Result<ObjectDetail> describe(const Call& call, access::StoreKind store, std::string_view database,
                                              std::string_view object) = 0;

  // Read-only: a statement that writes fails with kReadOnly or kForbidden. `bind` is an object, `parameters` an
  // array of strings and nulls, for $1, $2...
  virtual base::Result<RowSet> query_documents(const Call& call, std::string_view database, std::string_view text,
                                               value::Slice bind, const ReadLimits& limits) = 0;
  virtual base::Result<RowSet> query_relational(const Call& call, std::string_view database, std::string_view text,
                                                value::Slice parameters, const ReadLimits& limits) = 0;
  virtual base::Result<CacheValue> read_cache(const Call& call, const CacheRequest& request,
                                              const ReadLimits& limits) = 0;
  virtual base::Result<QueryPlan> explain(const Call& call, access::StoreKind store, std::string_view database,
                                          std::string_view text, value::Slice bind) = 0;

  virtual base::Result<IssuedCredential> issue_credential(const Call& call, const CredentialRequest& request) = 0;

  // Whether the principal sees the tool publish_event at all.
  virtual bool may_publish(const access::Principal& principal) = 0;
  // Returns how many received it.
  virtual base::Result<uint64_t> publish(const Call& call, std::string_view channel, std::string_view payload) = 0;
};

}  // namespace workerdb::mcp
