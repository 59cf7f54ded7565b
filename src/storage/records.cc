#include "storage/records.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::ArrayIterator;
using value::Builder;
using value::Slice;

Error bad_record() { return Error(ErrorCode::kCorruptedDatafile, "a schema record cannot be read"); }

void append_paths(std::string_view name, const std::vector<AttributePath>& paths, Builder& to) {
  to.key(name);
  to.open_array();
  for (const AttributePath& path : paths) to.string(to_string(path));
  to.close();
}

void append_index(const Index& index, Builder& to) {
  to.open_object();
  to.add("id", index.id);
  to.add("objectId", index.object_id);
  to.add("type", int(index.type));
  to.add("name", index.name);
  append_paths("fields", index.fields, to);
  append_paths("storedValues", index.stored_values, to);
  to.add("unique", index.unique);
  to.add("sparse", index.sparse);
  to.add("deduplicate", index.deduplicate);
  to.add("estimates", index.estimates);
  to.add("cacheEnabled", index.cache_enabled);
  to.add("expireAfter", index.expire_after_seconds);
  to.close();
}

Result<uint64_t> number(Slice record, std::string_view name) {
  Slice value = record.get(name);
  if (!value.is_number() || value.is_double()) return bad_record();
  return value.as_uint64();
}

Result<std::string> text(Slice record, std::string_view name) {
  Slice value = record.get(name);
  if (!value.is_string()) return bad_record();
  return std::string(value.as_string());
}

Result<std::vector<AttributePath>> paths(Slice record, std::string_view name) {
  std::vector<AttributePath> result;
  for (ArrayIterator item(record.get(name)); item.valid(); item.next()) {
    if (!item.value().is_string()) return bad_record();
    result.push_back(TRY(parse_path(item.value().as_string())));
  }
  return result;
}

Result<Index> parse_index(Slice record) {
  Index index;
  index.id = TRY(number(record, "id"));
  index.object_id = TRY(number(record, "objectId"));
  uint64_t type = TRY(number(record, "type"));
  if (type > uint64_t(IndexType::kTtl)) return bad_record();
  index.type = IndexType(type);
  index.name = TRY(text(record, "name"));
  index.fields = TRY(paths(record, "fields"));
  index.stored_values = TRY(paths(record, "storedValues"));
  index.unique = record.get("unique").is_true();
  index.sparse = record.get("sparse").is_true();
  index.deduplicate = record.get("deduplicate").is_true();
  index.estimates = record.get("estimates").is_true();
  index.cache_enabled = record.get("cacheEnabled").is_true();
  index.expire_after_seconds = int64_t(TRY(number(record, "expireAfter")));
  return index;
}

}  // namespace

value::Buffer database_record(const Database& database) {
  Builder record;
  record.open_object();
  record.add("id", database.id);
  record.add("name", database.name);
  record.add("properties", database.properties.slice());
  record.close();
  return record.take();
}

value::Buffer collection_record(const Collection& collection) {
  Builder record;
  record.open_object();
  record.add("id", collection.id);
  record.add("objectId", collection.object_id);
  record.add("databaseId", collection.database_id);
  record.add("name", collection.name);
  record.add("type", int(collection.type));
  record.add("isSystem", collection.is_system);
  record.add("waitForSync", collection.wait_for_sync);
  record.add("keyGenerator", int(collection.key_options.generator));
  record.add("allowUserKeys", collection.key_options.allow_user_keys);
  record.add("keyIncrement", collection.key_options.increment);
  record.add("keyOffset", collection.key_options.offset);
  record.add("schema", collection.schema.slice());
  record.add("computedValues", collection.computed_values.slice());
  record.key("indexes");
  record.open_array();
  for (const auto& index : collection.indexes) append_index(*index, record);
  record.close();
  record.close();
  return record.take();
}

value::Buffer view_record(const View& view) {
  Builder record;
  record.open_object();
  record.add("id", view.id);
  record.add("databaseId", view.database_id);
  record.add("name", view.name);
  record.add("type", view.type);
  record.add("properties", view.properties.slice());
  record.close();
  return record.take();
}

Result<View> parse_view_record(Slice record) {
  if (!record.is_object()) return bad_record();
  View view;
  view.id = TRY(number(record, "id"));
  view.database_id = TRY(number(record, "databaseId"));
  view.name = TRY(text(record, "name"));
  view.type = TRY(text(record, "type"));
  view.properties = value::Buffer(record.get("properties"));
  return view;
}

Result<Database> parse_database_record(Slice record) {
  if (!record.is_object()) return bad_record();
  Database database;
  database.id = TRY(number(record, "id"));
  database.name = TRY(text(record, "name"));
  database.properties = value::Buffer(record.get("properties"));
  return database;
}

Result<Collection> parse_collection_record(Slice record) {
  if (!record.is_object()) return bad_record();
  Collection collection;
  collection.id = TRY(number(record, "id"));
  collection.object_id = TRY(number(record, "objectId"));
  collection.database_id = TRY(number(record, "databaseId"));
  collection.name = TRY(text(record, "name"));
  uint64_t type = TRY(number(record, "type")), generator = TRY(number(record, "keyGenerator"));
  if ((type != 2 && type != 3) || generator > uint64_t(KeyGenerator::kUuid)) return bad_record();
  collection.type = CollectionType(type);
  collection.is_system = record.get("isSystem").is_true();
  collection.wait_for_sync = record.get("waitForSync").is_true();
  collection.key_options.generator = KeyGenerator(generator);
  collection.key_options.allow_user_keys = record.get("allowUserKeys").is_true();
  collection.key_options.increment = TRY(number(record, "keyIncrement"));
  collection.key_options.offset = TRY(number(record, "keyOffset"));
  collection.schema = value::Buffer(record.get("schema"));
  collection.computed_values = value::Buffer(record.get("computedValues"));
  for (ArrayIterator item(record.get("indexes")); item.valid(); item.next()) {
    collection.indexes.push_back(std::make_shared<const Index>(TRY(parse_index(item.value()))));
  }
  return collection;
}

}  // namespace workerdb::storage
