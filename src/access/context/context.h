#pragma once
// Where the stores of an environment are and how one gets there, as declared in contexts.yaml. No secrets.
//
//   current: local
//   contexts:
//     production:
//       class: production                 # of what its stores hold when they do not say so themselves
//       namespace: databases-test
//       ssh: {host: dev-01-root}          # as ~/.ssh/config knows it; optional: user, port, config
//       documents: {service: arangodb, port: 8529, database: flowmaster}
//       relational: {service: postgresql, port: 5432, database: flowmaster_core}
//       cache: {service: redis, port: 6379}
//       credentials:
//         documents: mcp:commander-mcp/arango
//         relational: file:~/.config/workerdb/production-postgres
//         cache: env:PRODUCTION_REDIS_PASSWORD_FILE
//         roles: kubernetes:/secrets/roles # what apply gives to the catalog's roles and users
//     staging:
//       class: test
//       documents: {url: "http://reader@10.0.0.1:8529,10.0.0.2:8529/flowmaster"}
//       relational: {url: "postgresql://app@10.0.0.1,10.0.0.2/flowmaster_core?target_session_attrs=read-write"}
//       cache: {url: "redis-sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster"}
//
// `local` is always there: the supervised stack of a data folder.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment_class.h"
#include "base/result.h"

namespace workerdb::access {

enum class StoreKind { kDocuments, kRelational, kCache };
inline constexpr StoreKind kStoreKinds[] = {StoreKind::kDocuments, StoreKind::kRelational, StoreKind::kCache};

// "documents", "relational", "cache".
std::string_view name_of(StoreKind kind);
std::optional<StoreKind> parse_store_kind(std::string_view name);

struct SshHost {
  std::string host;  // an alias of ~/.ssh/config, or a name
  std::string user;  // empty: what ssh's configuration says
  std::optional<uint16_t> port;
  std::string config_file;  // instead of ~/.ssh/config
};

// A store of a remote context: either a URL, or a Kubernetes service of the context's namespace.
struct StorePlace {
  std::string url;  // without a password
  std::string service;
  uint16_t port = 0;                   // 0: the store's standard port
  std::string user;                    // empty: the URL's, or the credential source's
  std::string database;                // the default database of commands; empty: the store's default
  std::optional<uint16_t> local_port;  // of the tunnel; nothing: derived from context and store, stable
  std::string credential;              // a credential source (access/credentials), or empty
};

struct Context {
  std::string name;
  bool is_local = false;  // the supervised stack: everything else is empty
  // What the stores hold when they carry no class themselves. A class in the data wins when it is stricter.
  base::EnvironmentClass environment = base::EnvironmentClass::kProduction;
  std::string kubernetes_namespace;
  std::optional<SshHost> ssh;
  std::map<StoreKind, StorePlace> stores;
  // Where `apply` reads the passwords of the catalog's roles and users: a mounted Secret (kubernetes:DIR) with a
  // key each ("relational-flowmaster_app", "cache-event-bus"). Empty: files beside contexts.yaml, made when
  // they are missing.
  std::string role_passwords;
};

// "<service>.<namespace>.svc.cluster.local".
std::string service_host(const Context& context, const StorePlace& place);

// Whether this process runs inside a Kubernetes cluster, where service names are reached without a tunnel.
bool is_inside_cluster();

struct Contexts {
  std::string current = "local";
  std::vector<Context> contexts;  // by name; `local` is among them
};

// $WORKERDB_CONTEXTS, else $XDG_CONFIG_HOME/workerdb/contexts.yaml, else ~/.config/workerdb/contexts.yaml.
std::string contexts_file();

// A missing file is the local context alone. Fails with kBadParameter, naming line and column, for anything
// that is not as above; a password in a URL is refused (and not repeated in the message).
base::Result<Contexts> load_contexts(const std::string& file);
// The rules of the file for contexts that were put together otherwise.
base::Result<> check_contexts(const Contexts& contexts);
// Writes the file anew as a whole (mode 0600, atomic). Comments of the old one are lost, which it says at its
// head.
base::Result<> save_contexts(const std::string& file, const Contexts& contexts);

// The context with that name; an empty name is $WORKERDB_CONTEXT, else the current one. kFileNotFound lists
// the names there are.
base::Result<Context> find_context(const Contexts& contexts, std::string_view name);

}  // namespace workerdb::access
