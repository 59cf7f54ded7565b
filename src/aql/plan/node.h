#pragma once
// A query as a chain of nodes: each takes rows from the one before it and gives rows to the one behind it. Plain data,
// dispatched by std::visit; rules rewrite it, execution reads it, explain prints it. Node names on the outside are
// those of the documentation ("EnumerateCollectionNode"), so that `explain` reads as users know it.
//
// Indexes and collections are named by id and by the name in the query; execution finds them in the store. Nothing here
// knows the store.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "aql/functions/registry.h"
#include "aql/semantics/analyze.h"
#include "aql/semantics/catalog_view.h"
#include "aql/syntax/statement.h"

namespace workerdb::aql::plan {

using semantics::CollectionInfo;
using semantics::IndexInfo;
using syntax::ExpressionPtr;
using syntax::VariableId;

struct Plan;

// The first node of every chain: one row without values (in a subquery: the outer row).
struct Singleton {};

// What a scan gives: the whole document in `variable`, or, when projections were pushed down, only these paths, each
// in a variable of its own. A path is attribute names from the outside in.
struct Projection {
  std::vector<std::string> path;
  VariableId variable;
};
struct ScanOutput {
  VariableId variable = syntax::kUnresolved;  // the loop variable
  bool produces_document = true;              // false: nobody needs the document itself
  std::vector<Projection> projections;        // used instead of the document
  ExpressionPtr filter;                       // evaluated inside the scan; may refer to `variable`'s attributes
  std::optional<VariableId> document_id;      // what a Materialize behind finds the document by
};

// FOR's OPTIONS, for the optimizer.
struct ScanHints {
  std::vector<std::string> index_hint;  // names in order of preference
  bool force_index_hint = false;        // 1577 where none of them can be used
  bool disable_index = false;           // wins over the hint
  size_t max_projections = 5;
  bool use_cache = true;
};

struct EnumerateCollection {
  std::shared_ptr<const CollectionInfo> collection;
  ScanOutput output;
  bool random = false;
  ScanHints hints;
};

// Index access: the union of one or more conditions (OR); rows that match several come once.
struct IndexCondition {
  // Values for a prefix of the index fields, compared with ==. An element may be an array that stands for IN: then
  // `in_position` says which one (each distinct member is looked up, in order).
  std::vector<ExpressionPtr> equal;
  std::optional<size_t> in_position;
  ExpressionPtr lower, upper;  // of the field behind the prefix; null: unbounded
  bool lower_inclusive = true, upper_inclusive = true;
  uint8_t edge_field = 0;                  // edge index: 0 _from, 1 _to; primary index: 0 _key, 1 _id
  std::shared_ptr<const IndexInfo> index;  // in an OR over several indexes; null: the scan's
};
struct IndexScan {
  std::shared_ptr<const CollectionInfo> collection;
  std::shared_ptr<const IndexInfo> index;
  std::vector<IndexCondition> conditions;
  bool backward = false;
  bool keeps_order = false;  // a sort was removed because of this index
  bool covers = false;       // index-only: the projections come from the index entry
  uint64_t limit = 0;        // 0: none; stop after so many matches (push-limit-into-index)
  ScanOutput output;
  ScanHints hints;

