#pragma once
// What a query's text names, for POST /_api/query. Private to this folder.
#include <set>
#include <string>

#include "aql/syntax/statement.h"

namespace workerdb::engine {

struct QueryNames {
  std::set<std::string> collections;
  std::set<std::string> parameters;  // "x" for @x, "@x" for @@x
};

// Works without bind values and without the collections being there.
QueryNames names_of(const aql::syntax::Query& query);

}  // namespace workerdb::engine
