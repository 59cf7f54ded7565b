#include "access/context/store_url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongest = 8192;

std::span<const std::string_view> schemes_of(StoreKind kind) {
  static constexpr std::array<std::string_view, 3> kDocuments = {"http", "tcp", "http+tcp"};
  static constexpr std::array<std::string_view, 2> kRelational = {"postgres", "postgresql"};
  static constexpr std::array<std::string_view, 4> kCache = {"redis", "redis-sentinel", "redis-cluster", "unix"};
  switch (kind) {
    case StoreKind::kDocuments: return kDocuments;
    case StoreKind::kRelational: return kRelational;
    case StoreKind::kCache: return kCache;
  }
  return {};
}

Error bad(std::string text) { return Error(ErrorCode::kBadParameter, std::move(text)); }

}  // namespace

Result<> check_store_url(StoreKind kind, std::string_view url) {
  if (url.size() > kLongest) return bad("the URL is longer than 8192 bytes");
  size_t colon = url.find("://");
  if (colon == url.npos) return bad("a URL starts with a scheme and '://'");
  std::string_view scheme = url.substr(0, colon);
  if (scheme == "https" || scheme == "ssl" || scheme == "http+ssl" || scheme == "rediss") {
    return bad(fmt::format("{}:// (TLS) is not spoken here: use an SSH tunnel or the cluster's network", scheme));
  }
  auto known = schemes_of(kind);
  if (std::find(known.begin(), known.end(), scheme) == known.end()) {
    return bad(fmt::format("{} are not reached by '{}://' (known: {}://)", name_of(kind), scheme.substr(0, 32),
                           fmt::join(known, "://, ")));
  }
  std::string_view rest = url.substr(colon + 3);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  size_t at = authority.rfind('@');
  if (at != authority.npos && authority.substr(0, at).find(':') != authority.npos) {
    return bad("a password does not belong into a URL: name a credential source instead");
  }
  // libpq would take it from the parameters, too.
  if (kind == StoreKind::kRelational && (rest.find("password=") != rest.npos || rest.find("PASSWORD=") != rest.npos)) {
    return bad("a password does not belong into a URL: name a credential source instead");
  }
  return {};
}

}  // namespace workerdb::access
