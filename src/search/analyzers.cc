#include "search/analyzers.h"

namespace workerdb::search {

using analysis::DefinitionPtr;

namespace {

DefinitionPtr load(const storage::Store& store, const storage::Database& database, std::string_view name) {
  if (DefinitionPtr built_in = analysis::built_in_definition(name)) return built_in;
  if (!analysis::is_valid_analyzer_name(name)) return nullptr;
  auto collection = store.find_collection(database, kAnalyzersCollection);
  storage::PinnedDocument document;
  if (collection == nullptr) return nullptr;
  auto is_there = store.read(*collection, name, document);
  if (!is_there || !*is_there) return nullptr;
  auto definition = analysis::parse_definition(document.slice());
  return definition && (*definition)->name == name ? *std::move(definition) : nullptr;
}

}  // namespace

DefinitionPtr Analyzers::find(std::string_view name) {
  auto known = found_.find(name);
  if (known != found_.end()) return known->second;
  DefinitionPtr result;
  size_t colons = name.find("::");
  std::string_view own = colons == name.npos ? name : name.substr(colons + 2);
  std::string_view of = colons == name.npos ? database_.name : colons == 0 ? "_system" : name.substr(0, colons);
  if (of == database_.name) {
    result = load(store_, database_, own);
  } else if (of == "_system") {
    if (auto system = store_.find_database("_system")) result = load(store_, *system, own);
  }
  return found_.emplace(std::string(name), std::move(result)).first->second;
}

}  // namespace workerdb::search
