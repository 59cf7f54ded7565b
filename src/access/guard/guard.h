#pragma once
// The one place through which commands, MCP tools and the worker door pass before they touch a store: who,
// which context, which class, which operation, which objects. The decision comes from a table (policy.h);
// what it allows is then enforced by the store itself (read_only.h: a read-only transaction, a role without
// rights, an ACL user), and the analysis of the query (analysis.h) is the second layer.
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/context/context.h"
#include "access/context/principal.h"
#include "base/environment_class.h"
#include "base/result.h"

namespace workerdb::access {

enum class Operation {
  kDescribe,    // names, shapes, indexes, counts, plans: no values
  kRead,        // values
  kWrite,       // values, without losing more than single documents or rows
  kPublish,     // an event
  kShape,       // makes collections, tables, indexes, users; loses nothing
  kDestroy,     // drops, truncates, mass removes
  kAdminister,  // passwords, leases of others, settings of the server
  kCredential,  // a short-lived login for oneself
};
inline constexpr Operation kOperations[] = {Operation::kDescribe,   Operation::kRead,      Operation::kWrite,
                                            Operation::kPublish,    Operation::kShape,     Operation::kDestroy,
                                            Operation::kAdminister, Operation::kCredential};
std::string_view name_of(Operation operation);

struct AccessRequest {
  Principal principal;
  const Context* context = nullptr;  // borrowed
  // The class that the data carries; nothing when it carries none: see class_of.
  std::optional<base::EnvironmentClass> data_class;
  StoreKind store = StoreKind::kDocuments;
  // Where the store is, in the words of whoever declared it: the stack's data folder, or URL, service and host. The
  // name of a context can be given to another place while an approval waits.
  std::string place;
  std::string database;
  Operation operation = Operation::kRead;
  std::string command;               // "aql", "drop", "mcp query_documents"
  std::vector<std::string> objects;  // collections, tables, keys
  // SHA-256 of everything that the operation's effect depends on (statement, bind values, plan): what an
  // approval is bound to.
  std::string parameters_digest;
  bool wants_write = false;  // the caller said --write
  // The catalog declares the principal as owner of all `objects` (or lets it publish to this channel).
  bool owns_objects = false;
};

// The class that counts. In the local stack what the data carries, and production when it carries none (nobody
// has said what it is). Elsewhere the stricter one of what the data carries and what the context declares.
base::EnvironmentClass class_of(const AccessRequest& request);

// The class of several databases that one request concerns, as its `data_class`: that of the strictest, where one that
// carries none has what class_of would make of it.
std::optional<base::EnvironmentClass> strictest_class(const Context& context,
                                                      std::span<const std::optional<base::EnvironmentClass>> classes);

struct Limits {
  uint64_t rows = 0;  // 0: none
  uint64_t bytes = 0;
  int64_t time_ms = 0;
};

enum class Verdict { kAllow, kAllowReadOnly, kStepUp, kDeny };
std::string_view name_of(Verdict verdict);

struct Decision {
  Verdict verdict = Verdict::kDeny;
  Limits limits;
  std::string reason;  // a sentence that says what to do about it; holds no values
};

// Pure: the table applied to the request. A request without a context is denied.
Decision decide(const AccessRequest& request);

// What a person allowed, once: `workerdb approve`. Kept as a file of mode 0600, sealed with a key of this
// machine, bound to the exact request, used up by its first use.
//
// The seal holds against edits and against other users of the machine, not against a program that runs as the
// same user and reads the key: agents that must not be trusted that far run as a user of their own.
struct Approval {
  std::string id;  // 32 hexadecimal digits
  std::string request_digest;
  std::string approved_by;
  int64_t expires_unix_s = 0;
};

// What an approval of this request is bound to: context, class, store, database, operation, command, objects
// and parameters; not the principal, as one person may approve for a pipeline.
std::string digest_of(const AccessRequest& request);

inline constexpr int64_t kLongestApprovalS = 24 * 3600;

// The approvals of a folder (made when missing, mode 0700). Any number of processes may use it at once.
class ApprovalStore {
 public:
  // `now_unix_s`: the clock; nothing is the machine's.
  explicit ApprovalStore(std::string folder, std::function<int64_t()> now_unix_s = {});
  // Only a person who sits at a terminal may approve (kForbidden for all others). `lifetime_s` from 1 to
  // kLongestApprovalS (kBadParameter).
  base::Result<Approval> approve(const AccessRequest& request, const Principal& by, bool at_terminal,
                                 int64_t lifetime_s);
  // The id of an approval that is bound to this request, sealed by us, unused and not over; or nothing.
  base::Result<std::optional<std::string>> find(const AccessRequest& request) const;
  // Passes and uses the approval up when it is sealed by us, bound to this request, not used and not over; else
  // kForbidden in a sentence that says which of these failed. That it is used is on the disk before this
  // returns, so that a crash may lose an approval but never use it twice. An agent cannot use one.
  base::Result<> use(std::string_view id, const AccessRequest& request);

 private:
  std::string folder_;
  std::function<int64_t()> now_unix_s_;
};

// Standard input and standard error are terminals: a person can be asked.
bool is_at_terminal();

}  // namespace workerdb::access
