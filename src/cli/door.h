#pragma once
// One command's way to the stores of a context: where they are, the tunnel and the logins that it takes, and
// who is asking.
#include <map>
#include <string>
#include <vector>

#include "access/context/context.h"
#include "access/context/principal.h"
#include "base/result.h"
#include "catalog/plan.h"
#include "cli/command_line/command_line.h"
#include "cli/session.h"

namespace workerdb::cli {

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
  // What a command uses when it was given no database.
  std::string database_or(access::StoreKind store, const std::string& given, const char* otherwise) const;
  bool has(access::StoreKind store) const;

  // The passwords that `apply` gives to the catalog's roles and users: the local stack's own, or files beside
  // contexts.yaml that are made when they are missing.
  base::Result<catalog::Passwords> catalog_passwords(const std::string& catalog_folder) const;

 private:
  Door(CommonOptions options, access::Context context, StoreEndpoints endpoints)
      : options_(std::move(options)), context_(std::move(context)), principal_(access::current_principal()),
        session_(std::move(endpoints)) {}

  CommonOptions options_;
  access::Context context_;
  access::Principal principal_;
  Session session_;
};

}  // namespace workerdb::cli
