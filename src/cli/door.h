#pragma once
// One command's way to the stores of a context: where they are, the tunnel and the logins that it takes, who is
// asking, and what the guard says to it.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/context/context.h"
#include "access/context/principal.h"
#include "access/guard/guard.h"
#include "base/result.h"
#include "catalog/plan.h"
#include "cli/command_line/command_line.h"
#include "cli/passage.h"
#include "cli/session.h"

namespace workerdb::cli {

// What a command is about to do.
struct Intent {
  access::StoreKind store = access::StoreKind::kDocuments;
  std::string database;
  access::Operation operation = access::Operation::kRead;
  std::string command;               // as access/guard/policy.h knows it
  std::vector<std::string> objects;  // collections, tables, keys
  // All that the effect depends on beside these: a statement with its values, or the digest of several parts
  // (access::digest_of_parameters). Only a digest is kept.
  std::string parameters;
  std::string statement_digest;  // of the statement without its literals, for the audit log
  std::optional<base::EnvironmentClass> data_class;
  // The statement and its values as given: written down only under --audit-values.
  std::string values;
};

// One thread.
class Door {
 public:
  // Finds the context and how its stores are reached; nothing is connected yet. A remote context opens the
  // tunnel that it needs, and says so on standard error. Fails with kFileNotFound (no such context, no stack
  // in the data folder) and with the errors of tunnel and credential sources.
  static base::Result<Door> open(const CommonOptions& options);

  const access::Context& context() const { return context_; }
  const access::Principal& principal() const { return principal_; }
  const CommonOptions& options() const { return options_; }
  Session& session() { return session_; }
  // "production" in red, "local" plain: what prompts and messages say about where one is.
  std::string label() const;
  // The shells' prompts: "aql flowmaster> ", elsewhere "production aql flowmaster> ", red for production.
  std::string prompt(const std::string& command, const std::string& database) const;
  // What a command uses when it was given no database.
  std::string database_or(access::StoreKind store, const std::string& given, const char* otherwise) const;
  bool has(access::StoreKind store) const;

  // Asks the guard, and writes the answer down. What needs an approval is asked of the person at the terminal,
  // unless --approval names one. Fails with kForbidden (denied), kApprovalNeeded, and when the audit log cannot
  // be written. Under `workerdb approve` it never passes: it makes the approval and ends with kNoError.
  base::Result<Passage> enter(const Intent& intent);

  // The passwords that `apply` gives to the catalog's roles and users: the local stack's own, or files beside
  // contexts.yaml that are made when they are missing.
  base::Result<catalog::Passwords> catalog_passwords(const std::string& catalog_folder) const;

 private:
  Door(CommonOptions options, access::Context context, StoreEndpoints endpoints);
  bool owns(const Intent& intent) const;
  base::Result<> step_up(const access::AccessRequest& request, const access::Decision& decision);
  base::Result<> approve_only(const access::AccessRequest& request, const access::Decision& decision);

  CommonOptions options_;
  access::Context context_;
  access::Principal principal_;
  std::string audit_folder_;
  Session session_;
};

// Whether the catalog (the installed one) declares the principal as owner of all objects of the intent, or lets
// it publish there.
bool declares_as_own(const catalog::Catalog& catalog, const access::Principal& principal, access::StoreKind store,
                     const std::string& database, const std::vector<std::string>& objects);

}  // namespace workerdb::cli
