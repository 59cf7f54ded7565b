#pragma once
// Plans for people and programs. Source of the shapes: the 3.12 documentation, "Explaining queries".
#include <string>

#include "aql/plan/node.h"
#include "value/builder.h"

namespace workerdb::aql::plan {

// Writes the value of `plan` in the answer of /_api/explain: an object with nodes, rules, collections, variables,
// estimatedCost, estimatedNrItems and isModificationQuery. A subquery's nodes hang on its SubqueryNode.
void append_explain(const Plan& plan, value::Builder& builder);

// One line a node (id, type, estimated rows, the piece of AQL), then the indexes and the rules:
//   Execution plan:
//    Id   NodeType                    Est.   Comment
//     1   SingletonNode                  1   * ROOT
//     2   EnumerateCollectionNode       10     - FOR u IN users   /* full collection scan */
std::string explain_text(const Plan& plan);

// "dfs", "bfs", "weighted"; "none", "path", "global".
const char* order_text(TraversalOrder order);
const char* uniqueness_text(Uniqueness uniqueness);
// The AQL that a node stands for, without notes: "FILTER u.age > 18".
std::string node_text(const Plan& root, const Node& node);
// What an index scan looks for: "u.age == 1 && u.name > \"a\""; "*" for all.
std::string index_condition_text(const Plan& root, const IndexScan& scan);

}  // namespace workerdb::aql::plan
