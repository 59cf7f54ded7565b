#include "engine/catalog_view.h"

namespace workerdb::engine {
namespace {

using aql::semantics::CollectionInfo;
using aql::semantics::IndexInfo;

const char* type_name(storage::IndexType type) {
  switch (type) {
    case storage::IndexType::kPrimary: return "primary";
    case storage::IndexType::kEdge: return "edge";
    case storage::IndexType::kPersistent: return "persistent";
    case storage::IndexType::kTtl: return "ttl";
  }
  return "";
}

IndexInfo::Field describe(const storage::AttributePath& path) {
  IndexInfo::Field field;
  for (const auto& step : path) {
    (field.expanded ? field.member_path : field.path).push_back(step.name);
    if (step.expand) field.expanded = true;
  }
  return field;
}

}  // namespace

std::shared_ptr<const CollectionInfo> StoreCatalogView::find_collection(std::string_view name) const {
  auto collection = store_.find_collection(database_, name);
  if (collection == nullptr) return nullptr;
  auto info = std::make_shared<CollectionInfo>();
  info->id = collection->id;
  info->name = collection->name;
  info->is_edge = collection->type == storage::CollectionType::kEdge;
  info->document_count = store_.document_count(*collection);
  for (const auto& index : collection->indexes) {
    auto described = std::make_shared<IndexInfo>();
    described->id = index->id;
    described->name = index->name;
    described->type = type_name(index->type);
    for (const auto& path : index->fields) described->fields.push_back(describe(path));
    for (const auto& path : index->stored_values) described->stored_values.push_back(describe(path).path);
    described->unique = index->unique;
    described->sparse = index->sparse;
    described->selectivity = store_.selectivity_estimate(*collection, *index);
    info->indexes.push_back(std::move(described));
  }
  return info;
}

}  // namespace workerdb::engine
