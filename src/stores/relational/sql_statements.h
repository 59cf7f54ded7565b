#pragma once
// Private to this folder: statements of PostgreSQL's grammar by the name of their parse node.
#include <string_view>

#include "stores/relational/sql_analysis.h"

namespace workerdb::stores::relational {

struct StatementKind {
  std::string_view node;
  SqlEffect effect;
  std::string_view what;
  bool loses = false;  // data, whatever its fields say
};

// The kind of a node; kAdminister for one that the table does not name.
StatementKind kind_of_node(std::string_view node);

}  // namespace workerdb::stores::relational
