#include "cli/mcp/store_door.h"

#include <fmt/format.h>

#include "access/guard/analysis.h"
#include "base/time.h"
#include "catalog/environment_class.h"
#include "cli/door.h"
#include "stores/documents/remote/remote_store.h"
#include "stores/relational/sql_analysis.h"

namespace workerdb::cli {

using access::Operation;
using access::StoreKind;
using base::EnvironmentClass;
using base::Error;
using base::ErrorCode;
using base::Result;
using mcp::Call;

namespace {

constexpr int64_t kReaderLifetimeS = 3600;
constexpr int64_t kReaderRenewalS = 600;  // a query must not outlive its login

bool is_allowed(access::Verdict verdict) {
  return verdict == access::Verdict::kAllow || verdict == access::Verdict::kAllowReadOnly;
}

}  // namespace

StoreDoor::StoreDoor(StoreDoorOptions options) : options_(std::move(options)), audit_(options_.audit_folder) {
  // What cannot be known yet is asked again at the first access, which then says why.
  stores_.emplace_back(options_.endpoints().value_or(StoreEndpoints()));
}

StoreDoor::Stores::Stores(StoreEndpoints given)
    : endpoints(std::move(given)),
      documents(stores::documents::make_remote_store(endpoints.documents)),
      relational(endpoints.relational),
      cache(endpoints.cache) {}

StoreDoor::Stores& StoreDoor::stores() {
  auto now = options_.endpoints();
  base::MutexLock lock(mutex_);
  const StoreEndpoints& known = stores_.back().endpoints;
  bool is_same =
      !now || (now->documents.password == known.documents.password &&
               now->relational.password == known.relational.password && now->cache.password == known.cache.password);
  if (!is_same) {
    stores_.emplace_back(*std::move(now));
    readers_.clear();
    cache_reader_ = nullptr;
  }
  return stores_.back();
}

// What cannot be read counts as production: elsewhere, carrying none means the class that the context declares.
std::optional<EnvironmentClass> StoreDoor::data_class(StoreKind store, const std::string& database) {
  constexpr std::optional<EnvironmentClass> kUnknown = EnvironmentClass::kProduction;
  if (store == StoreKind::kCache) return catalog::environment_of(stores().cache).value_or(kUnknown);
  if (database.empty()) return std::nullopt;  // no data of any database: the list of them
  if (store == StoreKind::kDocuments) return catalog::environment_of(*stores().documents, database).value_or(kUnknown);
  auto connection = stores().relational.lease(database);
  return connection ? catalog::environment_of(**connection).value_or(kUnknown) : kUnknown;
}

Result<StoreDoor::Access> StoreDoor::admit(const Call& call, Wish wish) {
  access::AccessRequest request;
  request.principal = call.principal;
  request.context = &options_.context;
  request.data_class = data_class(wish.store, wish.database);
  request.store = wish.store;
  request.database = wish.database;
  request.operation = wish.operation;
  request.command = "mcp " + call.tool;
  request.objects = wish.objects;
  request.parameters_digest = wish.statement_digest;
  request.owns_objects = declares_as_own(options_.catalog, call.principal, wish.store, wish.database, wish.objects);
  access::Decision decision = access::decide(request);

  Access access{{}, decision.limits, base::steady_time_ns()};
  access.entry.time_unix_ms = base::unix_time_ms();
  access.entry.principal = call.principal;
  access.entry.context = options_.context.name;
  access.entry.environment = base::name_of(access::class_of(request));
  access.entry.store = wish.store;
  access.entry.database = std::move(wish.database);
  access.entry.operation = access::name_of(wish.operation);
  access.entry.command = request.command;
  access.entry.objects = std::move(wish.objects);
  access.entry.statement_digest = std::move(wish.statement_digest);
  access.entry.decision = is_allowed(decision.verdict) ? access::name_of(decision.verdict) : "denied";
  if (!is_allowed(decision.verdict)) access.entry.reason = decision.reason;
  TRY(audit_.append(access.entry));
  if (!is_allowed(decision.verdict)) return Error(ErrorCode::kForbidden, decision.reason);
  return access;
}

Result<> StoreDoor::note(Access access, std::optional<uint64_t> rows, const Error* failure) {
  access.entry.rows = rows;
  access.entry.duration_ms = (base::steady_time_ns() - access.started_ns) / 1'000'000;
  access.entry.time_unix_ms = base::unix_time_ms();
  access.entry.decision = failure == nullptr ? "done" : "failed";
  if (failure != nullptr) access.entry.reason = fmt::format("error {}", failure->number());
  return audit_.append(access.entry);
}

Result<stores::relational::ConnectionOptions> StoreDoor::reader(const std::string& database) {
  Stores& stores = this->stores();
  base::MutexLock lock(mutex_);
  int64_t now_s = base::unix_time_ms() / 1000;
  auto known = readers_.find(database);
  if (known != readers_.end() && known->second.expires_unix_s - kReaderRenewalS > now_s) return known->second.login;
  stores::relational::ConnectionOptions options = stores.endpoints.relational;
  options.database = database;
  auto lease = access::lease_relational(stores.relational, {database, {}, {}, false}, kReaderLifetimeS);
  if (lease) {
    options.user = lease->credential.user;
    options.password = std::string(lease->credential.secret.expose());
    options.passfile.clear();
  } else if (options_.context.is_local || lease.error().code() != ErrorCode::kForbidden) {
    return lease.error();
  }
  // Where this login may make no others (a remote context), it is the context's own, in a read-only transaction.
  readers_[database] = {options, now_s + kReaderLifetimeS};
  return options;
}

Result<std::shared_ptr<stores::cache::CacheStore>> StoreDoor::cache_reader() {
  Stores& stores = this->stores();
  base::MutexLock lock(mutex_);
  int64_t now_s = base::unix_time_ms() / 1000;
  if (cache_reader_ != nullptr && cache_reader_expires_unix_s_ - kReaderRenewalS > now_s) return cache_reader_;
  auto login = stores.endpoints.cache;
  access::LeaseScope scope{std::to_string(login.database), {}, {}, false};
  for (const auto& space : options_.catalog.cache.key_spaces) {
    for (const std::string& prefix : space.prefixes) scope.objects.push_back(prefix + "*");
  }
  if (scope.objects.empty()) scope.objects = {"*"};
  auto lease = access::lease_cache(stores.cache, scope, kReaderLifetimeS);
  if (lease) {
    login.user = lease->credential.user;
    login.password = std::string(lease->credential.secret.expose());
  } else if (options_.context.is_local || lease.error().code() != ErrorCode::kForbidden) {
    return lease.error();
  }
  cache_reader_ = std::make_shared<stores::cache::CacheStore>(login);
  cache_reader_expires_unix_s_ = now_s + kReaderLifetimeS;
  return cache_reader_;
}

Result<mcp::ContextSummary> StoreDoor::context(const Call&) {
  const access::Context& context = options_.context;
  mcp::ContextSummary summary{context.name, std::string(base::name_of(context.environment)), {}};
  summary.description = context.is_local
                            ? "The stack on this machine."
                            : fmt::format("Remote{}.", context.kubernetes_namespace.empty()
                                                           ? std::string()
                                                           : ", namespace " + context.kubernetes_namespace);
  return summary;
}

Result<std::vector<mcp::DatabaseSummary>> StoreDoor::databases(const Call& call) {
  std::vector<mcp::DatabaseSummary> found;
  auto add = [&](StoreKind store, Result<std::vector<mcp::DatabaseSummary>> some) -> Result<> {
    Access access = TRY(admit(call, {store, {}, Operation::kDescribe, {}, {}}));
    if (!some) return some.error();
    for (auto& database : *some) found.push_back(std::move(database));
    return note(std::move(access), some->size(), nullptr);
  };
  bool is_local = options_.context.is_local;
  if (is_local || options_.context.stores.contains(StoreKind::kDocuments))
    TRY(add(StoreKind::kDocuments, document_databases()));
  if (is_local || options_.context.stores.contains(StoreKind::kRelational))
    TRY(add(StoreKind::kRelational, relational_databases()));
  if (is_local || options_.context.stores.contains(StoreKind::kCache)) {
    mcp::DatabaseSummary cache{StoreKind::kCache, "cache", "production", "Redis: key spaces", {}, key_spaces().size()};
    if (auto environment = data_class(StoreKind::kCache, {})) cache.environment = base::name_of(*environment);
    TRY(add(StoreKind::kCache, std::vector<mcp::DatabaseSummary>{std::move(cache)}));
  }
  return found;
}

Result<std::vector<mcp::ObjectSummary>> StoreDoor::objects(const Call& call, StoreKind store, std::string_view name) {
  std::string database(name);
  Access access = TRY(admit(call, {store, database, Operation::kDescribe, {}, {}}));
  Result<std::vector<mcp::ObjectSummary>> found = key_spaces();
  if (store == StoreKind::kDocuments) found = collections(database);
  if (store == StoreKind::kRelational) found = tables(database);
  TRY(note(std::move(access), std::nullopt, found ? nullptr : &found.error()));
  return found;
}

Result<mcp::ObjectDetail> StoreDoor::describe(const Call& call, StoreKind store, std::string_view name,
                                              std::string_view object) {
  std::string database(name), wanted(object);
  Access access = TRY(admit(call, {store, database, Operation::kDescribe, {wanted}, {}}));
  Result<mcp::ObjectDetail> found = store == StoreKind::kDocuments    ? describe_collection(database, wanted, call)
                                    : store == StoreKind::kRelational ? describe_table(database, wanted)
                                                                      : describe_key_space(wanted);
  TRY(note(std::move(access), std::nullopt, found ? nullptr : &found.error()));
  return found;
}

Result<mcp::RowSet> StoreDoor::query_documents(const Call& call, std::string_view name, std::string_view text,
                                               value::Slice bind, const mcp::ReadLimits& limits) {
  std::string database(name);
  auto opened = TRY(stores().documents->open(database));
  auto analysis = TRY(access::analyze_aql(*opened, text, bind));
  Wish wish{StoreKind::kDocuments, database, analysis.operation, analysis.objects, access::digest_of_aql(text)};
  Access access = TRY(admit(call, std::move(wish)));
  access::Limits most = access.limits;
  // Whatever the principal may elsewhere: this tool reads, and the engine holds it to that.
  auto rows = run_aql(database, text, bind, limits, most, call);
  TRY(note(std::move(access), rows ? std::optional<uint64_t>(rows->rows.slice().size()) : std::nullopt,
           rows ? nullptr : &rows.error()));
  return rows;
}

Result<mcp::RowSet> StoreDoor::query_relational(const Call& call, std::string_view name, std::string_view text,
                                                value::Slice parameters, const mcp::ReadLimits& limits) {
  std::string database(name);
  auto analysis = TRY(stores::relational::analyze_sql(text));
  Access access = TRY(admit(call, {StoreKind::kRelational, database, access::operation_of(analysis.effect),
                                   analysis.tables, analysis.digest}));
  access::Limits most = access.limits;
  auto rows = run_sql(database, text, parameters, limits, most, call);
  TRY(note(std::move(access), rows ? std::optional<uint64_t>(rows->rows.slice().size()) : std::nullopt,
           rows ? nullptr : &rows.error()));
  return rows;
}

}  // namespace workerdb::cli
