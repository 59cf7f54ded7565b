// Databases and collections come, change and go: one atomic write, then a new view of the catalog.
#include <fmt/format.h>

#include <algorithm>

#include "storage/document_content.h"
#include "storage/json_schema.h"
#include "storage/records.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

// How long a change of the schema waits for transactions that write.
std::chrono::milliseconds writer_patience(const StoreOptions& options) {
  return std::chrono::milliseconds(5 * int64_t(options.lock_timeout_ms));
}

Error duplicate(std::string_view name) {
  return Error(ErrorCode::kDuplicateName, fmt::format("duplicate name: '{}' exists already", name));
}

// Nothing computes them: to take them and leave documents without would be worse than to say so.
Result<> check_computed_values(Slice computed) {
  if (computed.is_none() || computed.is_null() || (computed.is_array() && computed.size() == 0)) return {};
  if (!computed.is_array()) return Error(ErrorCode::kBadParameter, "computedValues must be an array");
  return Error(ErrorCode::kNotImplemented, "computedValues are not part of this server");
}

}  // namespace

uint64_t RocksStore::new_id(rocksdb::WriteBatch& batch) {
  static_cast<void>(batch.Put(rocks_.families.metadata, "I", encode_number(++last_id_)));
  return last_id_;
}

Result<> RocksStore::write_schema(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  document_cache_.began_change();
  rocksdb::Status status = rocks_.database->GetBaseDB()->Write(options, &batch);
  document_cache_.ended_change(rocks_.database->GetLatestSequenceNumber());
  if (!status.ok()) write_failed(status);
  return check(status);
}

void RocksStore::publish(std::shared_ptr<const CatalogView> next) {
  std::unique_lock lock(view_mutex_);
  view_ = std::move(next);
}

// Puts a collection into the view, in place of the one called old_name if that is given.
void RocksStore::publish_collection(const DatabaseView& database, const std::string* old_name,
                                    CollectionStatePtr state) {
  auto next = std::make_shared<CatalogView>(*view());
  auto changed = std::make_shared<DatabaseView>(database);
  if (old_name != nullptr) changed->collections.erase(*old_name);
  changed->collections[state->current().description->name] = state;
  next->databases[database.database->name] = std::move(changed);
  next->collections[state->id] = std::move(state);
  publish(std::move(next));
}

Result<std::shared_ptr<const DatabaseView>> RocksStore::live(const Database& database) const {
  auto found = view()->find(database);
  if (found == nullptr) return ErrorCode::kDatabaseNotFound;
  return found;
}

Result<CollectionStatePtr> RocksStore::live(const Collection& collection) const {
  CollectionStatePtr state = view()->find(collection.id);
  if (state == nullptr) return ErrorCode::kCollectionNotFound;
  return state;
}

// ---- databases

Result<DatabasePtr> RocksStore::create_database(std::string_view name, Slice properties) {
  TRY(check_database_name(name));
  base::MutexLock lock(schema_mutex_);
  auto current = view();
  if (current->databases.contains(name)) return duplicate(name);
  rocksdb::WriteBatch batch;
  auto database = std::make_shared<Database>();
  database->id = name == "_system" ? 1 : new_id(batch);
  database->name = name;
  database->properties = value::Buffer(properties.is_object() ? properties : Slice::empty_object());
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('D', database->id), database_record(*database).bytes())));
  TRY(write_schema(batch));
  auto next = std::make_shared<CatalogView>(*current);
  auto added = std::make_shared<DatabaseView>();
  added->database = database;
  next->databases[database->name] = std::move(added);
  publish(std::move(next));
  return database;
}

Result<> RocksStore::set_database_properties(std::string_view name, Slice properties) {
  if (!properties.is_object()) return {ErrorCode::kBadParameter, "a database's properties are an object"};
  base::MutexLock lock(schema_mutex_);
  auto current = view();
  auto found = current->databases.find(name);
  if (found == current->databases.end()) return ErrorCode::kDatabaseNotFound;
  auto changed = std::make_shared<Database>(*found->second->database);
  changed->properties = value::Buffer(properties);
  rocksdb::WriteBatch batch;
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('D', changed->id), database_record(*changed).bytes())));
  TRY(write_schema(batch));
  auto next = std::make_shared<CatalogView>(*current);
  auto replaced = std::make_shared<DatabaseView>(*found->second);
  replaced->database = std::move(changed);
  next->databases[std::string(name)] = std::move(replaced);
  publish(std::move(next));
  return {};
}

Result<> RocksStore::drop_database(std::string_view name) {
  if (name == "_system") return {ErrorCode::kForbidden, "the database _system cannot be dropped"};
  auto before = view();
  auto found = before->databases.find(name);
  if (found == before->databases.end()) return ErrorCode::kDatabaseNotFound;
  ClosedGates gates(writer_patience(options_));
  for (const auto& [collection_name, state] : found->second->collections) TRY(gates.close(state));
  base::MutexLock lock(schema_mutex_);
  auto current = view();
  auto still = current->databases.find(name);
  if (still == current->databases.end()) return ErrorCode::kDatabaseNotFound;
  if (still->second->collections != found->second->collections) {
    return {ErrorCode::kConflict, "the database's collections changed while it was being dropped"};
  }
  rocksdb::WriteBatch batch;
  auto next = std::make_shared<CatalogView>(*current);
  for (const auto& [collection_name, state] : found->second->collections) {
    CollectionPtr description = state->current().description;
    delete_contents(*description, batch);
    delete_metadata(*description, batch);
    next->collections.erase(state->id);
  }
  for (const auto& [view_name, dropped] : still->second->views) {
    TRY(check(batch.Delete(rocks_.families.metadata, metadata_key('W', dropped->id))));
  }
  TRY(check(batch.Delete(rocks_.families.metadata, metadata_key('D', found->second->database->id))));
  TRY(write_schema(batch));
  for (const auto& [collection_name, state] : found->second->collections) state->is_dropped = true;
  next->databases.erase(std::string(name));
  publish(std::move(next));
  return {};
}

