// Views come, change and go: one atomic write, then a new view of the catalog.
#include <fmt/format.h>

#include "base/number.h"
#include "storage/records.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

Error missing(std::string_view name) {
  return Error(ErrorCode::kCollectionNotFound, fmt::format("collection or view not found: {}", name));
}
Error duplicate(std::string_view name) {
  return Error(ErrorCode::kDuplicateName, fmt::format("duplicate name: '{}' exists already", name));
}

ViewPtr find(const DatabaseView& database, std::string_view name) {
  auto found = database.views.find(name);
  if (found != database.views.end()) return found->second;
  auto id = base::parse_integer<uint64_t>(name);
  if (!id) return nullptr;
  for (const auto& [view_name, view] : database.views) {
    if (view->id == *id) return view;
  }
  return nullptr;
}

}  // namespace

Result<ViewPtr> RocksStore::write_view(const DatabaseView& database, const std::string* old_name,
                                       std::shared_ptr<View> view, rocksdb::WriteBatch& batch) {
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('W', view->id), view_record(*view).bytes())));
  TRY(write_schema(batch));
  auto next = std::make_shared<CatalogView>(*this->view());
  auto changed = std::make_shared<DatabaseView>(database);
  if (old_name != nullptr) changed->views.erase(*old_name);
  changed->views[view->name] = view;
  next->databases[database.database->name] = std::move(changed);
  publish(std::move(next));
  return view;
}

Result<ViewPtr> RocksStore::create_view(const Database& database, const View& definition) {
  TRY(check_collection_name(definition.name, false));
  TRY(check_writable());
  base::MutexLock lock(schema_mutex_);
  auto in_database = TRY(live(database));
  if (in_database->has_name(definition.name)) return duplicate(definition.name);
  rocksdb::WriteBatch batch;
  auto created = std::make_shared<View>(definition);
  created->id = new_id(batch);
  created->database_id = database.id;
  return write_view(*in_database, nullptr, std::move(created), batch);
}

Result<ViewPtr> RocksStore::change_view(const Database& database, std::string_view name, value::Slice properties) {
  TRY(check_writable());
  base::MutexLock lock(schema_mutex_);
  auto in_database = TRY(live(database));
  ViewPtr before = find(*in_database, name);
  if (before == nullptr) return missing(name);
  rocksdb::WriteBatch batch;
  auto changed = std::make_shared<View>(*before);
  changed->properties = value::Buffer(properties);
  return write_view(*in_database, &before->name, std::move(changed), batch);
}

Result<ViewPtr> RocksStore::rename_view(const Database& database, std::string_view name, std::string_view new_name) {
  TRY(check_collection_name(new_name, false));
  TRY(check_writable());
  base::MutexLock lock(schema_mutex_);
  auto in_database = TRY(live(database));
  ViewPtr before = find(*in_database, name);
  if (before == nullptr) return missing(name);
  if (before->name == new_name) return before;
  if (in_database->has_name(new_name)) return duplicate(new_name);
  rocksdb::WriteBatch batch;
  auto renamed = std::make_shared<View>(*before);
  renamed->name = new_name;
  return write_view(*in_database, &before->name, std::move(renamed), batch);
}

Result<> RocksStore::drop_view(const Database& database, std::string_view name) {
  base::MutexLock lock(schema_mutex_);
  auto in_database = TRY(live(database));
  ViewPtr dropped = find(*in_database, name);
  if (dropped == nullptr) return missing(name);
  rocksdb::WriteBatch batch;
  TRY(check(batch.Delete(rocks_.families.metadata, metadata_key('W', dropped->id))));
  TRY(write_schema(batch));
  auto next = std::make_shared<CatalogView>(*view());
  auto changed = std::make_shared<DatabaseView>(*in_database);
  changed->views.erase(dropped->name);
  next->databases[database.name] = std::move(changed);
  publish(std::move(next));
  return {};
}

ViewPtr RocksStore::find_view(const Database& database, std::string_view name) const {
  auto in_database = view()->find(database);
  return in_database == nullptr ? nullptr : find(*in_database, name);
}

std::vector<ViewPtr> RocksStore::views(const Database& database) const {
  std::vector<ViewPtr> result;
  if (auto in_database = view()->find(database)) {
    for (const auto& [name, found] : in_database->views) result.push_back(found);
  }
  return result;
}

}  // namespace workerdb::storage
