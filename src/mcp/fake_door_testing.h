#pragma once
// A DataDoor in memory, for this folder's tests.
#include <thread>

#include "base/time.h"
#include "mcp/data_door.h"
#include "value/json.h"

namespace workerdb::mcp {

inline value::Buffer json(std::string_view text) { return value::parse_json(text).value(); }

class FakeDoor : public DataDoor {
 public:
  // The query "SLEEP" runs until it is cancelled or its deadline is there.
  base::Result<ContextSummary> context(const Call&) override { return ContextSummary{"local", "dev", "a stack"}; }

  base::Result<std::vector<DatabaseSummary>> databases(const Call&) override {
    return std::vector<DatabaseSummary>{
        {access::StoreKind::kDocuments, "flowmaster", "production", "the documents", "platform", 2},
        {access::StoreKind::kRelational, "flowmaster_core", "production", "auth", "auth-service", 1},
        {access::StoreKind::kCache, "cache", "production", "", "", 1}};
  }

  base::Result<std::vector<ObjectSummary>> objects(const Call&, access::StoreKind store,
                                                   std::string_view database) override {
    if (store == access::StoreKind::kDocuments && database != "flowmaster")
      return base::Error(base::ErrorCode::kDatabaseNotFound);
    std::vector<ObjectSummary> found(2);
    found[0].name = "process_definitions";
    found[0].kind = "document collection";
    found[0].rows = 7;
    found[0].readers = {"ai-agent"};
    found[1].name = "process_flows";
    found[1].kind = "edge collection";
    return found;
  }

  base::Result<ObjectDetail> describe(const Call&, access::StoreKind, std::string_view,
                                      std::string_view object) override {
    if (object != "process_definitions") {
      return base::Error(base::ErrorCode::kCollectionNotFound, "there is no collection '" + std::string(object) + "'");
    }
    ObjectDetail detail;
    detail.summary = {"process_definitions", "document collection", "BPMN", "designer", {"engine"}, 7, false};
    detail.attributes = {{"name", "string", true, "what people call it"}};
    detail.sample = {{"version", "string|null", false, ""}};
    detail.sampled_rows = 7;
    detail.indexes = {{"by_type", "persistent", {"type"}, false}};
    return detail;
  }

  base::Result<RowSet> query_documents(const Call& call, std::string_view, std::string_view text, value::Slice,
                                       const ReadLimits& limits) override {
    last_limits = limits;
    last_principal = call.principal.name;
    if (text == "SLEEP") {
      while (!call.is_cancelled() && base::steady_time_ns() < call.deadline_ns) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      was_cancelled = call.is_cancelled();
      return base::Error(base::ErrorCode::kQueryKilled, "the query was ended");
    }
    if (text.starts_with("REMOVE")) return base::Error(base::ErrorCode::kForbidden, "the query writes");
    if (text == "THROW") (void)std::string().at(7);  // as a foreign library might
    return rows_from(limits);
  }

  base::Result<RowSet> query_relational(const Call&, std::string_view, std::string_view, value::Slice parameters,
                                        const ReadLimits& limits) override {
    last_parameters = value::to_json(parameters);
    RowSet rows;
    rows.columns = {"id", "id"};
    rows.column_types = {"uuid", "uuid"};
    rows.rows = json("[[\"a\",\"b\"]]");
    rows.has_more = limits.rows < 2;
    return rows;
  }

  base::Result<CacheValue> read_cache(const Call&, const CacheRequest& request, const ReadLimits&) override {
    last_cache = request;
    if (request.key == "missing") return CacheValue{"none", {}, json("null"), ""};
    return CacheValue{"list", 60, json("[\"x\"]"), request.position.empty() ? "1" : ""};
  }

  base::Result<QueryPlan> explain(const Call&, access::StoreKind, std::string_view, std::string_view,
                                  value::Slice) override {
    return QueryPlan{"Execution plan", {"no index"}};
  }

  base::Result<IssuedCredential> issue_credential(const Call&, const CredentialRequest& request) override {
    last_lifetime_s = request.lifetime_s;
    IssuedCredential login;
    login.user = "workerdb_lease_1";
    login.secret = base::Secret("short-lived");
    login.host = "127.0.0.1";
    login.port = 5432;
    login.scope = request.objects;
    login.expires_unix_s = 1'700'000'000;
    return login;
  }

  bool may_publish(const access::Principal& principal) override {
    return principal.kind != access::PrincipalKind::kAgent;
  }
  base::Result<uint64_t> publish(const Call&, std::string_view channel, std::string_view payload) override {
    last_published = std::string(channel) + " " + std::string(payload);
    return uint64_t(2);
  }

  // A hundred rows {"n": 0}, {"n": 1}... with `padding` behind them.
  base::Result<RowSet> rows_from(const ReadLimits& limits) const {
    value::Builder rows;
    rows.open_array();
    uint64_t end = std::min<uint64_t>(100, limits.skip + limits.rows);
    for (uint64_t n = limits.skip; n < end; ++n) {
      rows.open_object();
      rows.add("n", n);
      rows.add("padding", padding);
      rows.close();
    }
    rows.close();
    RowSet set;
    set.rows = rows.take();
    set.has_more = end < 100;
    return set;
  }

  std::string padding;
  ReadLimits last_limits;
  std::string last_principal, last_parameters, last_published;
  CacheRequest last_cache;
  int64_t last_lifetime_s = 0;
  std::atomic<bool> was_cancelled = false;
};

}  // namespace workerdb::mcp
