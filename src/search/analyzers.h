#pragma once
// The analyzers of a database: the built-in ones and those that its collection _analyzers describes.
#include <map>
#include <string>
#include <string_view>

#include "search/analysis/definition.h"
#include "storage/store.h"

namespace workerdb::search {

constexpr std::string_view kAnalyzersCollection = "_analyzers";

// As committed when each is asked for first. For one thread; borrows the store and the database.
class Analyzers {
 public:
  Analyzers(const storage::Store& store, const storage::Database& database) : store_(store), database_(database) {}

  // By name, or with its database in front ("_system::name", "::name" for _system's): that of another database than
  // this one and _system is not found. Null if there is none, also where its definition cannot be read.
  analysis::DefinitionPtr find(std::string_view name);

 private:
  const storage::Store& store_;
  const storage::Database& database_;
  std::map<std::string, analysis::DefinitionPtr, std::less<>> found_;
};

}  // namespace workerdb::search
