#include "stores/documents/environment_record.h"

namespace workerdb::stores::documents {
namespace {

// Never changes: live stores have it.
constexpr std::string_view kCollection = "_workerdb", kKey = "environment", kAttribute = "class";

}  // namespace

base::Result<std::optional<std::string>> read_environment_record(DocumentDatabase& database) {
  auto record = database.read(kCollection, kKey);
  if (!record && record.error().code() == base::ErrorCode::kCollectionNotFound) return std::nullopt;
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->slice().get(kAttribute).is_string()) return std::nullopt;
  return std::string((*record)->slice().get(kAttribute).as_string());
}

base::Result<> write_environment_record(DocumentDatabase& database, std::string_view environment_class) {
  if (!TRY(database.find_collection(kCollection))) {
    CollectionDescription description;
    description.name = kCollection;
    description.is_system = true;
    TRY(database.create_collection(description));
  }
  value::Builder record;
  record.open_object();
  record.add("_key", kKey);
  record.add(kAttribute, environment_class);
  record.close();
  WriteOptions options;
  options.overwrite = OverwriteMode::kReplace;
  options.wait_for_sync = true;
  TRY(database.insert(kCollection, record.slice(), options));
  return {};
}

}  // namespace workerdb::stores::documents
