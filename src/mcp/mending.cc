// Errors in the words that a model needs to mend its call.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "mcp/tool.h"

namespace workerdb::mcp {

using access::StoreKind;
using base::Error;
using base::ErrorCode;

namespace {

constexpr size_t kMostNames = 40;

std::string rule_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kForbidden:
    case ErrorCode::kReadOnly:
    case ErrorCode::kHttpForbidden:
      return "These tools read; what writes, drops or administers is not to be had here. Do not try another way "
             "around: "
             "ask the person you work for.";
    case ErrorCode::kDatabaseNotFound:
    case ErrorCode::kCollectionNotFound: return "Names are exact and case-sensitive; get_context_databases lists them.";
    case ErrorCode::kQueryParse:
      return "The text must be one statement of this store's language: AQL for documents, SQL for relational.";
    case ErrorCode::kQueryKilled:
    case ErrorCode::kHttpRequestTimeout:
      return "The call took too long: filter on an indexed attribute (see describe), lower LIMIT, look at explain.";
    case ErrorCode::kResourceLimit:
      return "Answers are small: return fewer attributes, aggregate (COLLECT, GROUP BY), or page with 'limit'.";
    default: return "Change the arguments as the sentence above says; the same call again gives the same answer.";
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(), names.begin() + static_cast<long>(std::min(names.size(), kMostNames)));
  return fmt::format("{}{}", fmt::join(shown, ", "), names.size() > kMostNames ? ", ..." : "");
}

std::string default_database(StoreKind store) {
  return store == StoreKind::kDocuments ? "flowmaster" : store == StoreKind::kRelational ? "flowmaster_core" : "cache";
}

// The names that the call could have used; empty when they are of no use or cannot be had.
std::string allowed_names(const Tool& tool, const ToolCall& call, const Error& error) {
  bool is_relational = tool.handler == query_relational || text_argument(call, "store") == "relational";
  StoreKind store = tool.handler == cache_get
                        ? StoreKind::kCache
                        : store_argument(call, is_relational ? StoreKind::kRelational : StoreKind::kDocuments);
  std::vector<std::string> names;
  if (error.code() == ErrorCode::kCollectionNotFound) {
    auto objects = call.door.objects(call.call, store, text_argument(call, "database", default_database(store)));
    if (!objects) return {};
    for (const ObjectSummary& object : *objects) names.push_back(object.name);
  } else if (error.code() == ErrorCode::kDatabaseNotFound) {
    auto databases = call.door.databases(call.call);
    if (!databases) return {};
    bool any_store = tool.handler == get_context_databases && call.arguments.get("store").is_null();
    for (const DatabaseSummary& database : *databases) {
      if (any_store || database.store == store) names.push_back(database.name);
    }
  }
  return joined(names);
}

}  // namespace

std::string mending_text(const Tool& tool, const ToolCall& call, const Error& error) {
  std::string text = fmt::format("Not done: {} (error {}).\nRule: {}", error.message(), error.number(), rule_of(error));
  if (std::string names = allowed_names(tool, call, error); !names.empty()) text += "\nAllowed: " + names;
  text += fmt::format("\nExample: {}", tool.example);
  return text;
}

std::string mending_text(const Tool& tool, const std::vector<std::string>& problems) {
  return fmt::format("Not done: the arguments do not fit {}.\n- {}\nExample: {}", tool.name,
                     fmt::join(problems, "\n- "), tool.example);
}

}  // namespace workerdb::mcp
