// One key of the cache, events, and short-lived logins.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/digest.h"
#include "base/number.h"
#include "base/time.h"
#include "catalog/environment_class.h"
#include "cli/mcp/store_door.h"
#include "value/json.h"

namespace workerdb::cli {

using access::Operation;
using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using mcp::CacheRead;
using mcp::CacheValue;
using mcp::Call;
using stores::cache::CacheStore;
using stores::cache::Reply;

namespace {

const char* redis_type(CacheRead read) {
  switch (read) {
    case CacheRead::kString: return "string";
    case CacheRead::kHash: return "hash";
    case CacheRead::kList: return "list";
    case CacheRead::kSet: return "set";
    case CacheRead::kSortedSet: return "zset";
    case CacheRead::kStream: return "stream";
    case CacheRead::kAutomatic: break;
  }
  return "";
}

value::Buffer reply_value(const Reply& reply) {
  value::Builder to;
  append_reply(reply, to);
  return to.take();
}

// "a", "1", "b", "2" as {"a": "1", "b": "2"}.
value::Buffer pairs_value(const std::vector<Reply>& flat) {
  value::Builder to;
  to.open_object();
  for (size_t at = 0; at + 1 < flat.size(); at += 2) {
    if (!value::is_utf8(flat[at].text)) continue;
    to.key(flat[at].text);
    append_reply(flat[at + 1], to);
  }
  to.close();
  return to.take();
}

Result<> read_string(CacheStore& cache, const mcp::CacheRequest& request, const mcp::ReadLimits& limits,
                     CacheValue& found) {
  uint64_t begin = base::parse_integer<uint64_t>(request.position).value_or(0);
  // Half of the bytes: JSON may need two for one.
  uint64_t end = begin + std::max<uint64_t>(limits.bytes / 2, 2) - 1;
  Reply total = TRY(cache.call({"STRLEN", request.key}));
  Reply part = TRY(cache.call({"GETRANGE", request.key, std::to_string(begin), std::to_string(end)}));
  found.value = reply_value(part);
  if (static_cast<uint64_t>(total.integer) > end + 1) found.next_position = std::to_string(end + 1);
  return {};
}

Result<> read_range(CacheStore& cache, const mcp::CacheRequest& request, const mcp::ReadLimits& limits,
                    CacheValue& found) {
  bool is_list = found.type == "list";
  uint64_t begin = base::parse_integer<uint64_t>(request.position).value_or(0);
  std::string first = std::to_string(begin), last = std::to_string(begin + limits.rows - 1);
  Reply size = TRY(cache.call({is_list ? "LLEN" : "ZCARD", request.key}));
  if (is_list) {
    found.value = reply_value(TRY(cache.call({"LRANGE", request.key, first, last})));
  } else {
    found.value = pairs_value(TRY(cache.call({"ZRANGE", request.key, first, last, "WITHSCORES"})).elements);
  }
  if (static_cast<uint64_t>(size.integer) > begin + limits.rows)
    found.next_position = std::to_string(begin + limits.rows);
  return {};
}

Result<> read_scan(CacheStore& cache, const mcp::CacheRequest& request, const mcp::ReadLimits& limits,
                   CacheValue& found) {
  bool is_hash = found.type == "hash";
  if (is_hash && !request.field.empty()) {
    found.value = reply_value(TRY(cache.call({"HGET", request.key, request.field})));
    return {};
  }
  std::string cursor = request.position.empty() ? "0" : request.position;
  Reply page =
      TRY(cache.call({is_hash ? "HSCAN" : "SSCAN", request.key, cursor, "COUNT", std::to_string(limits.rows)}));
  if (page.elements.size() != 2) return Error(ErrorCode::kFailed, "the cache answered with no page");
  found.value = is_hash ? pairs_value(page.elements[1].elements) : reply_value(page.elements[1]);
  if (page.elements[0].text != "0") found.next_position = page.elements[0].text;
  return {};
}

Result<> read_stream(CacheStore& cache, const mcp::CacheRequest& request, const mcp::ReadLimits& limits,
                     CacheValue& found) {
  std::string begin = request.position.empty() ? "-" : "(" + request.position;
  Reply page = TRY(cache.call({"XRANGE", request.key, begin, "+", "COUNT", std::to_string(limits.rows)}));
  found.value = reply_value(page);
  if (page.elements.size() == limits.rows && !page.elements.back().elements.empty()) {
    found.next_position = page.elements.back().elements.front().text;
  }
  return {};
}

Result<CacheValue> read_key(CacheStore& cache, const mcp::CacheRequest& request, const mcp::ReadLimits& limits) {
  CacheValue found;
  found.type = TRY(cache.call({"TYPE", request.key})).text;
  if (found.type == "none") return found;
  if (std::string wanted = redis_type(request.read); !wanted.empty() && wanted != found.type) {
    return Error(ErrorCode::kTypeError,
                 fmt::format("the key holds a {}; call again without 'as' and 'field'", found.type));
  }
  Reply ttl = TRY(cache.call({"TTL", request.key}));
  if (ttl.integer >= 0) found.ttl_s = ttl.integer;
  if (found.type == "string") {
    TRY(read_string(cache, request, limits, found));
  } else if (found.type == "list" || found.type == "zset") {
    TRY(read_range(cache, request, limits, found));
  } else if (found.type == "hash" || found.type == "set") {
    TRY(read_scan(cache, request, limits, found));
  } else if (found.type == "stream") {
    TRY(read_stream(cache, request, limits, found));
  }
  return found;
}

// Whether one of the catalog's prefixes begins the name; without a catalog, all but the catalog's own keys.
Result<> check_prefix(const catalog::Catalog& catalog, std::string_view name, bool is_channel) {
  std::vector<std::string> allowed;
  for (const auto& space : catalog.cache.key_spaces) {
    for (const std::string& prefix : is_channel ? space.channels : space.prefixes) {
      if (name.starts_with(prefix)) return {};
      allowed.push_back(prefix);
    }
  }
  if (allowed.empty() && !name.starts_with("workerdb:")) return {};
  return Error(ErrorCode::kForbidden, fmt::format("no declared key space has this {}; they begin with {}",
                                                  is_channel ? "channel" : "key", fmt::join(allowed, ", ")));
}

}  // namespace

Result<CacheValue> StoreDoor::read_cache(const Call& call, const mcp::CacheRequest& request,
                                         const mcp::ReadLimits& limits) {
  Access access = TRY(admit(call, {StoreKind::kCache, {}, Operation::kRead, {request.key}, {}}));
  auto permitted = check_prefix(options_.catalog, request.key, false);
  auto read = [&]() -> Result<CacheValue> {
    TRY(permitted);
    auto reader = TRY(cache_reader());
    return read_key(*reader, request, limits);
  };
  Result<CacheValue> found = read();
  TRY(note(std::move(access), std::nullopt, found ? nullptr : &found.error()));
  return found;
}

bool StoreDoor::may_publish(const access::Principal& principal) {
  access::AccessRequest request;
  request.principal = principal;
  request.context = &options_.context;
  request.data_class = data_class(StoreKind::kCache, {});
  request.store = StoreKind::kCache;
  request.operation = Operation::kPublish;
  request.command = "mcp publish_event";
  // Who may publish on some channels of its own sees the tool; the call itself is decided by its channel.
  request.owns_objects = std::ranges::any_of(options_.catalog.cache.key_spaces,
                                             [&](const auto& space) { return space.owner == principal.name; });
  return access::decide(request).verdict == access::Verdict::kAllow;
}

Result<uint64_t> StoreDoor::publish(const Call& call, std::string_view channel, std::string_view payload) {
  Access access =
      TRY(admit(call, {StoreKind::kCache, {}, Operation::kPublish, {std::string(channel)}, base::sha256_hex(payload)}));
  auto permitted = check_prefix(options_.catalog, channel, true);
  Result<Reply> reply = permitted ? stores().cache.call({"PUBLISH", std::string(channel), std::string(payload)})
                                  : Result<Reply>(permitted.error());
  TRY(note(std::move(access), std::nullopt, reply ? nullptr : &reply.error()));
  if (!reply) return reply.error();
  return static_cast<uint64_t>(reply->integer);
}

Result<access::Lease> StoreDoor::make_lease(const mcp::CredentialRequest& request) {
  access::LeaseScope scope{request.database, request.objects, {}, false};
  switch (request.store) {
    case StoreKind::kDocuments: return access::lease_documents(*stores().documents, scope, request.lifetime_s);
    case StoreKind::kRelational: return access::lease_relational(stores().relational, scope, request.lifetime_s);
    case StoreKind::kCache: break;
  }
  for (const std::string& pattern : request.objects) TRY(check_prefix(options_.catalog, pattern, false));
  scope.database.clear();
  return access::lease_cache(stores().cache, scope, request.lifetime_s);
}

Result<mcp::IssuedCredential> StoreDoor::issue_credential(const Call& call, const mcp::CredentialRequest& request) {
  Access access = TRY(admit(call, {request.store, request.database, Operation::kCredential, request.objects, {}}));
  auto lease = make_lease(request);
  TRY(note(std::move(access), std::nullopt, lease ? nullptr : &lease.error()));
  if (!lease) return lease.error();
  mcp::IssuedCredential login;
  login.user = lease->credential.user;
  login.secret = std::move(lease->credential.secret);
  login.database = request.database;
  login.scope = request.objects;
  login.expires_unix_s = lease->expires_unix_s;
  const StoreEndpoints& endpoints = stores().endpoints;
  if (request.store == StoreKind::kDocuments) {
    login.host = endpoints.documents.host;
    login.port = static_cast<uint16_t>(endpoints.documents.port);
  } else if (request.store == StoreKind::kCache) {
    login.host = endpoints.cache.host;
    login.port = static_cast<uint16_t>(endpoints.cache.port);
  } else if (auto connection = stores().relational.lease(request.database)) {
    std::string server = (*connection)->server();
    size_t colon = server.rfind(':');
    login.host = server.substr(0, colon);
    if (colon != std::string::npos)
      login.port = base::parse_integer<uint16_t>(std::string_view(server).substr(colon + 1)).value_or(5432);
  }
  return login;
}

}  // namespace workerdb::cli
