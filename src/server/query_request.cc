#include "server/query_request.h"

#include "server/services.h"

namespace workerdb::server {
namespace {

Result<> parse_rules(Slice options, engine::QueryOptions& to) {
  Slice optimizer = options.get("optimizer");
  if (optimizer.is_null()) return {};
  if (!optimizer.is_object()) return Error(ErrorCode::kBadParameter, "options.optimizer must be an object");
  for (value::ArrayIterator rule(optimizer.get("rules")); rule.valid(); rule.next()) {
    if (!rule.value().is_string()) return Error(ErrorCode::kBadParameter, "optimizer.rules must be strings");
    to.optimizer_rules.emplace_back(rule.value().as_string());
  }
  return {};
}

Result<int> parse_profile(Slice options) {
  Slice profile = options.get("profile");
  if (profile.is_null()) return 0;
  if (profile.is_bool()) return int(profile.is_true());
  auto level = TRY(number_of(options, "profile", 0));
  if (level > 2) return Error(ErrorCode::kBadParameter, "options.profile must be 0, 1 or 2");
  return int(level);
}

}  // namespace

Result<QueryRequest> parse_query_request(const Exchange& exchange, Slice body) {
  QueryRequest request;
  if (body.get("query").is_none()) return ErrorCode::kQueryEmpty;
  request.text = TRY(required_text(body, "query"));
  request.bind_variables = body.get("bindVars");
  if (!request.bind_variables.is_null() && !request.bind_variables.is_object()) {
    return ErrorCode::kQueryBindParametersInvalid;
  }
  Slice options = body.get("options");
  if (!options.is_null() && !options.is_object()) return Error(ErrorCode::kBadParameter, "options must be an object");
  request.options_body = options.is_object() ? options : Slice::empty_object();
  engine::QueryOptions& to = request.options;
  // The documentation puts memoryLimit beside options; drivers also send it inside.
  to.memory_limit_bytes = TRY(number_of(body, "memoryLimit", TRY(number_of(options, "memoryLimit", 0))));
  to.max_runtime_s = TRY(real_of(options, "maxRuntime", 0));
  if (to.max_runtime_s < 0) return Error(ErrorCode::kBadParameter, "options.maxRuntime must not be negative");
  to.full_count = TRY(flag_of(options, "fullCount", false));
  to.stream = TRY(flag_of(options, "stream", false));
  to.fail_on_warning = TRY(flag_of(options, "failOnWarning", false));
  if (!options.get("spillOverThresholdMemoryUsage").is_none()) {
    to.spill_from_bytes = TRY(number_of(options, "spillOverThresholdMemoryUsage", 0));
  }
  if (!options.get("spillOverThresholdNumRows").is_none()) {
    to.spill_from_rows = TRY(number_of(options, "spillOverThresholdNumRows", 0));
  }
  // The documentation puts cache beside options as well as inside.
  Slice cache = options.get("cache").is_none() ? body.get("cache") : options.get("cache");
  if (!cache.is_null() && !cache.is_bool()) return Error(ErrorCode::kBadParameter, "cache must be a boolean");
  if (cache.is_bool()) to.cache = cache.is_true();
  to.use_plan_cache = TRY(flag_of(options, "usePlanCache", false));
  to.max_warnings = TRY(number_of(options, "maxWarningCount", 10));
  to.max_plans = TRY(number_of(options, "maxNumberOfPlans", 128));
  to.all_plans = TRY(flag_of(options, "allPlans", false));
  to.profile = TRY(parse_profile(options));
  to.user = exchange.user;
  TRY(parse_rules(options, to));
  // By value: a stream's cursor asks in later requests.
  to.authorize = [&users = exchange.services.users, is_superuser = exchange.is_superuser, user = exchange.user,
                  database = exchange.database_name](std::string_view collection, bool writes) {
    return require_on(users, is_superuser, user, database, collection,
                      writes ? AccessLevel::kReadWrite : AccessLevel::kReadOnly);
  };
  return request;
}

}  // namespace workerdb::server
