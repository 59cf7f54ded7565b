#include "engine/catalog_view.h"

#include "search/view.h"

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

std::vector<std::string> strings(value::Slice array) {
  std::vector<std::string> result;
  for (value::ArrayIterator item(array); item.valid(); item.next()) {
    if (item.value().is_string()) result.emplace_back(item.value().as_string());
  }
  return result;
}

}  // namespace

std::shared_ptr<const aql::semantics::GraphInfo> StoreCatalogView::find_graph(std::string_view name) const {
  auto graphs = store_.find_collection(database_, "_graphs");
  if (graphs == nullptr || !storage::is_valid_key(name)) return nullptr;
  storage::PinnedDocument document;
  auto found = store_.read(*graphs, name, document);
  if (!found || !*found) return nullptr;
  auto graph = std::make_shared<aql::semantics::GraphInfo>();
  graph->name = name;
  graph->revision = document.slice().get("_rev").is_string() ? document.slice().get("_rev").as_string() : "";
  for (value::ArrayIterator item(document.slice().get("edgeDefinitions")); item.valid(); item.next()) {
    value::Slice collection = item.value().get("collection");
    if (!collection.is_string()) continue;
    graph->edge_definitions.push_back(
        {std::string(collection.as_string()), strings(item.value().get("from")), strings(item.value().get("to"))});
  }
  graph->orphan_collections = strings(document.slice().get("orphanCollections"));
  return graph;
}

std::shared_ptr<const aql::semantics::ViewInfo> StoreCatalogView::find_view(std::string_view name) const {
  auto view = store_.find_view(database_, name);
  if (view == nullptr) return nullptr;
  auto info = std::make_shared<aql::semantics::ViewInfo>();
  info->id = view->id;
  info->name = view->name;
  for (const auto& link : search::links_of(view->properties.slice())) {
    auto collection = store_.find_collection(database_, std::to_string(link.collection_id));
    if (collection == nullptr) continue;  // dropped since
    info->collections.push_back(collection->name);
    info->document_count += store_.document_count(*collection);
  }
  return info;
}

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
