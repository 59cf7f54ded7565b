// Opening a store: its format, its catalog, and what an interrupted change of the schema left behind.
#include <fmt/format.h>

#include <charconv>

#include "base/log.h"
#include "storage/json_schema.h"
#include "storage/key_encoding.h"
#include "storage/records.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

constexpr int kFormatVersion = 1;

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

Slice as_slice(const rocksdb::Slice& bytes) { return Slice(reinterpret_cast<const uint8_t*>(bytes.data())); }

}  // namespace

Result<std::unique_ptr<Store>> RocksStore::open(const std::string& folder, const StoreOptions& options,
                                                rocksdb::Env* environment) {
  OpenRocks rocks = TRY(open_rocks(folder, options, environment));
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(rocks), folder, options));
  TRY(store->load());
  store->start_upkeep();
  return std::unique_ptr<Store>(std::move(store));
}

Result<std::string> RocksStore::metadata(const std::string& key, bool& found) const {
  std::string value;
  rocksdb::Status status = rocks_.database->Get(rocksdb::ReadOptions(), rocks_.families.metadata, key, &value);
  found = status.ok();
  if (!status.IsNotFound()) TRY(check(status));
  return value;
}

Result<> RocksStore::load() {
  bool is_new = false, found = false;
  TRY(check_format(is_new));
  uint64_t reserved = decode_number(TRY(metadata("T", found)));
  clock_ = std::make_unique<TickClock>(reserved, [this](uint64_t limit) -> Result<> {
    return check(rocks_.database->GetBaseDB()->Put(rocksdb::WriteOptions(), rocks_.families.metadata, "T",
                                                   encode_number(limit)));
  });
  {
    base::MutexLock lock(schema_mutex_);
    last_id_ = std::max<uint64_t>(100, decode_number(TRY(metadata("I", found))));
  }
  TRY(sweep_garbage());
  TRY(load_catalog());
  if (find_database("_system") == nullptr) TRY(create_database("_system", Slice::empty_object()));
  return rebuild_after_new_collation();
}

Result<> RocksStore::check_format(bool& is_new) {
  bool found = false;
  std::string text = TRY(metadata("F", found));
  is_new = !found;
  if (is_new) {
    rocksdb::WriteBatch batch;
    TRY(check(batch.Put(rocks_.families.metadata, "F", fmt::to_string(kFormatVersion))));
    TRY(check(batch.Put(rocks_.families.metadata, "V", collation_version())));
    return check(rocks_.database->GetBaseDB()->Write(synced(), &batch));
  }
  int version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  if (version < 1) return {ErrorCode::kCorruptedDatafile, "the store's format version cannot be read"};
  if (version > kFormatVersion) {
    return {ErrorCode::kIllegalState,
            fmt::format("the store was written by a later version of this program (format {}, this one reads up to {})",
                        version, kFormatVersion)};
  }
  return {};
}

Result<> RocksStore::sweep_garbage() {
  std::unique_ptr<rocksdb::Iterator> mark(
      rocks_.database->NewIterator(rocksdb::ReadOptions(), rocks_.families.metadata));
  rocksdb::WriteBatch batch;
  for (mark->Seek("G"); mark->Valid() && mark->key().starts_with("G"); mark->Next()) {
    if (mark->key().size() != 9) continue;
    uint64_t object_id = load_id(to_view(mark->key()).substr(1));
    std::string begin = id_prefix(object_id), end = id_prefix(object_id + 1);
    TRY(check(batch.DeleteRange(rocks_.families.documents, begin, end)));
    TRY(check(batch.DeleteRange(rocks_.families.indexes, begin, end)));
    TRY(check(batch.Delete(rocks_.families.metadata, mark->key())));
  }
  TRY(check(mark->status()));
  if (batch.Count() == 0) return {};
  return check(rocks_.database->GetBaseDB()->Write(synced(), &batch));
}

Result<CollectionStatePtr> RocksStore::load_collection(Slice record) {
  auto description = std::make_shared<Collection>(TRY(parse_collection_record(record)));
  bool found = false;
  auto count = int64_t(decode_number(TRY(metadata(metadata_key('N', description->id), found))));
  uint64_t last_key = decode_number(TRY(metadata(metadata_key('A', description->id), found)));
  auto schema = TRY(JsonSchema::compile(description->schema.slice()));
  return std::make_shared<CollectionState>(std::move(description), std::move(schema), count, last_key);
}

Result<> RocksStore::load_catalog() {
  auto next = std::make_shared<CatalogView>();
  std::map<uint64_t, std::shared_ptr<DatabaseView>> by_id;
  std::unique_ptr<rocksdb::Iterator> record(
      rocks_.database->NewIterator(rocksdb::ReadOptions(), rocks_.families.metadata));
  for (record->Seek("D"); record->Valid() && record->key().starts_with("D"); record->Next()) {
    auto view = std::make_shared<DatabaseView>();
    view->database = std::make_shared<const Database>(TRY(parse_database_record(as_slice(record->value()))));
    by_id[view->database->id] = view;
    next->databases[view->database->name] = view;
  }
  TRY(check(record->status()));
  for (record->Seek("K"); record->Valid() && record->key().starts_with("K"); record->Next()) {
    CollectionStatePtr state = TRY(load_collection(as_slice(record->value())));
    CollectionPtr description = state->current().description;
    auto found = by_id.find(description->database_id);
    if (found == by_id.end()) return {ErrorCode::kCorruptedDatafile, "a collection's database is missing"};
    found->second->collections[description->name] = state;
    next->collections[state->id] = std::move(state);
  }
  TRY(check(record->status()));
  for (record->Seek("W"); record->Valid() && record->key().starts_with("W"); record->Next()) {
    auto view = std::make_shared<const View>(TRY(parse_view_record(as_slice(record->value()))));
    auto found = by_id.find(view->database_id);
    if (found == by_id.end()) return {ErrorCode::kCorruptedDatafile, "a view's database is missing"};
    found->second->views[view->name] = std::move(view);
  }
  TRY(check(record->status()));
  publish(std::move(next));
  return {};
}

Result<> RocksStore::rebuild_after_new_collation() {
  bool found = false;
  std::string stored = TRY(metadata("V", found)), present = collation_version();
  if (stored == present) return {};
  base::log_warning("storage", "ICU changed from {} to {}: all indexes are rebuilt", stored, present);
  for (const auto& [id, state] : view()->collections) {
    CollectionPtr description = state->current().description;
    for (const auto& index : description->indexes) {
      if (index->type != IndexType::kPersistent) continue;
      rocksdb::WriteBatch batch;
      TRY(check(
          batch.DeleteRange(rocks_.families.indexes, id_prefix(index->object_id), id_prefix(index->object_id + 1))));
      TRY(check(rocks_.database->GetBaseDB()->Write(rocksdb::WriteOptions(), &batch)));
      TRY(build_index(description->object_id, *index));
    }
  }
  return check(rocks_.database->GetBaseDB()->Put(synced(), rocks_.families.metadata, "V", present));
}

}  // namespace workerdb::storage
