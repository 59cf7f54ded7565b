// Leases of a document server: users of its user API.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "access/credentials/lease_account.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::documents::DocumentStore;
using stores::documents::UserDescription;
using stores::documents::UserRight;
using value::Slice;

namespace {

// In the user's `extra`, so that a later sweep can keep the scope closed.
constexpr std::string_view kRemark = "workerdb_lease";

value::Buffer remark_of(const LeaseScope& scope) {
  value::Builder to;
  to.open_object();
  to.key(kRemark);
  to.open_object();
  to.add("database", scope.database);
  to.key("objects");
  to.open_array();
  for (const std::string& object : scope.objects) to.string(object);
  to.close();
  to.close();
  to.close();
  return to.take();
}

Result<std::vector<std::string>> ordinary_collections(DocumentStore& store, const std::string& database) {
  auto opened = TRY(store.open(database));
  std::vector<std::string> names;
  for (const auto& collection : TRY(opened->collections())) {
    if (!collection.is_system && !collection.name.starts_with('_')) names.push_back(collection.name);
  }
  return names;
}

// The right on the database itself opens all collections that have no right of their own, so it comes last.
Result<> grant_scope(DocumentStore& store, const Lease& lease, const std::vector<std::string>& collections) {
  const LeaseScope& scope = lease.scope;
  const std::string& user = lease.credential.user;
  UserRight right = scope.may_write ? UserRight::kReadWrite : UserRight::kRead;
  if (scope.objects.empty()) {
    TRY(store.grant(user, scope.database, "*", right));
  } else {
    std::set<std::string> wanted(scope.objects.begin(), scope.objects.end());
    TRY(store.grant(user, scope.database, "*", UserRight::kNone));
    for (const std::string& collection : collections) {
      TRY(store.grant(user, scope.database, collection, wanted.contains(collection) ? right : UserRight::kNone));
    }
  }
  return store.grant(user, scope.database, "", UserRight::kRead);
}

// The database's right opens what was made after the lease; close it where the lease names its collections.
Result<> close_scope(DocumentStore& store, const UserDescription& user) {
  Slice remark = user.extra.slice().get(kRemark), database = remark.get("database"), objects = remark.get("objects");
  if (!database.is_string() || !objects.is_array() || objects.size() == 0) return {};
  std::set<std::string> wanted;
  for (value::ArrayIterator item(objects); item.valid(); item.next()) {
    if (item.value().is_string()) wanted.emplace(item.value().as_string());
  }
  std::string name(database.as_string());
  for (const std::string& collection : TRY(ordinary_collections(store, name))) {
    if (!wanted.contains(collection)) TRY(store.grant(user.name, name, collection, UserRight::kNone));
  }
  return {};
}

}  // namespace

Result<Lease> lease_documents(DocumentStore& store, const LeaseScope& scope, int64_t lifetime_s) {
  Lease lease = TRY(new_lease(StoreKind::kDocuments, scope, lifetime_s));
  if (scope.database.empty() || scope.database == "_system") {
    // A right on _system reaches all other databases.
    return Error(ErrorCode::kBadParameter, "a lease of documents names a database, and not _system");
  }
  auto collections = TRY(ordinary_collections(store, scope.database));
  for (const std::string& object : scope.objects) {
    if (std::find(collections.begin(), collections.end(), object) == collections.end()) {
      return Error(ErrorCode::kCollectionNotFound,
                   fmt::format("the database '{}' has no collection '{}'", scope.database, object));
    }
  }
  TRY(store.create_user(lease.credential.user, lease.credential.secret.expose(), remark_of(scope).slice()));
  auto granted = grant_scope(store, lease, collections);
  if (!granted) {
    (void)store.drop_user(lease.credential.user);
    return std::move(granted).error();
  }
  return lease;
}

Result<std::vector<LeaseAccount>> list_documents_leases(DocumentStore& store) {
  std::vector<LeaseAccount> accounts;
  for (const UserDescription& user : TRY(store.users())) {
    if (auto end = lease_end(user.name)) accounts.push_back({user.name, *end});
  }
  return accounts;
}

Result<> end_documents_lease(DocumentStore& store, std::string_view account) {
  TRY(check_account(account));
  auto dropped = store.drop_user(account);
  if (!dropped && dropped.error().code() == ErrorCode::kUserNotFound) return {};
  return dropped;
}

Result<size_t> sweep_documents(DocumentStore& store, int64_t now_unix_s, bool all) {
  std::vector<LeaseAccount> accounts;
  for (const UserDescription& user : TRY(store.users())) {
    auto end = lease_end(user.name);
    if (!end) continue;
    accounts.push_back({user.name, *end});
    // One that is just being removed by somebody else, or whose database is gone, needs no closing.
    if (!all && *end > now_unix_s) (void)close_scope(store, user);
  }
  return sweep_accounts(accounts, now_unix_s, all,
                        [&](std::string_view name) { return end_documents_lease(store, name); });
}

}  // namespace workerdb::access
