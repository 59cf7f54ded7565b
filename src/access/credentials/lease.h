#pragma once
// Short-lived logins, made on demand and gone at their end, also after a crash: the name of an account carries
// its end ("workerdb_lease_<unix seconds>_<random>"), so that whoever sweeps next needs no memory of it.
#include <cstdint>
#include <string>
#include <vector>

#include "access/context/context.h"
#include "access/credentials/credential.h"
#include "base/result.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/document_store.h"
#include "stores/relational/relational_store.h"

namespace workerdb::access {

// What the login may see and do; the store itself enforces it.
struct LeaseScope {
  std::string database;
  // Collections, tables ("schema.table") or key patterns ("session:*"); empty: all of the database (documents,
  // relational), which is not allowed for the cache.
  std::vector<std::string> objects;
  std::vector<std::string> channels;  // cache: patterns of channels to listen to
  bool may_write = false;
};

struct Lease {
  StoreKind store = StoreKind::kDocuments;
  Credential credential;
  LeaseScope scope;
  int64_t expires_unix_s = 0;
};

inline constexpr int64_t kLongestLeaseS = 3600;

// Each makes the account with exactly the scope's rights. `lifetime_s` from 1 to kLongestLeaseS
// (kBadParameter). Needs a login that may make accounts: kForbidden.
//   documents   a user with `ro` or `rw` on the collections and `none` elsewhere, through the user API
//   relational  a role with LOGIN, VALID UNTIL, default_transaction_read_only when it may not write, a
//               statement timeout, CONNECT and SELECT (INSERT, UPDATE, DELETE) on the tables, no membership
//   cache       an ACL user with read (and write) commands on the patterns, no dangerous ones, no scripts
base::Result<Lease> lease_documents(stores::documents::DocumentStore& store, const LeaseScope& scope, int64_t lifetime_s);
base::Result<Lease> lease_relational(stores::relational::RelationalStore& store, const LeaseScope& scope, int64_t lifetime_s);
base::Result<Lease> lease_cache(stores::cache::CacheStore& store, const LeaseScope& scope, int64_t lifetime_s);

// Removes the accounts whose end has passed, ends their sessions, and leaves all others alone. Returns how
// many were removed. `all`: also those that have not ended yet (`workerdb credential revoke`).
base::Result<size_t> sweep_documents(stores::documents::DocumentStore& store, int64_t now_unix_s, bool all = false);
base::Result<size_t> sweep_relational(stores::relational::RelationalStore& store, int64_t now_unix_s, bool all = false);
base::Result<size_t> sweep_cache(stores::cache::CacheStore& store, int64_t now_unix_s, bool all = false);

}  // namespace workerdb::access
