// get_context_databases and describe: names, shapes and counts, never values.
#include <fmt/format.h>

#include "mcp/data_notice.h"
#include "mcp/page.h"
#include "mcp/tool.h"

namespace workerdb::mcp {

using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;

namespace {

void add_texts(Builder& to, std::string_view name, const std::vector<std::string>& texts) {
  to.key(name);
  to.open_array();
  for (const std::string& text : texts) to.string(text);
  to.close();
}

void add_unless_empty(Builder& to, std::string_view name, const std::string& text) {
  if (!text.empty()) to.add(name, text);
}

void add_rows(Builder& to, const ObjectSummary& object) {
  if (!object.rows) return;
  to.add("rows", *object.rows);
  if (object.rows_are_estimated) to.add("rows_are_estimated", true);
}

void add_context(Builder& to, const ContextSummary& context) {
  to.add("notice", kDataNotice);
  to.key("context");
  to.open_object();
  to.add("name", context.name);
  to.add("environment", context.environment);
  add_unless_empty(to, "description", context.description);
  to.close();
}

void add_database(Builder& to, const DatabaseSummary& database, bool detail) {
  to.open_object();
  to.add("store", access::name_of(database.store));
  to.add("name", database.name);
  to.add("environment", database.environment);
  to.add("objects", database.objects);
  if (detail) {
    add_unless_empty(to, "description", database.description);
    add_unless_empty(to, "owner", database.owner);
  }
  to.close();
}

void add_object(Builder& to, const ObjectSummary& object, bool detail) {
  to.open_object();
  to.add("name", object.name);
  to.add("kind", object.kind);
  add_rows(to, object);
  if (detail) {
    add_unless_empty(to, "description", object.description);
    add_unless_empty(to, "owner", object.owner);
    if (!object.readers.empty()) add_texts(to, "readers", object.readers);
  }
  to.close();
}

// One page of `items` under the name, cut to rows and bytes; returns the summary's count.
template <typename Item, typename AddItem>
Result<size_t> add_page(const ToolCall& call, Builder& to, std::string_view name, const std::vector<Item>& items,
                        AddItem add) {
  PageStart start = TRY(page_start(call));
  Builder array;
  array.open_array();
  size_t begin = std::min<size_t>(start.skip, items.size());
  size_t end = std::min<size_t>(items.size(), begin + rows_argument(call));
  size_t at = begin;
  for (; at < end && (at == begin || array.byte_size() < call.limits.bytes / 2); ++at) add(array, items[at]);
  array.close();
  to.add(name, array.slice());
  if (at < items.size()) to.add("next_cursor", make_cursor(call, {at, {}}));
  return at - begin;
}

Result<std::vector<DatabaseSummary>> wanted_databases(const ToolCall& call) {
  auto databases = TRY(call.door.databases(call.call));
  auto store = access::parse_store_kind(text_argument(call, "store"));
  if (store) std::erase_if(databases, [&](const DatabaseSummary& one) { return one.store != *store; });
  return databases;
}

// The store of a database that was named without one.
Result<StoreKind> store_of(const ToolCall& call, const std::string& database) {
  if (auto store = access::parse_store_kind(text_argument(call, "store"))) return *store;
  for (const DatabaseSummary& one : TRY(call.door.databases(call.call))) {
    if (one.name == database) return one.store;
  }
  return Error(ErrorCode::kDatabaseNotFound, fmt::format("there is no database '{}' in this context", database));
}

void add_attributes(Builder& to, std::string_view name, const std::vector<AttributeSummary>& attributes) {
  to.key(name);
  to.open_array();
  for (const AttributeSummary& attribute : attributes) {
    to.open_object();
    to.add("name", attribute.name);
    to.add("type", attribute.type);
    if (attribute.is_required) to.add("required", true);
    add_unless_empty(to, "description", attribute.description);
    to.close();
  }
  to.close();
}

void add_indexes(Builder& to, const std::vector<IndexSummary>& indexes) {
  to.key("indexes");
  to.open_array();
  for (const IndexSummary& index : indexes) {
    to.open_object();
    to.add("name", index.name);
    to.add("type", index.type);
    add_texts(to, "fields", index.fields);
    to.add("unique", index.is_unique);
    to.close();
  }
  to.close();
}

}  // namespace

Result<ToolAnswer> get_context_databases(const ToolCall& call) {
  ContextSummary context = TRY(call.door.context(call.call));
  bool detail = call.arguments.get("detail").is_true();
  std::string database = text_argument(call, "database");
  Builder answer;
  answer.open_object();
  add_context(answer, context);
  std::string summary;
  if (database.empty()) {
    auto databases = TRY(wanted_databases(call));
    size_t count = TRY(add_page(call, answer, "databases", databases,
                                [&](Builder& to, const DatabaseSummary& one) { add_database(to, one, detail); }));
    summary =
        fmt::format("{} of {} databases of the context '{}' (class {}). Name one in 'database' to see what it holds.",
                    count, databases.size(), context.name, context.environment);
  } else {
    StoreKind store = TRY(store_of(call, database));
    auto objects = TRY(call.door.objects(call.call, store, database));
    size_t count = TRY(add_page(call, answer, "objects", objects,
                                [&](Builder& to, const ObjectSummary& one) { add_object(to, one, detail); }));
    summary = fmt::format("{} of {} objects of '{}' ({}).", count, objects.size(), database, access::name_of(store));
  }
  answer.close();
  return ToolAnswer{std::move(summary), answer.take()};
}

Result<ToolAnswer> describe(const ToolCall& call) {
  StoreKind store = store_argument(call, StoreKind::kDocuments);
  std::string database = text_argument(call, "database");
  if (database.empty() && store != StoreKind::kCache) {
    return Error(ErrorCode::kBadParameter, "'database' is needed for this store");
  }
  ObjectDetail detail = TRY(call.door.describe(call.call, store, database, text_argument(call, "object")));
  Builder answer;
  answer.open_object();
  answer.add("notice", kDataNotice);
  answer.add("name", detail.summary.name);
  answer.add("kind", detail.summary.kind);
  add_unless_empty(answer, "description", detail.summary.description);
  add_unless_empty(answer, "owner", detail.summary.owner);
  if (!detail.summary.readers.empty()) add_texts(answer, "readers", detail.summary.readers);
  add_rows(answer, detail.summary);
  add_attributes(answer, "attributes", detail.attributes);
  if (!detail.sample.empty()) add_attributes(answer, "sample_shape", detail.sample);
  if (detail.sampled_rows > 0) answer.add("sampled_rows", detail.sampled_rows);
  add_indexes(answer, detail.indexes);
  if (!detail.key_prefixes.empty()) add_texts(answer, "key_prefixes", detail.key_prefixes);
  if (!detail.channels.empty()) add_texts(answer, "channels", detail.channels);
  add_unless_empty(answer, "ttl", detail.ttl_rule);
  if (detail.ttl_longest_s) answer.add("ttl_longest_s", *detail.ttl_longest_s);
  answer.close();
  return ToolAnswer{fmt::format("{} '{}': {} declared attributes, {} indexes.", detail.summary.kind,
                                detail.summary.name, detail.attributes.size(), detail.indexes.size()),
                    answer.take()};
}

}  // namespace workerdb::mcp
