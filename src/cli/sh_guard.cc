#include "cli/sh_guard.h"

#include <vector>

#include "access/guard/analysis.h"
#include "catalog/environment_class.h"
#include "net/percent.h"
#include "value/json.h"

namespace workerdb::cli {

using access::Operation;
using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;

namespace {

// The decoded segments of a path, without its query.
std::vector<std::string> segments_of(std::string_view path) {
  path = path.substr(0, path.find('?'));
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    size_t end = std::min(path.find('/'), path.size());
    if (end > 0)
      segments.push_back(net::percent_decode(path.substr(0, end)).value_or(std::string(path.substr(0, end))));
    path.remove_prefix(end);
  }
  return segments;
}

Operation operation_on_collection(HttpMethod method, const std::vector<std::string>& segments) {
  if (method == HttpMethod::kGet || method == HttpMethod::kHead) return Operation::kDescribe;
  bool truncates = method == HttpMethod::kPut && segments.size() > 3 && segments[3] == "truncate";
  return method == HttpMethod::kDelete || truncates ? Operation::kDestroy : Operation::kShape;
}

Operation operation_on(const std::string& route, HttpMethod method, const std::vector<std::string>& segments) {
  bool is_get = method == HttpMethod::kGet || method == HttpMethod::kHead;
  if (route == "collection") return operation_on_collection(method, segments);
  if (route == "database")
    return is_get ? Operation::kDescribe : method == HttpMethod::kDelete ? Operation::kDestroy : Operation::kShape;
  if (route == "index" || route == "view" || route == "analyzer")
    return is_get ? Operation::kDescribe : Operation::kShape;
  if (route == "gharial")
    return is_get ? Operation::kDescribe : method == HttpMethod::kDelete ? Operation::kDestroy : Operation::kShape;
  if (route == "user") return is_get ? Operation::kDescribe : Operation::kAdminister;
  // Ending somebody's query, and the server's settings for queries.
  if (route == "query" && !is_get && method != HttpMethod::kPost) return Operation::kAdminister;
  if (route == "explain" || route == "query") return Operation::kDescribe;
  return is_get ? Operation::kRead : Operation::kWrite;
}

}  // namespace

std::optional<RequestMeaning> meaning_of(HttpMethod method, std::string_view path) {
  RequestMeaning meaning;
  meaning.database = "_system";
  std::vector<std::string> segments = segments_of(path);
  if (segments.size() >= 2 && segments[0] == "_db") {
    meaning.database = segments[1];
    segments.erase(segments.begin(), segments.begin() + 2);
  }
  if (segments.size() < 2 || segments[0] != "_api") {
    // What administers the server; reading of it tells nothing about data.
    if (method == HttpMethod::kGet) return std::nullopt;
    meaning.operation = Operation::kAdminister;
    return meaning;
  }
  const std::string& route = segments[1];
  bool is_end = segments.size() == 2;
  if (route == "version" || (route == "cursor" && !is_end)) return std::nullopt;
  meaning.is_query = route == "cursor";
  meaning.operation = operation_on(route, method, segments);
  if (route == "database" && !is_end && method == HttpMethod::kDelete) meaning.database = segments[2];
  if ((route == "collection" || route == "document" || route == "index") && !is_end) meaning.objects = {segments[2]};
  return meaning;
}

Result<> guard_request(Door& door, HttpMethod method, std::string_view path, std::string_view body) {
  auto meaning = meaning_of(method, path);
  if (!meaning) return {};
  Intent intent;
  intent.database = meaning->database;
  intent.operation = meaning->operation;
  intent.command = "sh";
  intent.objects = meaning->objects;
  intent.parameters = access::digest_of_parameters(std::vector<std::string>{std::string(path), std::string(body)});
  // A class that cannot be read is not the same as none: elsewhere none means what the context declares.
  auto environment = catalog::environment_of(door.session().documents(), meaning->database);
  if (environment) {
    intent.data_class = *environment;
  } else if (environment.error().code() != ErrorCode::kDatabaseNotFound) {
    return std::move(environment).error();
  }
  if (meaning->is_query) {
    auto query = TRY(value::parse_json(body));
    value::Slice text = query.slice().get("query");
    if (!text.is_string()) return Error(ErrorCode::kBadParameter, "a query is an object with the attribute 'query'");
    auto database = TRY(door.session().documents().open(meaning->database));
    auto analysis = TRY(access::analyze_aql(*database, text.as_string(), query.slice().get("bindVars")));
    intent.operation = analysis.operation;
    intent.objects = analysis.objects;
    intent.statement_digest = access::digest_of_aql(text.as_string());
  }
  auto passage = TRY(door.enter(intent));
  return passage.finish();
}

}  // namespace workerdb::cli
