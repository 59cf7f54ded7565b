#pragma once
// workerdb credential: lease, list, revoke, rotate, check.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/context/context.h"
#include "base/result.h"
#include "cli/door.h"

namespace workerdb::cli {

struct LeaseOptions {
  access::StoreKind store = access::StoreKind::kDocuments;
  std::string database;
  std::vector<std::string> objects, channels;
  int64_t lifetime_s = 900;
  std::string output;   // a file of mode 0600: "user:password", as file+user:FILE reads it
  bool as_url = false;  // a URL with the password in it instead
  bool show = false;    // print the secret: a person on a terminal only
  bool as_json = false;
};

// Removes what is over, then makes a login. Without a place for the secret (kBadParameter) nothing is made; `show` is
// kForbidden for whoever is no person on a terminal. A secret that cannot be written takes its login along.
base::Result<> lease_credential(Door& door, const LeaseOptions& options);
// The logins that leases made, in all stores of the context that answer.
base::Result<> list_leases(Door& door, bool as_json);
// One of them by its name, or all of one store, or all.
base::Result<> revoke_leases(Door& door, const std::string& account, bool all, std::optional<access::StoreKind> only);
// New passwords for the local stack; kBadParameter in another context.
base::Result<> rotate_local(Door& door, std::optional<access::StoreKind> only);
// Whether a source gives a login: prints everything but the secret.
base::Result<> check_credential(const std::string& source, bool as_json);

// "90", "90s", "15m", "1h" as seconds; kBadParameter.
base::Result<int64_t> parse_lifetime(const std::string& text);

}  // namespace workerdb::cli