// ---- collections

Result<CollectionPtr> RocksStore::create_collection(const Database& database, const Collection& definition) {
  TRY(check_collection_name(definition.name, true));
  TRY(check_writable());
  auto schema = TRY(JsonSchema::compile(definition.schema.slice()));
  TRY(check_computed_values(definition.computed_values.slice()));
  base::MutexLock lock(schema_mutex_);
  auto in_database = TRY(live(database));
  if (in_database->has_name(definition.name)) return duplicate(definition.name);
  rocksdb::WriteBatch batch;
  auto created = std::make_shared<Collection>(definition);
  created->id = new_id(batch);
  created->object_id = new_id(batch);
  created->database_id = database.id;
  created->is_system = definition.name.front() == '_';
  created->indexes.clear();
  Index primary;
  primary.type = IndexType::kPrimary;
  primary.name = "primary";
  primary.fields = {{{"_key"}}};
  primary.unique = true;
  created->indexes.push_back(std::make_shared<const Index>(std::move(primary)));
  if (created->type == CollectionType::kEdge) {
    Index edge;
    edge.id = 1;
    edge.object_id = new_id(batch);
    edge.type = IndexType::kEdge;
    edge.name = "edge";
    edge.fields = {{{"_from"}}, {{"_to"}}};
    created->indexes.push_back(std::make_shared<const Index>(std::move(edge)));
  }
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('K', created->id), collection_record(*created).bytes())));
  TRY(write_schema(batch));
  publish_collection(*in_database, nullptr, std::make_shared<CollectionState>(created, std::move(schema), 0, 0));
  return created;
}

void RocksStore::delete_contents(const Collection& collection, rocksdb::WriteBatch& batch) const {
  auto remove = [&](rocksdb::ColumnFamilyHandle* family, uint64_t object_id) {
    static_cast<void>(batch.DeleteRange(family, id_prefix(object_id), id_prefix(object_id + 1)));
  };
  remove(rocks_.families.documents, collection.object_id);
  for (const auto& index : collection.indexes) {
    if (index->type != IndexType::kPrimary) remove(rocks_.families.indexes, index->object_id);
  }
}

void RocksStore::delete_metadata(const Collection& collection, rocksdb::WriteBatch& batch) const {
  for (char kind : {'K', 'N', 'A'}) {
    static_cast<void>(batch.Delete(rocks_.families.metadata, metadata_key(kind, collection.id)));
  }
}

Result<> RocksStore::drop_collection(const Database& database, std::string_view name) {
  CollectionPtr found = find_collection(database, name);
  if (found == nullptr) return ErrorCode::kCollectionNotFound;
  CollectionStatePtr state = TRY(live(*found));
  ClosedGates gates(writer_patience(options_));
  TRY(gates.close(state));
  base::MutexLock lock(schema_mutex_);
  auto in_database = TRY(live(database));
  CollectionPtr description = state->current().description;
  auto entry = in_database->collections.find(description->name);
  if (state->is_dropped || entry == in_database->collections.end() || entry->second != state) {
    return ErrorCode::kCollectionNotFound;
  }
  rocksdb::WriteBatch batch;
  delete_contents(*description, batch);
  delete_metadata(*description, batch);
  TRY(write_schema(batch));
  state->is_dropped = true;
  auto next = std::make_shared<CatalogView>(*view());
  auto changed = std::make_shared<DatabaseView>(*in_database);
  changed->collections.erase(description->name);
  next->databases[database.name] = std::move(changed);
  next->collections.erase(state->id);
  publish(std::move(next));
  return {};
}

Result<CollectionPtr> RocksStore::change_collection(const Database& database, const Collection& changed) {
  auto schema = TRY(JsonSchema::compile(changed.schema.slice()));
  CollectionStatePtr state = TRY(live(changed));
  auto computed_before = state->current().description->computed_values.slice().bytes();
  if (changed.computed_values.slice().bytes() != computed_before) {
    TRY(check_computed_values(changed.computed_values.slice()));
  }
  ClosedGates gates(writer_patience(options_));
  TRY(gates.close(state));
  base::MutexLock lock(schema_mutex_);
  TRY(live(database));
  if (state->is_dropped) return ErrorCode::kCollectionNotFound;
  auto next = std::make_shared<Collection>(*state->current().description);
  next->wait_for_sync = changed.wait_for_sync;
  next->schema = changed.schema;
  next->computed_values = changed.computed_values;
  rocksdb::WriteBatch batch;
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('K', next->id), collection_record(*next).bytes())));
  TRY(write_schema(batch));
  state->replace(next, std::move(schema));
  return next;
}

Result<> RocksStore::truncate_collection(const Collection& collection) {
  CollectionStatePtr state = TRY(live(collection));
  ClosedGates gates(writer_patience(options_));
  TRY(gates.close(state));
  base::MutexLock lock(schema_mutex_);
  if (state->is_dropped) return ErrorCode::kCollectionNotFound;
  rocksdb::WriteBatch batch;
  delete_contents(*state->current().description, batch);
  TRY(check(batch.Delete(rocks_.families.metadata, metadata_key('N', state->id))));
  state->began_write();
  auto written = write_schema(batch);
  state->ended_write(rocks_.database->GetLatestSequenceNumber());
  TRY(std::move(written));
  state->count = 0;
  state->changes.fetch_add(1, std::memory_order_relaxed);
  return {};
}

}  // namespace workerdb::storage