  const IndexInfo& index_of(const IndexCondition& condition) const {
    return condition.index ? *condition.index : *index;
  }
  // Then nothing comes in the order of an index, or from its entries alone.
  bool has_several_indexes() const {
    for (const IndexCondition& condition : conditions) {
      if (condition.index != nullptr && condition.index != index) return true;
    }
    return false;
  }
};

// What traversals and path searches walk over.
struct GraphScope {
  std::string graph;  // empty: only the edge collections are named
  syntax::Direction direction = syntax::Direction::kOutbound;
  struct Edges {
    std::shared_ptr<const CollectionInfo> collection;
    syntax::Direction direction;
  };
  std::vector<Edges> edges;
  std::vector<std::string> vertex_collections;  // a graph's
};

enum class TraversalOrder : uint8_t { kDepthFirst, kBreadthFirst, kWeighted };
enum class Uniqueness : uint8_t { kNone, kPath, kGlobal };
struct GraphOptions {
  TraversalOrder order = TraversalOrder::kDepthFirst;
  Uniqueness unique_vertices = Uniqueness::kNone, unique_edges = Uniqueness::kPath;
  std::vector<std::string> edge_collections, vertex_collections;  // restrictions; empty: none
  std::string weight_attribute;                                   // empty: none
  double default_weight = 1;
  uint64_t parallelism = 1, max_projections = 5;
  bool use_cache = true;
};

// How much of a vertex or an edge is read of what a traversal gives.
enum class ElementContent : uint8_t { kNothing, kIdentity, kDocument };  // kIdentity: _id and _key
// What is read of paths.
struct PathContent {
  ElementContent vertices = ElementContent::kDocument, edges = ElementContent::kDocument;
  bool weights = true;
};

// A condition on one element of a path, asked when the path grows by it: false, and no path with it is a result.
struct PathCondition {
  bool of_edges = false;
  std::optional<uint64_t> position;  // in p.vertices or p.edges; none: every element
  VariableId element;                // stands for the element in the condition
  ExpressionPtr condition;
};

// FOR vertex, edge, path IN least..largest DIRECTION start …
struct Traversal {
  GraphScope scope;
  uint64_t least_depth = 1, largest_depth = 1;
  ExpressionPtr start;
  GraphOptions options;
  VariableId vertex;
  std::optional<VariableId> edge, path;
  ExpressionPtr prune;  // may be null; may read vertex, edge and path
  std::optional<VariableId> prune_variable;
  std::vector<PathCondition> path_conditions;  // pushed by rules
  ExpressionPtr filter;  // asked for each result before its path is made; may read vertex and edge
  ElementContent vertex_content = ElementContent::kDocument, edge_content = ElementContent::kDocument;
  PathContent path_content;
};

// SHORTEST_PATH: a row for each vertex of the one path.
struct ShortestPath {
  GraphScope scope;
  ExpressionPtr start, end;
  GraphOptions options;
  VariableId vertex;
  std::optional<VariableId> edge;
  ElementContent vertex_content = ElementContent::kDocument, edge_content = ElementContent::kDocument;
};

// ALL_SHORTEST_PATHS, K_SHORTEST_PATHS and K_PATHS: a row for each path.
struct EnumeratePaths {
  syntax::PathKind kind;
  GraphScope scope;
  uint64_t least_length = 1, largest_length = 1;  // kKPaths only
  ExpressionPtr start, end;
  GraphOptions options;
  VariableId path;
  PathContent path_content;
};

// FOR document IN view SEARCH condition
struct EnumerateView {
  std::shared_ptr<const semantics::ViewInfo> view;
  VariableId variable;
  ExpressionPtr condition;               // null: every document
  std::vector<std::string> collections;  // only these of the view's; empty: all
  struct Score {
    VariableId variable;
    ExpressionPtr call;  // BM25(document, …) or TFIDF(document, …)
  };
  std::vector<Score> scores;              // that nodes behind ask for
  std::optional<VariableId> document_id;  // given instead of the document, for a Materialize behind
};

// Reads the documents of rows that a scan gave without them (ScanOutput::document_id), and what nodes behind want of
// them. One row for each row.
struct Materialize {
  std::shared_ptr<const CollectionInfo> collection;  // null: the id names it, as a view's does
  VariableId document_id;
  ScanOutput output;  // without a filter
  size_t max_projections = 5;
};

struct EnumerateList {
  ExpressionPtr list;  // an expression; a Range is walked without being built
  VariableId variable;
  std::optional<VariableId>
      pair_value;  // the list is ENTRIES(object), walked without being built: `variable` is the name
};

struct Filter {
  ExpressionPtr condition;
};

struct Calculation {
  ExpressionPtr expression;
  VariableId variable;
};

// Runs its plan once for each row and gives the array of its results. A plan that uses no outer variable and has no
// side effects runs once for all rows.
struct Subquery {
  std::unique_ptr<Plan> plan;
  VariableId variable;
  ExpressionPtr condition;  // lazy sides of ?:, && and ||: not truthy gives null, unrun; may be null
  bool is_constant = false;
  uint64_t needed_rows = 0;  // 0 all; 1 for exists-checks and FIRST()
};

struct SortKey {
  ExpressionPtr expression;
  bool ascending = true;
};
struct Sort {
  std::vector<SortKey> keys;
  uint64_t limit = 0;  // 0 none; else only the first so many are wanted (sort-limit heap)
};

struct Limit {
  uint64_t offset = 0, count = 0;
  bool full_count = false;  // goes on counting behind the limit
};

enum class CollectMethod : uint8_t { kHash, kSorted, kCount };
struct Collect {
  struct Group {
    VariableId variable;
    ExpressionPtr expression;
  };
  struct Aggregation {
    VariableId variable;
    const functions::Aggregate* aggregate;
    ExpressionPtr argument;  // null: COUNT() without one
  };
  std::vector<Group> groups;
  std::vector<Aggregation> aggregations;                 // WITH COUNT INTO n is LENGTH
  std::optional<VariableId> into;                        // array of objects or of into_projection's values
  std::vector<std::pair<std::string, VariableId>> kept;  // names and variables that INTO's objects hold
  ExpressionPtr into_projection;
  CollectMethod method = CollectMethod::kHash;
  bool disables_index = false;      // OPTIONS { disableIndex: true }
  bool is_distinct_return = false;  // RETURN DISTINCT: keeps the order of first appearance
};

// WINDOW: aggregates over neighbouring rows; rows come out in the order in which they came in (range: sorted).
struct Window {
  ExpressionPtr range_value;           // null: row-based
  ExpressionPtr preceding, following;  // constants: a number, "unbounded", or a duration
  std::vector<Collect::Aggregation> aggregations;
};

struct ModificationOptions {
  bool ignore_errors = false, keep_null = true, merge_objects = true, wait_for_sync = false, ignore_revs = true;
  bool exclusive = false, read_own_writes = true;
  std::string overwrite_mode = "conflict";  // insert: conflict, ignore, replace, update
  std::string version_attribute;
};
struct Insert {
  std::shared_ptr<const CollectionInfo> collection;
  ExpressionPtr document;
  std::optional<VariableId> old_variable, new_variable;
  ModificationOptions options;
};
struct Update {  // also REPLACE
  std::shared_ptr<const CollectionInfo> collection;
  bool replaces = false;
  ExpressionPtr key;  // null: the document carries its _key
  ExpressionPtr document;
  std::optional<VariableId> old_variable, new_variable;
  ModificationOptions options;
};
struct Remove {
  std::shared_ptr<const CollectionInfo> collection;
  ExpressionPtr key;  // a key, or an object with _key
  std::optional<VariableId> old_variable;
  ModificationOptions options;
};
// `search` is a subplan that finds the one document to change (an index or a scan with a filter and LIMIT 1); it may
// use outer variables. Its RETURN is the document.
struct Upsert {
  std::shared_ptr<const CollectionInfo> collection;
  std::unique_ptr<Plan> search;
  VariableId old_variable;  // always there: the update expression uses OLD
  std::optional<VariableId> new_variable;
  ExpressionPtr insert_document, update_document;
  bool replaces = false;
  ModificationOptions options;
};

struct Return {
  ExpressionPtr expression;
};
struct NoResults {};

struct Node {
  using Kind = std::variant<Singleton, EnumerateCollection, IndexScan, Traversal, ShortestPath, EnumeratePaths,
                            EnumerateView, Materialize, EnumerateList, Filter, Calculation, Subquery, Sort, Limit,
                            Collect, Window, Insert, Update, Remove, Upsert, Return, NoResults>;
  uint32_t id = 0;  // unique in the whole plan; explain shows it
  Kind kind;
  double estimated_cost = 0;
  double estimated_rows = 0;

  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&kind);
  }
  template <typename T>
  T* get_if() {
    return std::get_if<T>(&kind);
  }
};
using NodePtr = std::unique_ptr<Node>;

