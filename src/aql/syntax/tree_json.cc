#include "aql/syntax/tree_json.h"

#include <utility>

#include "aql/syntax/tree_writer.h"

namespace workerdb::aql::syntax {
namespace {

using value::Builder;

class QueryWriter : public TreeWriter {
 public:
  using TreeWriter::TreeWriter;

  void block(const Query& query) override {
    size_t outer = std::exchange(block_start_, bindings_.size());
    open("root");
    nodes([&] {
      for (const Statement& statement : query.statements) {
        std::visit([this](const auto& node) { put(node); }, statement.node);
      }
    });
    to_.close();
    bindings_.resize(std::exchange(block_start_, outer));
  }

 private:
  using TreeWriter::put;

  void declaration(const Declaration& given) { variable(given.name, declare(given.name, given.variable)); }
  void target(const Target& given) {
    if (given.kind == Target::Kind::kVariable) return declaration(given.declaration);
    if (given.kind == Target::Kind::kSkip) return nothing();
    bool is_object = given.kind == Target::Kind::kObject;
    open(is_object ? "object destructuring" : "array destructuring");
    nodes([&] {
      for (size_t i = 0; i < given.parts.size(); ++i) {
        if (!is_object) {
          target(given.parts[i]);
          continue;
        }
        open("destructuring");
        to_.add("name", given.attributes[i]);
        nodes([&] { target(given.parts[i]); });
        to_.close();
      }
    });
    to_.close();
  }
  void collection(const CollectionName& given) {
    open(given.is_parameter ? "datasource parameter" : "collection");
    to_.add("name", given.is_parameter ? "@" + given.name : given.name);
    to_.close();
  }
  void put(const For& node) {
    open(node.search ? "for view" : "for");
    nodes([&] {
      size_t before = bindings_.size();
      target(node.target);  // it comes first, but the source does not see it
      std::vector<Binding> own(bindings_.begin() + ptrdiff_t(before), bindings_.end());
      bindings_.resize(before);
      operand(node.source);
      bindings_.insert(bindings_.end(), own.begin(), own.end());
      if (node.search) operand(node.search);
      operand(node.options);
    });
    to_.close();
  }
  void put(const GraphSource& node) {
    open("graph");
    to_.add("direction", direction_text(node.direction));
    nodes([&] {
      if (node.graph) operand(node.graph);
      for (const auto& edges : node.edges) collection(edges.name);
    });
    to_.close();
  }
  void put(const Traverse& node) {
    open("traversal");
    nodes([&] {
      operand(node.depth);
      operand(node.start);
      put(node.source);
      declaration(node.vertex);
      if (node.edge) declaration(*node.edge);
      if (node.path) declaration(*node.path);
      operand(node.prune);
      if (node.prune_variable) declaration(*node.prune_variable);
      operand(node.options);
    });
    to_.close();
  }
  void put(const FindPaths& node) {
    open(node.kind == PathKind::kShortestPath ? "shortest path" : "enumerate paths");
    to_.add("kind", path_kind_text(node.kind));
    nodes([&] {
      operand(node.depth);
      operand(node.start);
      operand(node.end);
      put(node.source);
      declaration(node.first);
      if (node.edge) declaration(*node.edge);
      operand(node.options);
    });
    to_.close();
  }
  void put(const Filter& node) { simple("filter", node.condition); }
  void put(const Let& node) {
    open("let");
    nodes([&] {
      size_t before = bindings_.size();
      target(node.target);
      std::vector<Binding> own(bindings_.begin() + ptrdiff_t(before), bindings_.end());
      bindings_.resize(before);
      operand(node.value);
      bindings_.insert(bindings_.end(), own.begin(), own.end());
    });
    to_.close();
  }
  void put(const Sort& node) {
    open("sort");
    nodes([&] {
      open("array");
      nodes([&] {
        for (const Sort::Key& key : node.keys) {
          open("sort element");
          to_.add("ascending", key.ascending);
          nodes([&] { operand(key.expression); });
          to_.close();
        }
      });
      to_.close();
    });
    to_.close();
  }
  void put(const Limit& node) {
    open("limit");
    nodes([&] {
      if (node.offset) {
        operand(node.offset);
      } else {
        Builder zero;
        zero.integer(0);
        put(Constant{zero.take()});
      }
      operand(node.count);
    });
    to_.close();
  }
  void assignments(const char* type, const std::vector<Assignment>& list, std::vector<Binding>& own) {
    open(type);
    nodes([&] {
      for (const Assignment& item : list) {
        open("assign");
        nodes([&] {
          declaration(item.declaration);
          own.push_back(bindings_.back());
          bindings_.pop_back();
          operand(item.expression);
        });
        to_.close();
      }
    });
    to_.close();
  }
  void put(const Collect& node) {
    open(node.counts ? "collect count" : "collect");
    std::vector<Binding> own;
    nodes([&] {
      operand(node.options);
      assignments("array", node.groups, own);
      assignments("aggregations", node.aggregations, own);
      if (node.has_into) {
        declaration(node.into);
        own.push_back(bindings_.back());
        bindings_.pop_back();
      } else {
        nothing();
      }
      operand(node.into_projection);
      open("array");
      nodes([&] {
        for (const Declaration& kept : node.keep) put(Reference{kept.name, kUnresolved});
      });
      to_.close();
    });
    to_.close();
    bindings_.resize(block_start_);
    bindings_.insert(bindings_.end(), own.begin(), own.end());
  }
  void put(const Window& node) {
    open("window");
    std::vector<Binding> own;
    nodes([&] {
      operand(node.bounds);
      operand(node.range_value);
      assignments("aggregations", node.aggregations, own);
    });
    to_.close();
    bindings_.insert(bindings_.end(), own.begin(), own.end());
  }
  void put(const Return& node) {
    open("return");
    nodes([&] {
      if (node.is_distinct) return simple("distinct", node.expression);
      operand(node.expression);
    });
    to_.close();
  }
  void put(const Insert& node) {
    open("insert");
    nodes([&] {
      operand(node.options);
      collection(node.collection);
      operand(node.document);
      pseudo("NEW", node.new_variable);
      pseudo("OLD", node.old_variable);
    });
    to_.close();
  }
  void put(const Update& node) {
    open(node.replaces ? "replace" : "update");
    nodes([&] {
      operand(node.options);
      collection(node.collection);
      operand(node.document);
      operand(node.key);
      pseudo("OLD", node.old_variable);
      pseudo("NEW", node.new_variable);
    });
    to_.close();
  }
  void put(const Remove& node) {
    open("remove");
    nodes([&] {
      operand(node.options);
      collection(node.collection);
      operand(node.key);
      pseudo("OLD", node.old_variable);
    });
    to_.close();
  }
  void put(const Upsert& node) {
    open("upsert");
    to_.add("isReplace", node.replaces);
    nodes([&] {
      operand(node.options);
      collection(node.collection);
      size_t visible = bindings_.size();
      pseudo("CURRENT", node.current);
      operand(node.filter ? node.filter : node.example);
      bindings_.resize(visible);
      operand(node.insert_document);
      pseudo("OLD", node.old_variable);
      operand(node.update_document);
      pseudo("NEW", node.new_variable);
    });
    to_.close();
  }
  void put(const With& node) {
    open("with");
    nodes([&] {
      for (const CollectionName& name : node.collections) collection(name);
    });
    to_.close();
  }

  size_t block_start_ = 0;
};

}  // namespace

void append_tree(const Query& query, Builder& to) { QueryWriter(to, false).block(query); }
void append_tree(const Expression& expression, Builder& to) { QueryWriter(to, true).expression(expression); }

}  // namespace workerdb::aql::syntax
