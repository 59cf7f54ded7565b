#pragma once
// The difference between live stores and a catalog, as steps that apply.h runs.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/model.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/document_store.h"
#include "stores/relational/relational_store.h"
#include "value/builder.h"

namespace workerdb::catalog {

// The stores that a plan is about; a null one is left out. Borrowed. The relational store connects as a
// superuser (or as a role that may create databases and roles) and its options name the maintenance database.
struct LiveStores {
  stores::documents::DocumentStore* documents = nullptr;
  stores::relational::RelationalStore* relational = nullptr;
  stores::cache::CacheStore* cache = nullptr;
};

// Passwords by role and by cache user; the caller read them from files. A role that exists keeps its password
// when none is given; one that is to be created needs one.
struct Passwords {
  std::map<std::string, std::string> relational_roles;
  std::map<std::string, std::string> cache_users;
};

enum class StoreKind { kRelational, kDocuments, kCache };
std::string_view name_of(StoreKind store);

enum class StepKind {
  kCreateRole,
  kAlterRole,
  kCreateDatabase,
  kCreateRecords,  // PostgreSQL: the tables of stored_names.h
  kSetEnvironment,
  kGrantPrivileges,
  kRunMigration,
  kCreateCollection,
  kSetSchema,
  kDropCollection,
  kCreateIndex,
  kReplaceIndex,
  kDropIndex,
  kSetUser,
  kPublishKeySpaces,
};

// One change. Which declaration it carries out is found by its names, so a step is plain data.
struct Step {
  StoreKind store = StoreKind::kDocuments;
  StepKind kind = StepKind::kCreateDatabase;
  std::string database;  // empty for roles and cache users
  std::string object;    // role, collection, cache user; for a migration its file
  std::string index;     // index steps only
  int version = 0;       // kRunMigration only
  std::string text;      // "create collection 'schedules'"
  // What it destroys, for a person; empty when it destroys nothing.
  std::string destroys;

  bool is_destructive() const { return !destroys.empty(); }
};

struct Plan {
  std::vector<Step> steps;
  // What differs and is left alone on purpose: collections that the catalog does not name, and the like.
  std::vector<std::string> notes;

  bool is_empty() const { return steps.empty(); }
};

// Compares; changes nothing. Fails with kIllegalState, a line for each reason, when no step can remove a
// difference: an edited migration, a collection of the other type, a password that is needed and missing.
base::Result<Plan> make_plan(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords);

// "+ documents flowmaster: create collection 'schedules'", one line a step ("!" marks a destructive one),
// then notes; empty when nothing differs.
std::string plan_text(const Plan& plan);
// {"steps": [{"store", "database", "action", "text", "destructive", "destroys"}], "notes": [...]}
value::Buffer plan_json(const Plan& plan);

}  // namespace workerdb::catalog
