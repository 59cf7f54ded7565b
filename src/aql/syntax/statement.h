#pragma once
// Statements as plain data, in the order in which a query writes them. The parser makes them; semantics resolves
// names in place; plan building consumes them.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aql/syntax/expression.h"
#include "base/result.h"

namespace workerdb::aql::syntax {

// Text beyond this is refused; positions are 32 bits wide.
constexpr size_t kMaxTextBytes = size_t(64) << 20;
// Levels of expressions, accesses and subqueries inside one another (1524 beyond).
constexpr uint32_t kMaxNesting = 500;

// A variable that a statement declares.
struct Declaration {
  std::string name;
  Position position;
  VariableId variable = kUnresolved;
  bool is_quoted = false;  // `name`: any characters
};

// What FOR and LET assign to: one variable, or a pattern that takes an array or an object apart.
struct Target {
  enum class Kind : uint8_t { kSkip, kVariable, kArray, kObject };
  Kind kind = Kind::kSkip;
  Declaration declaration;              // kVariable
  std::vector<Target> parts;            // kArray: by position, kSkip where a comma stands alone; kObject
  std::vector<std::string> attributes;  // kObject: the attribute that each part takes
};

// The collection of a data-modification or of WITH. `name` is the parameter's until semantics has replaced it.
struct CollectionName {
  std::string name;
  Position position;
  bool is_parameter = false;
};

struct For {
  Target target;
  ExpressionPtr source;   // semantics makes a CollectionReference of a collection's name
  ExpressionPtr options;  // here and below: an object or null
  ExpressionPtr search;   // SEARCH, of views alone; may be null
  bool is_view = false;   // the source is a view's name; set by semantics
};
// What a traversal or a path search walks over. Semantics puts the graph's edge collections into `edges` and the name
// into `graph`, which is a Constant then.
enum class Direction : uint8_t { kOutbound, kInbound, kAny };
struct GraphSource {
  struct EdgeCollection {
    CollectionName name;
    std::optional<Direction> direction;  // none: the one of the whole clause
  };
  Direction direction = Direction::kOutbound;
  std::vector<EdgeCollection> edges;            // empty where there is a graph
  ExpressionPtr graph;                          // null: the collections make the graph
  std::vector<std::string> vertex_collections;  // a graph's, filled by semantics
};
// FOR vertex, edge, path IN depth DIRECTION start …
struct Traverse {
  Declaration vertex;
  std::optional<Declaration> edge, path;
  ExpressionPtr depth;  // a number or a Range; null: 1
  ExpressionPtr start;
  GraphSource source;
  ExpressionPtr prune;  // may be null
  std::optional<Declaration> prune_variable;
  ExpressionPtr options;
};
enum class PathKind : uint8_t { kShortestPath, kAllShortestPaths, kKShortestPaths, kKPaths };
// FOR vertex, edge IN DIRECTION SHORTEST_PATH start TO end …; FOR path IN … for the other kinds
struct FindPaths {
  PathKind kind = PathKind::kShortestPath;
  Declaration first;                // the vertex or the path
  std::optional<Declaration> edge;  // kShortestPath only
  ExpressionPtr depth;              // kKPaths only; may be null
  ExpressionPtr start, end;
  GraphSource source;
  ExpressionPtr options;
};
struct Filter {
  ExpressionPtr condition;
};
struct Let {
  Target target;
  ExpressionPtr value;
};
struct Sort {
  struct Key {
    ExpressionPtr expression;
    bool ascending = true;
  };
  std::vector<Key> keys;
};
struct Limit {
  ExpressionPtr offset, count;  // offset may be null
};
struct Assignment {
  Declaration declaration;
  ExpressionPtr expression;
};
struct Collect {
  std::vector<Assignment> groups;
  std::vector<Assignment> aggregations;   // each a FunctionCall
  bool has_into = false, counts = false;  // counts: WITH COUNT INTO into
  Declaration into;
  ExpressionPtr into_projection;
  bool has_keep = false;
  std::vector<Declaration> keep;  // references, not declarations; without KEEP filled by semantics
  ExpressionPtr options;
};
struct Window {
  ExpressionPtr range_value;  // null: row-based
  ExpressionPtr bounds;       // the object with preceding and following
  std::vector<Assignment> aggregations;
};
struct Return {
  bool is_distinct = false;
  ExpressionPtr expression;
};
struct Insert {
  ExpressionPtr document;
  CollectionName collection;
  ExpressionPtr options;
  VariableId old_variable = kUnresolved, new_variable = kUnresolved;
};
struct Update {
  bool replaces = false;
  ExpressionPtr key;  // null: the document carries its _key
  ExpressionPtr document;
  CollectionName collection;
  ExpressionPtr options;
  VariableId old_variable = kUnresolved, new_variable = kUnresolved;
};
struct Remove {
  ExpressionPtr key;
  CollectionName collection;
  ExpressionPtr options;
  VariableId old_variable = kUnresolved;
};
struct Upsert {
  ExpressionPtr example, filter;     // one of them
  VariableId current = kUnresolved;  // the document that the filter looks at
  ExpressionPtr insert_document, update_document;
  bool replaces = false;
  CollectionName collection;
  ExpressionPtr options;
  VariableId old_variable = kUnresolved, new_variable = kUnresolved;
};
struct With {
  std::vector<CollectionName> collections;
};

struct Statement {
  using Node = std::variant<For, Traverse, FindPaths, Filter, Let, Sort, Limit, Collect, Window, Return, Insert, Update,
                            Remove, Upsert, With>;
  Node node;
  Position position;
};

struct Query {
  std::vector<Statement> statements;
};

// Errors: kQueryParse with what was unexpected, near which text and where; kQueryEmpty; kQueryTooMuchNesting;
// kQueryNumberOutOfRange for a literal. Thread-safe.
// Source of the grammar: the 3.12 documentation, "AQL syntax" and "Operators".
base::Result<std::unique_ptr<Query>> parse(std::string_view text);

// AQL that parses to the same tree: one line, names quoted where they must be.
std::string to_string(const Query& query);
std::string to_string(const Statement& statement);
std::string to_string(const Expression& expression);
std::string to_string(const Target& target);
// The name, in backticks where it is no plain identifier.
std::string quoted_name(std::string_view name);
const char* direction_text(Direction direction);
const char* path_kind_text(PathKind kind);
// "==", "NOT IN" …
const char* operator_text(BinaryOperator op);

std::unique_ptr<Query> clone(const Query& query);

}  // namespace workerdb::aql::syntax
