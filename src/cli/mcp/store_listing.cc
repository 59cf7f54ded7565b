// What there is: databases, collections, tables, key spaces, their shapes. No values.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/environment_class.h"
#include "cli/mcp/store_door.h"

namespace workerdb::cli {

using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using mcp::AttributeSummary;
using mcp::DatabaseSummary;
using mcp::IndexSummary;
using mcp::ObjectDetail;
using mcp::ObjectSummary;
using value::Slice;

namespace {

constexpr uint64_t kSampledDocuments = 50;

// Tables and views that are not the server's own, with the planner's estimate of their rows.
constexpr const char* kTables =
    "SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END, "
    "CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END, "
    "greatest(c.reltuples, 0)::bigint, coalesce(obj_description(c.oid, 'pg_class'), '') "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1";

constexpr const char* kColumns =
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce(col_description(a.attrelid, "
    "a.attnum), '') "
    "FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

constexpr const char* kIndexes =
    "SELECT c.relname, m.amname, i.indisunique, "
    "array_to_string(ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k), "
    "chr(1)) "
    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam "
    "WHERE i.indrelid = to_regclass($1) ORDER BY 1";

std::string type_name(Slice value) {
  switch (value.type()) {
    case value::Type::kBool: return "boolean";
    case value::Type::kNumber: return "number";
    case value::Type::kString: return "string";
    case value::Type::kArray: return "array";
    case value::Type::kObject: return "object";
    default: return "null";
  }
}

std::string declared_type(Slice property) {
  Slice type = property.get("type");
  if (type.is_string()) return std::string(type.as_string());
  std::string joined;
  for (value::ArrayIterator item(type); item.valid(); item.next()) {
    if (item.value().is_string()) joined += (joined.empty() ? "" : "|") + std::string(item.value().as_string());
  }
  return joined.empty() ? "any" : joined;
}

// The attributes of a collection's JSON Schema.
std::vector<AttributeSummary> declared_attributes(Slice rule) {
  std::set<std::string, std::less<>> required;
  for (value::ArrayIterator item(rule.get("required")); item.valid(); item.next()) {
    if (item.value().is_string()) required.emplace(item.value().as_string());
  }
  std::vector<AttributeSummary> attributes;
  for (value::ObjectIterator property(rule.get("properties")); property.valid(); property.next()) {
    Slice description = property.value().get("description");
    attributes.push_back({std::string(property.name()), declared_type(property.value()),
                          required.contains(property.name()),
                          description.is_string() ? std::string(description.as_string()) : std::string()});
  }
  return attributes;
}

IndexSummary index_of(Slice index) {
  IndexSummary summary;
  if (index.get("name").is_string()) summary.name = index.get("name").as_string();
  if (index.get("type").is_string()) summary.type = index.get("type").as_string();
  summary.is_unique = index.get("unique").is_true();
  for (value::ArrayIterator field(index.get("fields")); field.valid(); field.next()) {
    Slice name = field.value().is_object() ? field.value().get("name") : field.value();
    if (name.is_string()) summary.fields.emplace_back(name.as_string());
  }
  return summary;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size() && !text.empty();) {
    size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

ObjectSummary declared(const catalog::Catalog& catalog, const std::string& name) {
  ObjectSummary summary;
  summary.name = name;
  if (const auto* collection = catalog::find_named(catalog.collections, name)) {
    summary.description = collection->description;
    summary.owner = collection->owner;
    summary.readers = collection->readers;
  }
  return summary;
}

bool is_ordinary(const stores::documents::CollectionDescription& collection) {
  return !collection.is_system && !collection.name.starts_with('_');
}

}  // namespace

Result<std::vector<DatabaseSummary>> StoreDoor::document_databases() {
  std::vector<DatabaseSummary> found;
  for (const std::string& name : TRY(stores().documents->databases())) {
    if (name == "_system") continue;
    DatabaseSummary database;
    database.store = StoreKind::kDocuments;
    database.name = name;
    database.environment = TRY(stores().documents->environment_class(name)).value_or("production");
    if (const auto* known = catalog::find_named(options_.catalog.document_databases, name))
      database.description = known->description;
    auto opened = TRY(stores().documents->open(name));
    auto all = TRY(opened->collections());
    database.objects = static_cast<uint64_t>(std::count_if(all.begin(), all.end(), is_ordinary));
    found.push_back(std::move(database));
  }
  return found;
}

Result<std::vector<DatabaseSummary>> StoreDoor::relational_databases() {
  std::vector<std::string> names;
  {
    auto connection = TRY(stores().relational.lease());
    auto rows = TRY(connection->query(
        "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1"));
    for (int row = 0; row < rows.row_count(); ++row) names.emplace_back(rows.text_or_empty(row, 0));
  }
  std::vector<DatabaseSummary> found;
  for (const std::string& name : names) {
    DatabaseSummary database;
    database.store = StoreKind::kRelational;
    database.name = name;
    auto connection = TRY(stores().relational.lease(name));
    auto environment = catalog::environment_of(*connection).value_or(std::nullopt);
    database.environment = base::name_of(environment.value_or(base::EnvironmentClass::kProduction));
    if (const auto* known = catalog::find_named(options_.catalog.relational_databases, name)) {
      database.description = known->description;
      database.owner = known->owner;
    }
    database.objects = static_cast<uint64_t>(TRY(connection->query(kTables)).row_count());
    found.push_back(std::move(database));
  }
  return found;
}

Result<std::vector<ObjectSummary>> StoreDoor::collections(const std::string& database) {
  auto opened = TRY(stores().documents->open(database));
  std::vector<ObjectSummary> found;
  for (const auto& collection : TRY(opened->collections())) {
    if (!is_ordinary(collection)) continue;
    ObjectSummary summary = declared(options_.catalog, collection.name);
    summary.kind =
        collection.type == stores::documents::CollectionType::kEdge ? "edge collection" : "document collection";
    summary.rows = TRY(opened->count(collection.name));
    found.push_back(std::move(summary));
  }
  return found;
}

Result<std::vector<ObjectSummary>> StoreDoor::tables(const std::string& database) {
  auto connection = TRY(stores().relational.lease(database));
  auto rows = TRY(connection->query(kTables));
  std::vector<ObjectSummary> found;
  for (int row = 0; row < rows.row_count(); ++row) {
    ObjectSummary summary;
    summary.name = rows.text_or_empty(row, 0);
    summary.kind = rows.text_or_empty(row, 1);
    summary.rows = static_cast<uint64_t>(rows.integer(row, 2).value_or(0));
    summary.rows_are_estimated = true;
    summary.description = rows.text_or_empty(row, 3);
    found.push_back(std::move(summary));
  }
  return found;
}

std::vector<ObjectSummary> StoreDoor::key_spaces() const {
  std::vector<ObjectSummary> found;
  for (const auto& space : options_.catalog.cache.key_spaces) {
    found.push_back({space.name, "key space", space.description, space.owner, space.readers, std::nullopt, false});
  }
  return found;
}

Result<ObjectDetail> StoreDoor::describe_collection(const std::string& database, const std::string& name,
                                                    const mcp::Call& call) {
  auto opened = TRY(stores().documents->open(database));
  auto collection = TRY(opened->find_collection(name));
  if (!collection || !is_ordinary(*collection)) {
    return Error(ErrorCode::kCollectionNotFound,
                 fmt::format("there is no collection '{}' in '{}'", name.substr(0, 128), database));
  }
  ObjectDetail detail;
  detail.summary = declared(options_.catalog, name);
  detail.summary.kind =
      collection->type == stores::documents::CollectionType::kEdge ? "edge collection" : "document collection";
  detail.summary.rows = TRY(opened->count(name));
  detail.attributes = declared_attributes(collection->schema.slice().get("rule"));
  for (const auto& index : TRY(opened->indexes(name))) detail.indexes.push_back(index_of(index.slice()));

  value::Builder bind;
  bind.open_object();
  bind.add("@collection", name);
  bind.close();
  stores::documents::QueryOptions options;
  options.read_only = true;
  options.max_runtime_ms = call.left_ms();
  auto cursor = TRY(
      opened->query(fmt::format("FOR d IN @@collection LIMIT {} RETURN d", kSampledDocuments), bind.slice(), options));
  std::map<std::string, std::set<std::string>> seen;
  while (auto batch = TRY(cursor->next_batch())) {
    for (value::ArrayIterator document(*batch); document.valid(); document.next()) {
      ++detail.sampled_rows;
      for (value::ObjectIterator attribute(document.value()); attribute.valid(); attribute.next()) {
        if (seen.size() < 200) seen[std::string(attribute.name())].insert(type_name(attribute.value()));
      }
    }
  }
  for (const auto& [attribute, types] : seen) {
    std::string joined;
    for (const std::string& type : types) joined += (joined.empty() ? "" : "|") + type;
    detail.sample.push_back({attribute, joined, false, {}});
  }
  return detail;
}

Result<ObjectDetail> StoreDoor::describe_table(const std::string& database, const std::string& name) {
  auto all = TRY(tables(database));
  auto found = std::find_if(all.begin(), all.end(),
                            [&](const ObjectSummary& one) { return one.name == name || "public." + one.name == name; });
  if (found == all.end()) {
    return Error(ErrorCode::kCollectionNotFound,
                 fmt::format("there is no table '{}' in '{}'", name.substr(0, 128), database));
  }
  ObjectDetail detail;
  detail.summary = *found;
  // The name is one of the server's own list; quoted part by part for to_regclass.
  size_t dot = found->name.find('.');
  std::string quoted = dot == std::string::npos
                           ? stores::relational::quote_identifier(found->name)
                           : stores::relational::quote_identifier(found->name.substr(0, dot)) + "." +
                                 stores::relational::quote_identifier(found->name.substr(dot + 1));
  std::vector<stores::relational::Parameter> parameters = {quoted};
  auto connection = TRY(stores().relational.lease(database));
  auto columns = TRY(connection->query(kColumns, parameters));
  for (int row = 0; row < columns.row_count(); ++row) {
    detail.attributes.push_back({std::string(columns.text_or_empty(row, 0)), std::string(columns.text_or_empty(row, 1)),
                                 columns.is_true(row, 2), std::string(columns.text_or_empty(row, 3))});
  }
  auto indexes = TRY(connection->query(kIndexes, parameters));
  for (int row = 0; row < indexes.row_count(); ++row) {
    detail.indexes.push_back({std::string(indexes.text_or_empty(row, 0)), std::string(indexes.text_or_empty(row, 1)),
                              split(indexes.text_or_empty(row, 3), '\1'), indexes.is_true(row, 2)});
  }
  return detail;
}

Result<ObjectDetail> StoreDoor::describe_key_space(const std::string& name) const {
  for (const auto& space : options_.catalog.cache.key_spaces) {
    if (space.name != name) continue;
    ObjectDetail detail;
    detail.summary = {space.name, "key space", space.description, space.owner, space.readers, std::nullopt, false};
    detail.key_prefixes = space.prefixes;
    detail.channels = space.channels;
    detail.ttl_rule = space.ttl_rule == catalog::TtlRule::kRequired ? "required"
                      : space.ttl_rule == catalog::TtlRule::kNone   ? "none"
                                                                    : "optional";
    detail.ttl_longest_s = space.ttl_longest_s;
    return detail;
  }
  return Error(ErrorCode::kCollectionNotFound, fmt::format("there is no key space '{}'", name.substr(0, 128)));
}

}  // namespace workerdb::cli
