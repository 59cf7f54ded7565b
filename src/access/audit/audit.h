#pragma once
// Who did what: one JSON line an access, each sealed to the one before.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/context/context.h"
#include "access/context/principal.h"
#include "base/result.h"
#include "stores/documents/document_store.h"

namespace workerdb::access {

// Never a value of the data, a bind value, a statement or a secret, unless `values` was asked for.
struct AuditEntry {
  int64_t time_unix_ms = 0;
  Principal principal;
  std::string context;
  std::string environment;               // "production"
  std::optional<StoreKind> store;
  std::string database;
  std::string operation;                 // "read", "destroy"
  std::string command;                   // "aql", "mcp query_documents"
  std::vector<std::string> objects;
  std::string statement_digest;          // of the statement with its literals taken out
  std::optional<uint64_t> rows;
  int64_t duration_ms = 0;
  std::string decision;                  // "allowed", "allowed read-only", "approved", "denied", "failed"
  std::string reason;
  std::optional<std::string> values;
};

// The log file of a folder. Any number of processes may append at once.
class AuditLog {
 public:
  explicit AuditLog(std::string folder) : folder_(std::move(folder)) {}
  // {"seq", "time" (ISO 8601), ..., "previous", "hash"}; hash = SHA-256 of the line without it. Returns when
  // the line is in the file; rotates at 64 MiB, the chain goes on. What cannot be written down must not
  // happen: callers end with the error.
  base::Result<> append(const AuditEntry& entry);

  struct Verification {
    uint64_t entries = 0;
    std::string head;                    // the last hash
    std::optional<std::string> problem;  // file, line and what is wrong there
  };
  // Reads all of it. A changed, inserted, removed or reordered line is a problem, and so is a cut-off end,
  // which the head file tells.
  base::Result<Verification> verify() const;

  // Copies what `database` does not have yet into its collection `workerdb_audit` (made when missing, _key =
  // the sequence number), so that AQL can ask. Returns how many.
  base::Result<uint64_t> publish(stores::documents::DocumentDatabase& database) const;

 private:
  std::string folder_;
};

}  // namespace workerdb::access
