// Trees back to text. Parentheses stand where the reader of the text needs them: to_string(parse(to_string(x))) is
// to_string(x).
#include <cmath>
#include <span>

#include "aql/syntax/precedence.h"
#include "aql/syntax/statement.h"
#include "value/json.h"

namespace workerdb::aql::syntax {

namespace {

int level_of(const Expression& expression) {
  if (const Binary* binary = expression.get_if<Binary>()) return level_of(binary->op);
  if (expression.get_if<ArrayComparison>()) return kQuantifierLevel;
  if (expression.get_if<Ternary>()) return kTernaryLevel;
  if (expression.get_if<Range>()) return kRangeLevel;
  if (expression.get_if<Unary>()) return kUnaryLevel;
  if (const Constant* constant = expression.get_if<Constant>()) {
    return constant->value.slice().is_number() ? kUnaryLevel : kPrimaryLevel;   // 5.x would not read back
  }
  if (expression.get_if<Expansion>() || expression.get_if<QuestionMark>()) return kAccessLevel - 1;
  return kPrimaryLevel;
}

const char* quantifier_text(Quantifier quantifier) {
  if (quantifier == Quantifier::kAll) return "ALL";
  return quantifier == Quantifier::kNone ? "NONE" : "ANY";
}

// The member of an expansion, which the text does not name.
bool starts_with_member(const Expression& expression) {
  if (const auto* access = expression.get_if<AttributeAccess>()) return starts_with_member(*access->object);
  if (const auto* access = expression.get_if<ParameterAccess>()) return starts_with_member(*access->object);
  if (const auto* access = expression.get_if<IndexedAccess>()) return starts_with_member(*access->object);
  if (const auto* access = expression.get_if<Expansion>()) return starts_with_member(*access->array);
  if (const auto* access = expression.get_if<QuestionMark>()) return starts_with_member(*access->array);
  const Reference* reference = expression.get_if<Reference>();
  return reference != nullptr && reference->name.empty();
}

class Printer {
 public:
  std::string take() { return std::move(out_); }

  void print(const Expression& expression, int lowest_level = kTernaryLevel) {
    bool needs_parentheses = level_of(expression) < lowest_level;
    // a[*].b[*].c: what follows the first star is its projection, so that the inner one stands without parentheses
    if (lowest_level == kAccessLevel && starts_with_member(expression)) needs_parentheses = false;
    if (needs_parentheses) out_ += '(';
    std::visit([this](const auto& node) { put(node); }, expression.node);
    if (needs_parentheses) out_ += ')';
  }
  void print(const Query& query) {
    for (const Statement& statement : query.statements) {
      if (&statement != query.statements.data()) out_ += ' ';
      print(statement);
    }
  }
  void print(const Statement& statement) {
    std::visit([this](const auto& node) { put(node); }, statement.node);
  }
  void print(const Target& target);

