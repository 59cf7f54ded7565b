#pragma once
// What a query's compilation asks about collections and indexes. The engine implements it over the store; tests
// implement it over a list.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::aql::semantics {

struct IndexInfo {
  uint64_t id = 0;
  std::string name;
  std::string type;  // "primary", "edge", "persistent", "ttl"
  struct Field {
    std::vector<std::string> path;         // attribute names from the outside in
    bool expanded = false;                 // ends in [*]: the entries are the array's members
    std::vector<std::string> member_path;  // what follows the [*]
  };
  std::vector<Field> fields;
  std::vector<std::vector<std::string>> stored_values;
  bool unique = false, sparse = false;
  double selectivity = 1.0;  // distinct keys per entry, 0-1
};

struct CollectionInfo {
  uint64_t id = 0;
  std::string name;
  bool is_edge = false;
  uint64_t document_count = 0;
  std::vector<std::shared_ptr<const IndexInfo>> indexes;
};

// A named graph, as the collection _graphs describes it.
struct GraphInfo {
  std::string name;
  std::string revision;  // changes with the definition
  struct EdgeDefinition {
    std::string collection;
    std::vector<std::string> from, to;
  };
  std::vector<EdgeDefinition> edge_definitions;
  std::vector<std::string> orphan_collections;
};

// A view that SEARCH works on.
struct ViewInfo {
  uint64_t id = 0;
  std::string name;
  std::vector<std::string> collections;  // that it is linked to
  uint64_t document_count = 0;           // of all of them
};

class CatalogView {
 public:
  virtual ~CatalogView() = default;
  // Null if there is none.
  virtual std::shared_ptr<const ViewInfo> find_view(std::string_view) const { return nullptr; }
  // Null if there is none.
  virtual std::shared_ptr<const GraphInfo> find_graph(std::string_view) const { return nullptr; }
  // Null if there is none.
  virtual std::shared_ptr<const CollectionInfo> find_collection(std::string_view name) const = 0;
};

}  // namespace workerdb::aql::semantics
