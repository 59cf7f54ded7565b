#pragma once
// Short-lived logins, made on demand and gone at their end, also after a crash: the name of an account carries
// its end ("workerdb_lease_<unix seconds>_<random>"), so that whoever sweeps next needs no memory of it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  std::string database;  // cache: the number, "" is 0
  // Collections, tables ("schema.table", or "table" of the schema public) or key patterns ("session:*"); empty: all of
  // the database (documents, relational), which is not allowed for the cache.
  std::vector<std::string> objects;
  std::vector<std::string> channels;  // cache: patterns of channels to listen to, and to publish on with may_write
  bool may_write = false;
};

struct Lease {
  StoreKind store = StoreKind::kDocuments;
  Credential credential;
  LeaseScope scope;
  int64_t expires_unix_s = 0;
  // What the login may do beyond its scope, because the server lets everybody: a sentence each ("PUBLIC may make
  // temporary tables"). Nothing of it is a right on the data of a table. See also close_to_public().
  std::vector<std::string> beyond_scope;
};

// An account that a lease made, as its store lists it.
struct LeaseAccount {
  std::string name;
  int64_t expires_unix_s = 0;
};

inline constexpr int64_t kLongestLeaseS = 3600;

// Each makes the account with exactly the scope's rights. `lifetime_s` from 1 to kLongestLeaseS
// (kBadParameter). Needs a login that may make accounts: kForbidden. kDatabaseNotFound and kCollectionNotFound for
// what the scope names and nobody knows.
//   documents   a user with `ro` or `rw` on the collections and `none` on the others, through the user API. Without
//               objects: on all of the database, but not the right to administrate it. Collections that are made
//               while the lease lives can be read until the next sweep, which takes them away
//   relational  a role with LOGIN, VALID UNTIL, at most five connections, a statement timeout, SELECT (and INSERT,
//               UPDATE, DELETE) on the tables, no membership; default_transaction_read_only as a courtesy only
//   cache       an ACL user with read (and write) commands on the patterns, no dangerous ones, no scripts, none that
//               tells names of keys outside the patterns (SCAN, RANDOMKEY), no other database
base::Result<Lease> lease_documents(stores::documents::DocumentStore& store, const LeaseScope& scope,
                                    int64_t lifetime_s);
base::Result<Lease> lease_relational(stores::relational::RelationalStore& store, const LeaseScope& scope,
                                     int64_t lifetime_s);
base::Result<Lease> lease_cache(stores::cache::CacheStore& store, const LeaseScope& scope, int64_t lifetime_s);

base::Result<std::vector<LeaseAccount>> list_documents_leases(stores::documents::DocumentStore& store);
base::Result<std::vector<LeaseAccount>> list_relational_leases(stores::relational::RelationalStore& store);
base::Result<std::vector<LeaseAccount>> list_cache_leases(stores::cache::CacheStore& store);

// Ends the sessions of one account and removes it; one that is gone already is a success. kBadParameter for a name
// that no lease has.
base::Result<> end_documents_lease(stores::documents::DocumentStore& store, std::string_view account);
base::Result<> end_relational_lease(stores::relational::RelationalStore& store, std::string_view account);
base::Result<> end_cache_lease(stores::cache::CacheStore& store, std::string_view account);

// Removes the accounts whose end has passed, ends their sessions, and leaves all others alone. Returns how
// many were removed. `all`: also those that have not ended yet. One that cannot be removed does not keep the
// others; the first such failure is returned.
base::Result<size_t> sweep_documents(stores::documents::DocumentStore& store, int64_t now_unix_s, bool all = false);
base::Result<size_t> sweep_relational(stores::relational::RelationalStore& store, int64_t now_unix_s, bool all = false);
base::Result<size_t> sweep_cache(stores::cache::CacheStore& store, int64_t now_unix_s, bool all = false);

// Takes from PUBLIC, in every database of the server, what lets a login without any right write: the functions that
// make large objects. Roles that are there keep them by a grant of their own. For servers that are ours (the local
// stack does it at each start); may be repeated.
base::Result<> close_to_public(stores::relational::RelationalStore& store);

// The end of a lease by its account's name; nothing for any other name.
std::optional<int64_t> lease_end(std::string_view account);

}  // namespace workerdb::access
