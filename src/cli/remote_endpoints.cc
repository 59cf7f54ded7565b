#include "cli/remote_endpoints.h"

#include <fmt/format.h>

#include <optional>

#include "access/credentials/credential.h"
#include "access/tunnel/context_tunnel.h"
#include "access/tunnel/tunnel.h"
#include "net/url.h"

namespace workerdb::cli {

using access::Context;
using access::StoreKind;
using access::StorePlace;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

uint16_t standard_port(StoreKind store) {
  return store == StoreKind::kDocuments ? 8529 : store == StoreKind::kRelational ? 5432 : 6379;
}

struct HostAndPort {
  std::string host;
  uint16_t port;
};

constexpr int64_t kTunnelWaitMs = 15'000;

// Where a service is reached from here: its end of the tunnel, or the name itself.
struct Reach {
  const Context& context;
  std::optional<access::TunnelStatus> tunnel;
};

Result<Reach> reach(const Context& context) {
  auto spec = TRY(access::tunnel_of(context));
  if (!spec) return Reach{context, std::nullopt};
  auto opened = TRY(access::ensure_up(*spec, kTunnelWaitMs));
  if (opened.started) {
    fmt::print(stderr, "opened the tunnel of {} through {}; it stays up until `workerdb tunnel down {}`\n",
               context.name, context.ssh->host, spec->name);
  }
  return Reach{context, std::move(opened.status)};
}

HostAndPort address_of(const Reach& reach, StoreKind store, const StorePlace& place) {
  const Context& context = reach.context;
  if (reach.tunnel) return {"127.0.0.1", access::local_port_of(*reach.tunnel, access::name_of(store))};
  return {access::service_host(context, place), place.port != 0 ? place.port : standard_port(store)};
}

struct Login {
  std::string user, password;
};

Result<Login> login_of(const StorePlace& place) {
  Login login{place.user, ""};
  if (place.credential.empty()) return login;
  auto credential = TRY(access::resolve_credential(place.credential));
  if (login.user.empty()) login.user = credential.user;
  login.password = credential.secret.expose();
  return login;
}

Result<> add_documents(const Reach& from, const StorePlace& place, StoreEndpoints& to) {
  auto login = TRY(login_of(place));
  if (place.url.empty()) {
    auto [host, port] = address_of(from, StoreKind::kDocuments, place);
    to.documents.host = host;
    to.documents.port = port;
  } else {
    auto remote = TRY(stores::documents::remote_place_from_url(place.url));
    if (login.user.empty()) login.user = remote.options.user;
    to.documents = std::move(remote.options);
  }
  if (!login.user.empty()) to.documents.user = login.user;
  to.documents.password = login.password;
  return {};
}

Result<> add_relational(const Reach& from, const StorePlace& place, StoreEndpoints& to) {
  auto login = TRY(login_of(place));
  if (place.url.empty()) {
    auto [host, port] = address_of(from, StoreKind::kRelational, place);
    to.relational.conninfo = fmt::format("host={} port={}", host, port);
    to.relational.database = place.database.empty() ? "postgres" : place.database;
  } else {
    to.relational.conninfo = place.url;
    to.relational.database = place.database;
  }
  to.relational.user = login.user;
  to.relational.password = login.password;
  return {};
}

Result<> add_cache(const Reach& from, const StorePlace& place, StoreEndpoints& to) {
  auto login = TRY(login_of(place));
  if (place.url.empty()) {
    auto [host, port] = address_of(from, StoreKind::kCache, place);
    to.cache.host = host;
    to.cache.port = port;
  } else {
    to.cache = TRY(stores::cache::options_from_url(place.url));
    if (login.user.empty()) login.user = to.cache.user;
  }
  to.cache.user = login.user;
  to.cache.password = login.password;
  return {};
}

}  // namespace

Result<StoreEndpoints> remote_endpoints(const Context& context) {
  StoreEndpoints endpoints;
  Reach from = TRY(reach(context));
  for (const auto& [store, place] : context.stores) {
    switch (store) {
      case StoreKind::kDocuments: TRY(add_documents(from, place, endpoints)); break;
      case StoreKind::kRelational: TRY(add_relational(from, place, endpoints)); break;
      case StoreKind::kCache: TRY(add_cache(from, place, endpoints)); break;
    }
  }
  return endpoints;
}

}  // namespace workerdb::cli