 private:
  void put(const Constant& node) {
    put_literal(node.value.slice());
  }
  // JSON's -0 reads back as the integer 0.
  static bool has_negative_zero(value::Slice slice) {
    if (slice.is_double()) return slice.as_double() == 0 && std::signbit(slice.as_double());
    if (slice.is_array()) {
      for (value::ArrayIterator item(slice); item.valid(); item.next()) {
        if (has_negative_zero(item.value())) return true;
      }
    } else if (slice.is_object()) {
      for (value::ObjectIterator item(slice); item.valid(); item.next()) {
        if (has_negative_zero(item.value())) return true;
      }
    }
    return false;
  }
  void put_literal(value::Slice slice) {
    if (!has_negative_zero(slice)) return value::append_json(slice, out_);
    if (slice.is_double()) {
      out_ += "-0.0";
    } else if (slice.is_array()) {
      out_ += '[';
      for (value::ArrayIterator item(slice); item.valid(); item.next()) {
        if (out_.back() != '[') out_ += ',';
        put_literal(item.value());
      }
      out_ += ']';
    } else {
      out_ += '{';
      for (value::ObjectIterator item(slice); item.valid(); item.next()) {
        if (out_.back() != '{') out_ += ',';
        value::append_json_string(item.name(), out_);
        out_ += ':';
        put_literal(item.value());
      }
      out_ += '}';
    }
  }
  void put(const Parameter& node) { out_ += "@" + node.name; }
  void put(const CollectionParameter& node) { out_ += "@@" + node.name; }
  void put(const Reference& node) {
    if (node.name.empty()) return;
    // "#7" was made by the planner; "#u.name" as well, for an attribute of u that a scan took out.
    bool is_planned = node.variable != kUnresolved && node.name[0] == '#';
    bool is_path = is_planned && node.name.find('.') != std::string::npos;
    out_ += is_path ? node.name.substr(1) : is_planned ? node.name : quoted_name(node.name);
  }
  void put(const CollectionReference& node) { out_ += quoted_name(node.name); }
  void put(const AttributeAccess& node) {
    print(*node.object, kAccessLevel);
    if (node.name.empty()) {
      out_ += "[\"\"]";
    } else {
      out_ += "." + quoted_name(node.name);
    }
  }
  void put(const ParameterAccess& node) {
    print(*node.object, kAccessLevel);
    out_ += ".@" + node.parameter;
  }
  void put(const IndexedAccess& node) {
    print(*node.object, kAccessLevel);
    out_ += '[';
    print(*node.index);
    out_ += ']';
  }
  void put(const Expansion& node);
  void put(const QuestionMark& node);
  void put(const Unary& node) {
    out_ += node.op == UnaryOperator::kNot ? "!" : node.op == UnaryOperator::kPlus ? "+" : "-";
    print(*node.operand, kUnaryLevel);
  }
  void put(const Binary& node) {
    int level = level_of(node.op);
    print(*node.left, level);
    out_ += std::string(" ") + operator_text(node.op) + " ";
    print(*node.right, level + 1);
  }
  void put(const ArrayComparison& node) {
    print(*node.left, kQuantifierLevel);
    if (node.quantifier == Quantifier::kAtLeast) {
      out_ += " AT LEAST (";
      print(*node.at_least);
      out_ += ") ";
    } else {
      out_ += std::string(" ") + quantifier_text(node.quantifier) + " ";
    }
    out_ += std::string(operator_text(node.op)) + " ";
    print(*node.right, level_of(node.op) + 1);
  }
  void put(const Ternary& node) {
    print(*node.condition, kOrLevel);
    out_ += " ? ";
    if (node.when_true) {
      print(*node.when_true);
      out_ += ' ';
    }
    out_ += ": ";
    print(*node.when_false);
  }
  void put(const Range& node) {
    print(*node.low, kRangeLevel);
    out_ += "..";
    print(*node.high, kRangeLevel + 1);
  }
  void put(const ArrayLiteral& node) {
    out_ += '[';
    print_list(node.items);
    out_ += ']';
  }
  void put(const ObjectLiteral& node);
  void put(const FunctionCall& node);
  void put(const Subquery& node) {
    out_ += '(';
    print(*node.query);
    out_ += ')';
  }

