#include "cli/composition.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "access/audit/audit.h"
#include "catalog/apply.h"
#include "catalog/load.h"
#include "cli/credential_rotation.h"
#include "cli/document_service.h"
#include "cli/lease_sweeper.h"
#include "cli/mcp/mcp_service.h"
#include "cli/stack/ports.h"
#include "cli/stack/postgres_service.h"
#include "cli/stack/redis_service.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr const char* kCatalogService = "catalog";
constexpr const char* kMaintenanceDatabase = "postgres";

StoreEndpoints endpoints_of(const std::string& address, const StackPorts& ports, const Secrets& secrets) {
  StoreEndpoints endpoints;
  endpoints.documents.host = address;
  endpoints.documents.port = ports.documents;
  endpoints.documents.user = kDocumentsRootUser;
  endpoints.documents.password = secrets.documents_root;
  endpoints.relational.conninfo = fmt::format("host={} port={}", address, ports.postgres);
  endpoints.relational.database = kMaintenanceDatabase;
  endpoints.relational.user = kPostgresSuperuser;
  endpoints.relational.password = secrets.postgres_superuser;
  endpoints.cache.host = address;
  endpoints.cache.port = ports.redis;
  endpoints.cache.user = kRedisAdminUser;
  endpoints.cache.password = secrets.redis_admin;
  return endpoints;
}

catalog::Passwords passwords_of(const catalog::Catalog& catalog, const Secrets& secrets) {
  catalog::Passwords passwords;
  passwords.relational_roles[kPostgresAppRole] = secrets.postgres_app;
  for (const auto& user : catalog.cache.users) {
    auto found = secrets.redis_spaces.find(user.name);
    if (found != secrets.redis_spaces.end()) passwords.cache_users[user.name] = found->second;
  }
  return passwords;
}

Result<std::shared_ptr<McpService>> mcp_service(const StackContext& context, catalog::Catalog catalog) {
  StoreDoorOptions options;
  options.context.name = "local";
  options.context.is_local = true;
  options.context.environment = base::EnvironmentClass::kLocal;
  options.endpoints = [context]() -> Result<StoreEndpoints> {
    Secrets secrets = TRY(load_or_make_secrets(context.folder, context.options));
    return endpoints_of(context.options.bind_address, context.options.ports, secrets);
  };
  options.catalog = std::move(catalog);
  options.audit_folder = access::audit_folder();
  std::string token = TRY(load_or_make_secret(context.folder, kMcpTokenSecret));
  return std::make_shared<McpService>(std::move(options), std::move(token),
                                      std::vector<std::string>{context.options.bind_address});
}

// A stack that comes up applies what destroys nothing; the rest waits for a person and a person.
// It may start again after a rotation, so the passwords are read anew.
Result<> apply_at_start(const std::string& folder, const StackContext& context) {
  auto catalog = TRY(catalog::load_catalog(folder));
  TRY(settle_rotation({context.folder, client_address(context.options.bind_address), context.options.ports}));
  Secrets secrets = TRY(load_or_make_secrets(context.folder, context.options));
  Session session(endpoints_of(context.options.bind_address, context.options.ports, secrets));
  catalog::LiveStores stores;
  stores.documents = &session.documents();
  if (context.options.with_postgres) stores.relational = &session.relational();
  if (context.options.with_redis) stores.cache = &session.cache();
  TRY(catalog::apply_catalog(catalog, stores, passwords_of(catalog, secrets)));
  return {};
}

}  // namespace

Result<std::string> find_catalog(const std::string& given) {
  namespace files = std::filesystem;
  std::error_code problem;
  if (!given.empty()) {
    if (files::is_directory(given, problem)) return given;
    return Error(ErrorCode::kFileNotFound, fmt::format("there is no catalog folder '{}'", given));
  }
  if (const char* named = std::getenv("WORKERDB_CATALOG"); named != nullptr && *named != '\0') {
    return find_catalog(named);
  }
  files::path program = files::read_symlink("/proc/self/exe", problem).parent_path();
  std::string tried;
  for (const files::path& place : {files::path("catalog/flowmaster"), program / "../share/workerdb/catalog/flowmaster",
                                   program / "../../catalog/flowmaster"}) {
    if (files::is_directory(place, problem)) return files::weakly_canonical(place, problem).string();
    tried += (tried.empty() ? "" : ", ") + place.lexically_normal().string();
  }
  return Error(ErrorCode::kFileNotFound, fmt::format("no catalog found (tried {}); name one with --catalog", tried));
}

void add_cache_users(const catalog::Catalog& catalog, StackOptions& options) {
  for (const auto& user : catalog.cache.users) options.redis_spaces.push_back({user.name, {}, {}});
}

StackComposer compose_stack(std::string catalog_folder) {
  return [catalog_folder](const StackContext& context) -> Result<StackParts> {
    DocumentServiceOptions options;
    options.folder = context.folder.engine();
    options.address = context.options.bind_address;
    options.port = context.options.ports.documents;
    options.root_password = context.secrets.documents_root;
    options.memory_budget_bytes = context.options.documents_memory_budget_bytes;
    // Shared by the parts that call it, so that it lives as long as the last of them.
    auto documents = std::make_shared<DocumentService>(std::move(options));
    StackParts parts;
    InProcessService service = documents->service();
    service.start = [documents] { return documents->start(); };
    parts.services.push_back(std::move(service));
    parts.metrics.push_back([documents](std::string& to) { documents->append_metrics(to); });

    InProcessService catalog;
    catalog.name = kCatalogService;
    catalog.depends_on.emplace_back(DocumentService::kName);
    if (context.options.with_postgres) catalog.depends_on.emplace_back(kPostgresService);
    if (context.options.with_redis) catalog.depends_on.emplace_back(kRedisService);
    catalog.start = [catalog_folder, context] { return apply_at_start(catalog_folder, context); };
    catalog.stop = [] {};
    parts.services.push_back(std::move(catalog));
    parts.services.push_back(lease_sweeper(context, [context]() -> Result<StoreEndpoints> {
      Secrets secrets = TRY(load_or_make_secrets(context.folder, context.options));
      return endpoints_of(context.options.bind_address, context.options.ports, secrets);
    }));
    auto agents = TRY(mcp_service(context, TRY(catalog::load_catalog(catalog_folder))));
    parts.routes["/mcp"] = [agents](const net::HttpRequest& request) { return agents->handle(request); };
    return parts;
  };
}

Result<StoreEndpoints> stack_endpoints(const std::string& data_folder) {
  DataFolder folder = TRY(find_data_folder(data_folder));
  StackState state = TRY(read_state(folder));
  StackOptions options;
  options.ports = state.ports;
  if (supervise::is_alive(state.process)) {
    TRY(settle_rotation({folder, client_address(state.bind_address), state.ports}));
  }
  auto secrets = TRY(load_or_make_secrets(folder, options));
  return endpoints_of(state.bind_address, state.ports, secrets);
}

Result<catalog::Passwords> stack_passwords(const std::string& data_folder, const std::string& catalog_folder) {
  DataFolder folder = TRY(find_data_folder(data_folder));
  auto catalog = TRY(catalog::load_catalog(catalog_folder));
  StackOptions options;
  add_cache_users(catalog, options);
  return passwords_of(catalog, TRY(load_or_make_secrets(folder, options)));
}

}  // namespace workerdb::cli
