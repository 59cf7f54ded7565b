#include "catalog/document_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "value/order.h"

namespace workerdb::catalog {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::documents::CollectionDescription;
using stores::documents::DocumentDatabase;
using stores::documents::DocumentStore;

namespace {

Step step_of(StepKind kind, const std::string& database, const std::string& object, std::string text) {
  return {
      .store = StoreKind::kDocuments, .kind = kind, .database = database, .object = object, .text = std::move(text)};
}

std::string_view name_of_type(stores::documents::CollectionType type) {
  return type == stores::documents::CollectionType::kEdge ? "edge" : "document";
}

// True when the live index does what the declaration asks for: every declared option has its value, where an
// option that the live index does not mention counts as false.
bool is_same_index(value::Slice declared, value::Slice live) {
  for (value::ObjectIterator option(declared); option.valid(); option.next()) {
    value::Slice found = live.get(option.name());
    if (found.is_none() && option.value().is_bool() && !option.value().is_true()) continue;
    if (!value::equal(option.value(), found)) return false;
  }
  return true;
}

// A store may add attributes of its own ("type": "json").
bool is_same_schema(value::Slice declared, value::Slice live) {
  for (std::string_view name : {"rule", "level", "message"}) {
    if (!value::equal(declared.get(name), live.get(name))) return false;
  }
  return declared.is_null() == live.is_null();
}

const value::Buffer* find_index(const std::vector<value::Buffer>& indexes, std::string_view name) {
  for (const value::Buffer& index : indexes) {
    value::Slice found = index.slice().get("name");
    if (found.is_string() && found.as_string() == name) return &index;
  }
  return nullptr;
}

std::string fields_text(value::Slice definition) {
  std::string text;
  for (value::ArrayIterator field(definition.get("fields")); field.valid(); field.next()) {
    if (!text.empty()) text += ", ";
    text += field.value().as_string();
  }
  return text;
}

void plan_index(const std::string& database, const CollectionDeclaration& collection, const IndexDeclaration& index,
                const std::vector<value::Buffer>& live_indexes, Plan& plan) {
  const value::Buffer* live = find_index(live_indexes, index.name);
  auto add = [&](StepKind kind, std::string text) {
    Step step = step_of(kind, database, collection.name, std::move(text));
    step.index = index.name;
    plan.steps.push_back(std::move(step));
  };
  if (index.presence == Presence::kAbsent) {
    if (live != nullptr) add(StepKind::kDropIndex, fmt::format("drop index '{}' of '{}'", index.name, collection.name));
    return;
  }
  value::Slice wanted = index.definition.slice();
  std::string what = fmt::format("{} index '{}' of '{}' on {}", wanted.get("type").as_string(), index.name,
                                 collection.name, fields_text(wanted));
  if (live == nullptr) return add(StepKind::kCreateIndex, "create " + what);
  if (!is_same_index(wanted, live->slice())) add(StepKind::kReplaceIndex, "replace " + what);
}

Result<> plan_live_collection(DocumentDatabase& database, const CollectionDeclaration& declared,
                              const CollectionDescription& live, Plan& plan) {
  if (declared.type != live.type) {
    return Error(ErrorCode::kIllegalState,
                 fmt::format("collection '{}' of database '{}' is of type {}, the catalog says {}; the type of a "
                             "collection cannot change: declare another name, or 'state: absent' first",
                             declared.name, database.name(), name_of_type(live.type), name_of_type(declared.type)));
  }
  if (!is_same_schema(declared.schema.slice(), live.schema.slice())) {
    plan.steps.push_back(step_of(StepKind::kSetSchema, database.name(), declared.name,
                                 fmt::format("set the schema of '{}'", declared.name)));
  }
  std::vector<value::Buffer> indexes = TRY(database.indexes(declared.name));
  for (const IndexDeclaration& index : declared.indexes) plan_index(database.name(), declared, index, indexes, plan);
  for (const value::Buffer& index : indexes) {
    value::Slice name = index.slice().get("name");
    value::Slice type = index.slice().get("type");
    bool is_builtin = type.is_string() && (type.as_string() == "primary" || type.as_string() == "edge");
    if (is_builtin || !name.is_string() || find_named(declared.indexes, name.as_string()) != nullptr) continue;
    plan.notes.push_back(fmt::format("documents {}: index '{}' of '{}' is not in the catalog", database.name(),
                                     name.as_string(), declared.name));
  }
  return {};
}

void plan_new_collection(const std::string& database, const CollectionDeclaration& collection, Plan& plan) {
  plan.steps.push_back(
      step_of(StepKind::kCreateCollection, database, collection.name,
              fmt::format("create {} collection '{}'", name_of_type(collection.type), collection.name)));
  for (const IndexDeclaration& index : collection.indexes) plan_index(database, collection, index, {}, plan);
}

Result<> plan_drop(DocumentDatabase& database, const CollectionDeclaration& collection, Plan& plan) {
  uint64_t count = TRY(database.count(collection.name));
  Step step = step_of(StepKind::kDropCollection, database.name(), collection.name,
                      fmt::format("drop collection '{}'", collection.name));
  step.destroys = fmt::format("collection '{}' with {} documents", collection.name, count);
  plan.steps.push_back(std::move(step));
  return {};
}

Result<> plan_live_database(const Catalog& catalog, const DocumentDatabaseDeclaration& declared, DocumentStore& store,
                            Plan& plan) {
  std::shared_ptr<DocumentDatabase> database = TRY(store.open(declared.name));
  std::vector<CollectionDescription> live = TRY(database->collections());
  for (const std::string& name : declared.collections) {
    const CollectionDeclaration& collection = *find_named(catalog.collections, name);
    const CollectionDescription* found = find_named(live, name);
    if (collection.presence == Presence::kAbsent) {
      if (found != nullptr) TRY(plan_drop(*database, collection, plan));
    } else if (found == nullptr) {
      plan_new_collection(declared.name, collection, plan);
    } else {
      TRY(plan_live_collection(*database, collection, *found, plan));
    }
  }
  for (const CollectionDescription& collection : live) {
    if (collection.is_system || std::ranges::count(declared.collections, collection.name) > 0) continue;
    plan.notes.push_back(
        fmt::format("documents {}: collection '{}' is not in the catalog", declared.name, collection.name));
  }
  return {};
}

}  // namespace

Result<> plan_documents(const Catalog& catalog, DocumentStore& store, Plan& plan) {
  std::vector<std::string> live = TRY(store.databases());
  for (const DocumentDatabaseDeclaration& declared : catalog.document_databases) {
    bool exists = std::ranges::find(live, declared.name) != live.end();
    if (!exists) {
      plan.steps.push_back(step_of(StepKind::kCreateDatabase, declared.name, "", "create the database"));
    }
    std::optional<EnvironmentClass> environment;
    if (exists) environment = TRY(environment_of(store, declared.name));
    if (environment != declared.environment) {
      Step step = step_of(StepKind::kSetEnvironment, declared.name, "",
                          fmt::format("set the environment class to {}", name_of(declared.environment)));
      if (environment == EnvironmentClass::kProduction) step.destroys = "the protection of a production database";
      plan.steps.push_back(std::move(step));
    }
    if (exists) {
      TRY(plan_live_database(catalog, declared, store, plan));
      continue;
    }
    for (const std::string& name : declared.collections) {
      const CollectionDeclaration& collection = *find_named(catalog.collections, name);
      if (collection.presence == Presence::kPresent) plan_new_collection(declared.name, collection, plan);
    }
  }
  return {};
}

namespace {

Result<> ignore(Result<> outcome, ErrorCode harmless) {
  if (!outcome && outcome.error().code() == harmless) return {};
  return outcome;
}

Result<> run_collection_step(const CollectionDeclaration& collection, DocumentDatabase& database, const Step& step) {
  switch (step.kind) {
    case StepKind::kCreateCollection:
      return ignore(
          database.create_collection({.name = collection.name, .type = collection.type, .schema = collection.schema}),
          ErrorCode::kDuplicateName);
    case StepKind::kSetSchema: return database.set_schema(collection.name, collection.schema.slice());
    case StepKind::kDropCollection:
      return ignore(database.drop_collection(collection.name), ErrorCode::kCollectionNotFound);
    default: break;
  }
  const IndexDeclaration* index = find_named(collection.indexes, step.index);
  if (index == nullptr) return Error(ErrorCode::kInternal, "a step names an unknown index");
  if (step.kind != StepKind::kCreateIndex) {
    TRY(ignore(database.drop_index(collection.name, index->name), ErrorCode::kIndexNotFound));
  }
  if (step.kind != StepKind::kDropIndex) TRY(database.ensure_index(collection.name, index->definition.slice()));
  return {};
}

}  // namespace

Result<> run_document_step(const Catalog& catalog, DocumentStore& store, const Step& step) {
  if (step.kind == StepKind::kCreateDatabase) {
    return ignore(store.create_database(step.database), ErrorCode::kDuplicateName);
  }
  if (step.kind == StepKind::kSetEnvironment) {
    const auto* declared = find_named(catalog.document_databases, step.database);
    return store.set_environment_class(step.database, name_of(declared->environment));
  }
  std::shared_ptr<DocumentDatabase> database = TRY(store.open(step.database));
  return run_collection_step(*find_named(catalog.collections, step.object), *database, step);
}

}  // namespace workerdb::catalog