  void put(const For& node) {
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
  void put(const Traverse& node);
  void put(const FindPaths& node);
  void put_depth(const ExpressionPtr& depth) {
    if (!depth) return;
    print(*depth);
    out_ += ' ';
  }
  void put_source(const GraphSource& source);
  void put(const Filter& node) {
    out_ += "FILTER ";
    print(*node.condition);
  }
  void put(const Let& node) {
    out_ += "LET ";
    print(node.target);
    out_ += " = ";
    print(*node.value);
  }
  void put(const Sort& node) {
    out_ += "SORT ";
    for (const Sort::Key& key : node.keys) {
      if (&key != node.keys.data()) out_ += ", ";
      print(*key.expression);
      if (!key.ascending) out_ += " DESC";
    }
  }
  void put(const Limit& node) {
    out_ += "LIMIT ";
    if (node.offset) {
      print(*node.offset);
      out_ += ", ";
    }
    print(*node.count);
  }
  void put(const Collect& node);
  void put(const Window& node) {
    out_ += "WINDOW ";
    if (node.range_value) {
      print(*node.range_value);
      out_ += " WITH ";
    }
    print(*node.bounds);
    out_ += " AGGREGATE ";
    put_assignments(node.aggregations);
  }
  void put(const Return& node) {
    out_ += node.is_distinct ? "RETURN DISTINCT " : "RETURN ";
    print(*node.expression);
  }
  void put(const Insert& node) {
    out_ += "INSERT ";
    print(*node.document, kInLevel + 1);
    put_target("INTO", node.collection, node.options);
  }
  void put(const Update& node) {
    out_ += node.replaces ? "REPLACE " : "UPDATE ";
    if (node.key) {
      print(*node.key, kInLevel + 1);
      out_ += " WITH ";
    }
    print(*node.document, kInLevel + 1);
    put_target("IN", node.collection, node.options);
  }
  void put(const Remove& node) {
    out_ += "REMOVE ";
    print(*node.key, kInLevel + 1);
    put_target("IN", node.collection, node.options);
  }
  void put(const Upsert& node) {
    out_ += node.filter ? "UPSERT FILTER " : "UPSERT ";
    print(node.filter ? *node.filter : *node.example);
    out_ += " INSERT ";
    print(*node.insert_document);
    out_ += node.replaces ? " REPLACE " : " UPDATE ";
    print(*node.update_document, kInLevel + 1);
    put_target("IN", node.collection, node.options);
  }
  void put(const With& node) {
    out_ += "WITH ";
    for (const CollectionName& name : node.collections) {
      if (&name != node.collections.data()) out_ += ", ";
      put_name(name);
    }
  }

  void put_name(const CollectionName& name) { out_ += name.is_parameter ? "@@" + name.name : quoted_name(name.name); }
  void put_target(const char* preposition, const CollectionName& name, const ExpressionPtr& options) {
    out_ += std::string(" ") + preposition + " ";
    put_name(name);
    put_options(options);
  }
  void put_options(const ExpressionPtr& options) {
    if (!options) return;
    out_ += " OPTIONS ";
    print(*options);
  }
  void put_assignments(const std::vector<Assignment>& assignments) {
    for (const Assignment& assignment : assignments) {
      if (&assignment != assignments.data()) out_ += ", ";
      out_ += quoted_name(assignment.declaration.name) + " = ";
      print(*assignment.expression);
    }
  }
  void print_list(std::span<const ExpressionPtr> items) {
    for (const ExpressionPtr& item : items) {
      if (&item != items.data()) out_ += ", ";
      print(*item);
    }
  }

  std::string out_;
};

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

void Printer::put(const Expansion& node) {
  print(*node.array, kAccessLevel);
  out_ += '[' + std::string(node.levels, '*');
  if (node.filter) {
    out_ += " FILTER ";
    print(*node.filter);
  }
  if (node.count) {
    out_ += " LIMIT ";
    if (node.offset) {
      print(*node.offset);
      out_ += ", ";
    }
    print(*node.count);
  }
  bool is_suffix = node.projection && starts_with_member(*node.projection);
  if (node.projection && !is_suffix) {
    out_ += " RETURN ";
    print(*node.projection);
  }
  out_ += ']';
  if (is_suffix) print(*node.projection, kAccessLevel);
}

void Printer::put(const QuestionMark& node) {
  print(*node.array, kAccessLevel);
  out_ += "[?";
  switch (node.quantifier) {
    case Quantifier::kAny:
      if (node.filter) out_ += " ANY";
      break;
    case Quantifier::kAll: case Quantifier::kNone: out_ += std::string(" ") + quantifier_text(node.quantifier); break;
    case Quantifier::kAtLeast:
      out_ += " AT LEAST (";
      print(*node.low);
      out_ += ')';
      break;
    case Quantifier::kExactly:
      out_ += ' ';
      print(*node.low);
      break;
    case Quantifier::kBetween:
      out_ += ' ';
      print(*node.low, kRangeLevel);
      out_ += "..";
      print(*node.high, kRangeLevel + 1);
      break;
  }
  if (node.filter) {
    out_ += " FILTER ";
    print(*node.filter);
  }
  out_ += ']';
}

void Printer::put(const ObjectLiteral& node) {
  out_ += '{';
  for (const ObjectLiteral::Attribute& attribute : node.attributes) {
    if (&attribute != node.attributes.data()) out_ += ", ";
    if (attribute.computed_name) {
      out_ += '[';
      print(*attribute.computed_name);
      out_ += ']';
    } else {
      value::append_json_string(attribute.name, out_);
    }
    out_ += ": ";
    print(*attribute.value);
  }
  out_ += '}';
}

void Printer::put(const FunctionCall& node) {
  for (size_t start = 0;;) {
    size_t end = node.name.find("::", start);
    std::string_view part = std::string_view(node.name).substr(start, end == std::string::npos ? end : end - start);
    out_ += part == "LIKE" ? "LIKE" : quoted_name(part);
    if (end == std::string::npos) break;
    out_ += "::";
    start = end + 2;
  }
  out_ += '(';
  print_list(node.arguments);
  out_ += ')';
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
