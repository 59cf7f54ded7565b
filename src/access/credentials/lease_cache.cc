// Leases of a Redis: ACL users. Source: Redis 7 documentation, "ACL".
#include <fmt/format.h>

#include <algorithm>

#include "access/credentials/lease_account.h"
#include "base/digest.h"
#include "base/number.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::cache::CacheStore;
using stores::cache::Command;

namespace {

// Order matters: what is taken away stands behind what is given. SCAN, RANDOMKEY and DBSIZE do not look at key
// patterns, so they would tell about all keys; MOVE and COPY reach other databases.
constexpr const char* kReadRules[] = {"+@read", "+@connection", "+@transaction"};
constexpr const char* kNever[] = {"-@admin", "-@dangerous", "-@scripting", "-scan", "-randomkey",
                                  "-dbsize", "-select",     "-move",       "-copy", "-client"};
constexpr const char* kClientParts[] = {"+client|setname", "+client|getname", "+client|id",
                                        "+client|info",    "+client|setinfo", "+client|reply"};

Result<> check_patterns(const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern.find(' ') != pattern.npos)
      return Error(ErrorCode::kBadParameter, "a pattern of a lease holds no blanks");
  }
  return {};
}

Result<Command> rules_of(const Lease& lease) {
  const LeaseScope& scope = lease.scope;
  Command rules = {"ACL", "SETUSER", lease.credential.user, "reset", "on"};
  // The digest, so that the password is not among the arguments, which errors and the slow log may show.
  rules.push_back("#" + base::sha256_hex(lease.credential.secret.expose()));
  for (const std::string& pattern : scope.objects) rules.push_back((scope.may_write ? "~" : "%R~") + pattern);
  for (const std::string& pattern : scope.channels) rules.push_back("&" + pattern);
  rules.insert(rules.end(), std::begin(kReadRules), std::end(kReadRules));
  if (scope.may_write) rules.emplace_back("+@write");
  rules.insert(rules.end(), std::begin(kNever), std::end(kNever));
  if (!scope.channels.empty()) {
    rules.insert(rules.end(), {"+subscribe", "+psubscribe", "+unsubscribe", "+punsubscribe"});
    if (scope.may_write) rules.emplace_back("+publish");
  }
  // Key patterns hold in every database, so one lease has one.
  rules.push_back("+select|" + (scope.database.empty() ? std::string("0") : scope.database));
  return rules;
}

}  // namespace

Result<Lease> lease_cache(CacheStore& store, const LeaseScope& scope, int64_t lifetime_s) {
  Lease lease = TRY(new_lease(StoreKind::kCache, scope, lifetime_s));
  if (scope.objects.empty() && scope.channels.empty()) {
    return Error(ErrorCode::kBadParameter, "a lease of the cache names key patterns or channels");
  }
  auto database = scope.database.empty() ? std::optional<int>(0) : base::parse_integer<int>(scope.database);
  if (!database || *database < 0 || *database > 15'999) {
    return Error(ErrorCode::kBadParameter, "a database of the cache is a number");
  }
  TRY(check_patterns(scope.objects));
  TRY(check_patterns(scope.channels));
  TRY(store.call(TRY(rules_of(lease))));
  // Subcommands that a version does not know (SETINFO came with 7.2) are no reason to fail.
  for (const char* part : kClientParts) (void)store.command({"ACL", "SETUSER", lease.credential.user, part});
  return lease;
}

Result<std::vector<LeaseAccount>> list_cache_leases(CacheStore& store) {
  std::vector<LeaseAccount> accounts;
  auto users = TRY(store.call({"ACL", "USERS"}));
  for (const auto& user : users.elements) {
    if (auto end = lease_end(user.text)) accounts.push_back({user.text, *end});
  }
  return accounts;
}

Result<> end_cache_lease(CacheStore& store, std::string_view account) {
  TRY(check_account(account));
  // Redis ends the sessions of a user that it removes; those that are in the middle of a command as well.
  TRY(store.call({"ACL", "DELUSER", std::string(account)}));
  (void)store.command({"CLIENT", "KILL", "USER", std::string(account)});
  return {};
}

Result<size_t> sweep_cache(CacheStore& store, int64_t now_unix_s, bool all) {
  return sweep_accounts(TRY(list_cache_leases(store)), now_unix_s, all,
                        [&](std::string_view name) { return end_cache_lease(store, name); });
}

}  // namespace workerdb::access
