#include "access/credentials/lease_account.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "base/random.h"
#include "base/time.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view kPrefix = "workerdb_lease_";
constexpr size_t kRandomLetters = 12, kSecretLetters = 32;
constexpr size_t kMostObjects = 1000, kLongestObject = 512;
// Lower case alone for names: PostgreSQL folds them where somebody forgets the quotes.
constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz012345";
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

Result<> check_scope(const LeaseScope& scope) {
  if (scope.objects.size() > kMostObjects || scope.channels.size() > kMostObjects) {
    return Error(ErrorCode::kBadParameter, fmt::format("a lease names at most {} objects", kMostObjects));
  }
  for (const auto* list : {&scope.objects, &scope.channels}) {
    for (const std::string& object : *list) {
      bool is_bad = object.empty() || object.size() > kLongestObject ||
                    std::any_of(object.begin(), object.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
      if (is_bad)
        return Error(ErrorCode::kBadParameter,
                     "an object of a lease is empty, longer than 512 bytes or holds control characters");
    }
  }
  return {};
}

}  // namespace

Result<Lease> new_lease(StoreKind store, const LeaseScope& scope, int64_t lifetime_s) {
  if (lifetime_s < 1 || lifetime_s > kLongestLeaseS) {
    return Error(ErrorCode::kBadParameter, fmt::format("a lease lives from 1 to {} seconds", kLongestLeaseS));
  }
  TRY(check_scope(scope));
  Lease lease;
  lease.store = store;
  lease.scope = scope;
  lease.expires_unix_s = base::unix_time_ms() / 1000 + lifetime_s;
  lease.credential.user =
      fmt::format("{}{}_{}", kPrefix, lease.expires_unix_s, base::random_letters(kNameLetters, kRandomLetters));
  lease.credential.secret = base::Secret(base::random_letters(kSecretAlphabet, kSecretLetters));
  lease.credential.database = scope.database;
  lease.credential.expires_unix_s = lease.expires_unix_s;
  return lease;
}

std::optional<int64_t> lease_end(std::string_view account) {
  if (!account.starts_with(kPrefix)) return std::nullopt;
  std::string_view rest = account.substr(kPrefix.size());
  size_t split = rest.find('_');
  if (split == rest.npos || rest.size() != split + 1 + kRandomLetters) return std::nullopt;
  if (rest.substr(split + 1).find_first_not_of(kNameLetters) != rest.npos) return std::nullopt;
  auto end = base::parse_integer<int64_t>(rest.substr(0, split));
  return end && *end > 0 ? end : std::nullopt;
}

Result<> check_account(std::string_view account) {
  if (lease_end(account)) return {};
  return Error(ErrorCode::kBadParameter, "that is no name of a lease; `workerdb credential list` shows them");
}

Result<size_t> sweep_accounts(const std::vector<LeaseAccount>& accounts, int64_t now_unix_s, bool all,
                              const std::function<Result<>(std::string_view account)>& end) {
  size_t removed = 0;
  std::optional<Error> first;
  for (const LeaseAccount& account : accounts) {
    if (!all && account.expires_unix_s > now_unix_s) continue;
    auto ended = end(account.name);
    if (ended) {
      ++removed;
    } else if (!first) {
      first = std::move(ended).error().with_context(account.name);
    }
  }
  if (first) return *std::move(first);
  return removed;
}

}  // namespace workerdb::access
