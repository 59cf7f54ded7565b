#pragma once
// The one place through which commands, MCP tools and the worker door pass before they touch a store: who,
// which context, which class, which operation, which objects. The decision comes from a table (policy.h);
// what it allows is then enforced by the store itself (a read-only transaction, a role without rights, an ACL
// user), and the analysis of the query (analysis.h) is the second layer.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/context/context.h"
#include "access/context/principal.h"
#include "base/environment_class.h"
#include "base/result.h"

namespace workerdb::access {

enum class Operation {
  kDescribe,     // names, shapes, indexes, counts, plans: no values
  kRead,         // values
  kWrite,        // values, without losing more than single documents or rows
  kPublish,      // an event
  kShape,        // makes collections, tables, indexes, users; loses nothing
  kDestroy,      // drops, truncates, mass removes
  kAdminister,   // passwords, leases of others, settings of the server
  kCredential,   // a short-lived login for oneself
};
std::string_view name_of(Operation operation);

struct AccessRequest {
  Principal principal;
  const Context* context = nullptr;              // borrowed
  // The class that the data carries; nothing when it carries none, which counts as production.
  std::optional<base::EnvironmentClass> data_class;
  StoreKind store = StoreKind::kDocuments;
  std::string database;
  Operation operation = Operation::kRead;
  std::string command;                           // "aql", "drop", "mcp query_documents"
  std::vector<std::string> objects;              // collections, tables, keys
  // SHA-256 of everything that the operation's effect depends on (statement, bind values, plan): what an
  // approval is bound to.
  std::string parameters_digest;
  bool wants_write = false;                      // the caller said --write
};

struct Limits {
  uint64_t rows = 0;      // 0: none
  uint64_t bytes = 0;
  int64_t time_ms = 0;
};

enum class Verdict { kAllow, kAllowReadOnly, kStepUp, kDeny };

struct Decision {
  Verdict verdict = Verdict::kDeny;
  Limits limits;
  std::string reason;     // a sentence that says what to do about it; holds no values
};

// Pure: the table applied to the request.
Decision decide(const AccessRequest& request);

// What a person allowed, once: `workerdb approve`. Kept as a file of mode 0600, sealed with a key of this
// machine, bound to the exact request, used up by its first use.
struct Approval {
  std::string id;
  std::string request_digest;
  std::string approved_by;
  int64_t expires_unix_s = 0;
};

// What an approval of this request is bound to: context, class, store, database, operation, command, objects
// and parameters; not the principal, as one person may approve for a pipeline.
std::string digest_of(const AccessRequest& request);

class ApprovalStore {
 public:
  explicit ApprovalStore(std::string folder) : folder_(std::move(folder)) {}
  // Only a person may approve (kForbidden for agents and services). At most 24 hours.
  base::Result<Approval> approve(const AccessRequest& request, const Principal& by, int64_t lifetime_s);
  // Passes and uses the approval up when it is sealed by us, bound to this request, not used and not over;
  // else kForbidden in a sentence that says which of these failed. An agent cannot use one.
  base::Result<> use(std::string_view id, const AccessRequest& request);

 private:
  std::string folder_;
};

}  // namespace workerdb::access
