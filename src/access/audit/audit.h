#pragma once
// Who did what: one JSON line an access, each sealed to the one before.
#include <cstdint>
#include <functional>
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
  std::string environment;  // "production"
  std::optional<StoreKind> store;
  std::string database;
  std::string operation;  // "read", "destroy"
  std::string command;    // "aql", "mcp query_documents"
  std::vector<std::string> objects;
  std::string statement_digest;  // of the statement with its literals taken out
  std::optional<uint64_t> rows;
  int64_t duration_ms = 0;
  // "allowed", "allowed read-only", "approved", "denied"; behind what changes data a second entry says "done" or
  // "failed", as the first one is written before it happens.
  std::string decision;
  std::string reason;
  std::optional<std::string> values;
};

// The log of a folder (made when missing, mode 0700). Any number of processes and threads may append at once.
//
// The files are audit-<number of the first entry>.jsonl, begun anew at 64 MiB; the chain goes on from one to the
// next. A line is
//   {"seq":7,"log":"5f0c...","time":"2026-01-31T08:15:30.123Z", ... ,"previous":"<hash of 6>","hash":"<64 digits>"}
// and its hash is the SHA-256 of the line without `,"hash":"..."`. The file `head` tells the last entry, so that a
// cut-off end is seen; it can be behind the files (a crash between the two), never ahead of them.
//
// What a crash left of a line stays where it is; the next append closes it with a newline and writes an entry
// with "repair" that names its length and digest. Nothing is healed in silence.
//
// The chain shows what somebody changed who did not do the whole chain and the head anew. Who must hold against
// that as well publishes it, or keeps the head that verify() tells somewhere else.
class AuditLog {
 public:
  // `rotate_bytes`: for tests.
  explicit AuditLog(std::string folder, uint64_t rotate_bytes = 64 * 1024 * 1024)
      : folder_(std::move(folder)), rotate_bytes_(rotate_bytes) {}

  // Returns when the line is on the disk (one fdatasync). What cannot be written down must not happen: callers
  // end with the error. Texts are bounded (256 bytes a name, 1,000 a reason, 1 MiB of values, 100 objects).
  base::Result<> append(const AuditEntry& entry);

  struct Verification {
    uint64_t entries = 0;
    std::string head;                    // the last hash
    std::optional<std::string> problem;  // the first: file, line and what is wrong there
    std::vector<std::string> notes;      // torn lines that a crash left, each told by an entry
  };
  // Reads all of it. A changed, inserted, removed or reordered line is a problem, and so is a cut-off end. A
  // folder without a log is one of no entries.
  base::Result<Verification> verify() const;

  // Hands out the entries after number `sequence` (0: all) as they stand in the files, oldest first; lines that
  // are none of ours are left out. Ends with the first failure of `on_entry`.
  using Reader = std::function<base::Result<>(uint64_t sequence, std::string_view line)>;
  base::Result<> read_after(uint64_t sequence, const Reader& on_entry) const;
  // The number of the last entry; 0 when there is none.
  base::Result<uint64_t> last_sequence() const;

  // Copies what `database` does not have yet into its collection `workerdb_audit` (made when missing), so that
  // AQL can ask. Several logs may be published into one collection: _key is "<log>-<number>". Returns how many.
  base::Result<uint64_t> publish(stores::documents::DocumentDatabase& database) const;

 private:
  std::string folder_;
  uint64_t rotate_bytes_;
};

// Where this user's commands keep their log: `audit` in base::state_folder().
std::string audit_folder();

}  // namespace workerdb::access