struct Variable {
  std::string name;  // as in the query, or a number for ones that the planner made
  bool is_internal = false;
};

// A chain from its Singleton to its last node (a Return, a modification or NoResults). Variables are numbered over the
// whole query; `variables` of the outermost plan names them all, those of subplans are empty.
struct Plan {
  std::vector<NodePtr> nodes;
  std::vector<Variable> variables;
  std::vector<std::string> applied_rules;
  std::vector<std::string> read_collections, written_collections;
  std::vector<std::string> graphs;                  // whose definitions the plan was made of
  std::vector<semantics::ParameterUse> parameters;  // of the outermost plan; constants carry their numbers
  bool depends_on_values = false;  // of the outermost plan: it holds only for these values of the parameters
  bool modifies() const { return !written_collections.empty(); }
};

std::unique_ptr<Plan> clone(const Plan& plan);
// The documentation's name of a node: "EnumerateCollectionNode".
const char* node_name(const Node& node);
// Every variable that an expression, or a node's expressions and subplans, reads; appended without repetition.
void collect_used_variables(const syntax::Expression& expression, std::vector<VariableId>& to);
void collect_used_variables(const Node& node, std::vector<VariableId>& to);
// The variables that a node sets.
std::vector<VariableId> set_variables(const Node& node);

}  // namespace workerdb::aql::plan
