// A database's analyzers: documents of the collection _analyzers, whose keys are their names.
#include "search/analyzers.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core.h"
#include "engine/database.h"
#include "search/view.h"
#include "value/order.h"

namespace workerdb::engine {

using search::analysis::Definition;
using search::analysis::DefinitionPtr;

namespace {

bool is_built_in(const Definition& definition) {
  return search::analysis::built_in_definition(definition.name) != nullptr;
}

// Users see the names with their database, built-in ones without.
Buffer described(const Definition& definition, const std::string& database) {
  Builder to;
  search::analysis::append_definition(definition, is_built_in(definition) ? "" : database + "::", to);
  return to.take();
}

// "name" of "database::name"; empty for one of another database.
std::string_view own_name(std::string_view name, const std::string& database) {
  size_t colons = name.find("::");
  if (colons == name.npos) return name;
  bool is_own = name.substr(0, colons) == database || (colons == 0 && database == "_system");
  return is_own ? name.substr(colons + 2) : std::string_view();
}

bool is_same(const Definition& left, const Definition& right) {
  return left.type == right.type && value::equal(left.properties.slice(), right.properties.slice()) &&
         left.features.frequency == right.features.frequency && left.features.norm == right.features.norm &&
         left.features.position == right.features.position && left.features.offset == right.features.offset;
}

Error missing(std::string_view name) {
  return Error(ErrorCode::kDocumentNotFound, fmt::format("there is no analyzer '{}'", name));
}

}  // namespace

Result<Buffer> Database::analyzer(std::string_view name) const {
  auto found = search::Analyzers(*core_->store, *database_).find(name);
  if (found == nullptr) return missing(name);
  return described(*found, own_name(name, database_->name).empty() ? "_system" : database_->name);
}

Buffer Database::analyzers() const {
  Builder to;
  to.open_array();
  for (const auto& built_in : search::analysis::built_in_definitions()) to.slice(described(*built_in, "").slice());
  auto collection = core_->store->find_collection(*database_, search::kAnalyzersCollection);
  auto transaction = core_->store->begin({.read_only = true});
  auto scan =
      collection != nullptr ? transaction->scan(*collection) : Result<std::unique_ptr<storage::CollectionScan>>();
  if (collection != nullptr && scan) {
    for (auto more = (*scan)->next(); more && *more; more = (*scan)->next()) {
      auto definition = search::analysis::parse_definition((*scan)->document());
      if (definition) to.slice(described(**definition, database_->name).slice());
    }
  }
  to.close();
  return to.take();
}

Result<Database::EnsuredAnalyzer> Database::ensure_analyzer(Slice given) {
  std::string_view full = given.get("name").is_string() ? given.get("name").as_string() : "";
  std::string name(own_name(full, database_->name));
  Builder own;
  own.open_object();
  own.add("name", name);
  for (const char* attribute : {"type", "properties", "features"}) {
    if (!given.get(attribute).is_none()) own.add(attribute, given.get(attribute));
  }
  own.close();
  auto definition = TRY(search::analysis::parse_definition(own.slice()));
  if (auto known = search::Analyzers(*core_->store, *database_).find(name)) {
    if (is_same(*known, *definition)) return EnsuredAnalyzer{described(*known, database_->name), false};
    return Error(ErrorCode::kBadParameter, fmt::format("analyzer: '{}' exists with another definition", name));
  }
  auto collection = this->collection(search::kAnalyzersCollection);
  if (!collection) collection = create_collection(search::kAnalyzersCollection, {.is_system = true});
  if (!collection) collection = this->collection(search::kAnalyzersCollection);  // another thread made it first
  if (!collection) return std::move(collection).error();
  Builder document;
  search::analysis::append_definition(*definition, "", document);
  Builder keyed;
  keyed.open_object();
  keyed.add("_key", name);
  for (value::ObjectIterator attribute(document.slice()); attribute.valid(); attribute.next()) {
    keyed.add(attribute.name(), attribute.value());
  }
  keyed.close();
  TRY(collection->insert(keyed.slice()));
  core_->results.clear(*database_);  // they do not know which analyzers they were made with
  return EnsuredAnalyzer{described(*definition, database_->name), true};
}

Result<> Database::drop_analyzer(std::string_view full_name, bool force) {
  std::string name(own_name(full_name, database_->name));
  if (search::analysis::built_in_definition(name) != nullptr) {
    return Error(ErrorCode::kForbidden, fmt::format("the analyzer '{}' is built in", name));
  }
  auto found = search::Analyzers(*core_->store, *database_).find(name);
  if (name.empty() || found == nullptr) return missing(full_name);
  for (const auto& view : core_->store->views(*database_)) {
    if (!force && search::uses_analyzer(view->properties.slice(), name)) {
      return Error(ErrorCode::kConflict, fmt::format("the analyzer '{}' is used by the view '{}'", name, view->name));
    }
  }
  auto removed = TRY(collection(search::kAnalyzersCollection)).remove(name);
  if (!removed) return std::move(removed).error();
  core_->results.clear(*database_);
  return {};
}

}  // namespace workerdb::engine
