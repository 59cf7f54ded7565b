// Statements as text.
#include "aql/syntax/precedence.h"
#include "aql/syntax/printer.h"
#include "value/json.h"

namespace workerdb::aql::syntax {

void Printer::print(const Query& query) {
  for (const Statement& statement : query.statements) {
    if (&statement != query.statements.data()) out_ += ' ';
    print(statement);
  }
}

void Printer::print(const Statement& statement) {
  std::visit([this](const auto& node) { put(node); }, statement.node);
}

void Printer::put(const For& node) {
  out_ += "FOR ";
  print(node.target);
  out_ += " IN ";
  print(*node.source);
  if (node.search) {
    out_ += " SEARCH ";
    print(*node.search);
  }
  put_options(node.options);
}

void Printer::put_depth(const ExpressionPtr& depth) {
  if (!depth) return;
  print(*depth);
  out_ += ' ';
}

void Printer::put(const Filter& node) {
  out_ += "FILTER ";
  print(*node.condition);
}

void Printer::put(const Let& node) {
  out_ += "LET ";
  print(node.target);
  out_ += " = ";
  print(*node.value);
}

void Printer::put(const Sort& node) {
  out_ += "SORT ";
  for (const Sort::Key& key : node.keys) {
    if (&key != node.keys.data()) out_ += ", ";
    print(*key.expression);
    if (!key.ascending) out_ += " DESC";
  }
}

void Printer::put(const Limit& node) {
  out_ += "LIMIT ";
  if (node.offset) {
    print(*node.offset);
    out_ += ", ";
  }
  print(*node.count);
}

void Printer::put(const Window& node) {
  out_ += "WINDOW ";
  if (node.range_value) {
    print(*node.range_value);
    out_ += " WITH ";
  }
  print(*node.bounds);
  out_ += " AGGREGATE ";
  put_assignments(node.aggregations);
}

void Printer::put(const Return& node) {
  out_ += node.is_distinct ? "RETURN DISTINCT " : "RETURN ";
  print(*node.expression);
}

void Printer::put(const Insert& node) {
  out_ += "INSERT ";
  print(*node.document, kInLevel + 1);
  put_target("INTO", node.collection, node.options);
}

void Printer::put(const Update& node) {
  out_ += node.replaces ? "REPLACE " : "UPDATE ";
  if (node.key) {
    print(*node.key, kInLevel + 1);
    out_ += " WITH ";
  }
  print(*node.document, kInLevel + 1);
  put_target("IN", node.collection, node.options);
}

void Printer::put(const Remove& node) {
  out_ += "REMOVE ";
  print(*node.key, kInLevel + 1);
  put_target("IN", node.collection, node.options);
}

void Printer::put(const Upsert& node) {
  out_ += node.filter ? "UPSERT FILTER " : "UPSERT ";
  print(node.filter ? *node.filter : *node.example);
  out_ += " INSERT ";
  print(*node.insert_document);
  out_ += node.replaces ? " REPLACE " : " UPDATE ";
  print(*node.update_document, kInLevel + 1);
  put_target("IN", node.collection, node.options);
}

void Printer::put(const With& node) {
  out_ += "WITH ";
  for (const CollectionName& name : node.collections) {
    if (&name != node.collections.data()) out_ += ", ";
    put_name(name);
  }
}

void Printer::put_name(const CollectionName& name) {
  out_ += name.is_parameter ? "@@" + name.name : quoted_name(name.name);
}

void Printer::put_target(const char* preposition, const CollectionName& name, const ExpressionPtr& options) {
  out_ += std::string(" ") + preposition + " ";
  put_name(name);
  put_options(options);
}

void Printer::put_options(const ExpressionPtr& options) {
  if (!options) return;
  out_ += " OPTIONS ";
  print(*options);
}

void Printer::put_assignments(const std::vector<Assignment>& assignments) {
  for (const Assignment& assignment : assignments) {
    if (&assignment != assignments.data()) out_ += ", ";
    out_ += quoted_name(assignment.declaration.name) + " = ";
    print(*assignment.expression);
  }
}

void Printer::put_source(const GraphSource& source) {
  if (source.graph) {
    out_ += " GRAPH ";
    print(*source.graph);
    return;
  }
  for (const auto& edges : source.edges) {
    out_ += &edges == source.edges.data() ? " " : ", ";
    if (edges.direction) out_ += std::string(direction_text(*edges.direction)) + " ";
    put_name(edges.name);
  }
}

void Printer::put(const Traverse& node) {
  out_ += "FOR " + quoted_name(node.vertex.name);
  if (node.edge) out_ += ", " + quoted_name(node.edge->name);
  if (node.path) out_ += ", " + quoted_name(node.path->name);
  out_ += " IN ";
  put_depth(node.depth);
  out_ += std::string(direction_text(node.source.direction)) + " ";
  print(*node.start);
  put_source(node.source);
  if (node.prune) {
    out_ += " PRUNE ";
    if (node.prune_variable) out_ += quoted_name(node.prune_variable->name) + " = ";
    print(*node.prune);
  }
  put_options(node.options);
}

void Printer::put(const FindPaths& node) {
  out_ += "FOR " + quoted_name(node.first.name);
  if (node.edge) out_ += ", " + quoted_name(node.edge->name);
  out_ += " IN ";
  put_depth(node.depth);
  out_ += std::string(direction_text(node.source.direction)) + " " + path_kind_text(node.kind) + " ";
  print(*node.start);
  out_ += " TO ";
  print(*node.end);
  put_source(node.source);
  put_options(node.options);
}

void Printer::put(const Collect& node) {
  out_ += "COLLECT";
  if (!node.groups.empty()) {
    out_ += ' ';
    put_assignments(node.groups);
  }
  if (!node.aggregations.empty()) {
    out_ += " AGGREGATE ";
    put_assignments(node.aggregations);
  }
  if (node.has_into) {
    out_ += (node.counts ? " WITH COUNT INTO " : " INTO ") + quoted_name(node.into.name);
    if (node.into_projection) {
      out_ += " = ";
      print(*node.into_projection);
    }
  }
  for (size_t i = 0; node.has_keep && i < node.keep.size(); ++i) {
    out_ += (i == 0 ? " KEEP " : ", ") + quoted_name(node.keep[i].name);
  }
  put_options(node.options);
}

void Printer::print(const Target& target) {
  switch (target.kind) {
    case Target::Kind::kSkip: return;
    case Target::Kind::kVariable: out_ += quoted_name(target.declaration.name); return;
    case Target::Kind::kArray:
      out_ += '[';
      for (size_t i = 0; i < target.parts.size(); ++i) {
        if (i > 0) out_ += ", ";
        print(target.parts[i]);
      }
      if (!target.parts.empty() && target.parts.back().kind == Target::Kind::kSkip) out_ += ',';
      out_ += ']';
      return;
    case Target::Kind::kObject:
      out_ += '{';
      for (size_t i = 0; i < target.parts.size(); ++i) {
        if (i > 0) out_ += ", ";
        value::append_json_string(target.attributes[i], out_);
        out_ += ": ";
        print(target.parts[i]);
      }
      out_ += '}';
  }
}

namespace {

template <typename T>
std::string printed(const T& tree) {
  Printer printer;
  printer.print(tree);
  return printer.take();
}

}  // namespace

std::string to_string(const Query& query) { return printed(query); }
std::string to_string(const Statement& statement) { return printed(statement); }
std::string to_string(const Expression& expression) { return printed(expression); }
std::string to_string(const Target& target) { return printed(target); }

}  // namespace workerdb::aql::syntax
