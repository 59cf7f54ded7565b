// Expressions as text. Parentheses stand where the reader of the text needs them: to_string(parse(to_string(x))) is
// to_string(x).
#include <cmath>

#include "aql/syntax/precedence.h"
#include "aql/syntax/printer.h"
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
    return constant->value.slice().is_number() ? kUnaryLevel : kPrimaryLevel;  // 5.x would not read back
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

}  // namespace

std::string Printer::take() { return std::move(out_); }

void Printer::print(const Expression& expression, int lowest_level) {
  bool needs_parentheses = level_of(expression) < lowest_level;
  // a[*].b[*].c: what follows the first star is its projection, so that the inner one stands without parentheses
  if (lowest_level == kAccessLevel && starts_with_member(expression)) needs_parentheses = false;
  if (needs_parentheses) out_ += '(';
  std::visit([this](const auto& node) { put(node); }, expression.node);
  if (needs_parentheses) out_ += ')';
}

void Printer::put(const Constant& node) { put_literal(node.value.slice()); }

// JSON's -0 reads back as the integer 0.
bool Printer::has_negative_zero(value::Slice slice) {
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

void Printer::put_literal(value::Slice slice) {
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

void Printer::put(const Parameter& node) { out_ += "@" + node.name; }

void Printer::put(const CollectionParameter& node) { out_ += "@@" + node.name; }

void Printer::put(const Reference& node) {
  if (node.name.empty()) return;
  // "#7" was made by the planner; "#u.name" as well, for an attribute of u that a scan took out.
  bool is_planned = node.variable != kUnresolved && node.name[0] == '#';
  bool is_path = is_planned && node.name.find('.') != std::string::npos;
  out_ += is_path ? node.name.substr(1) : is_planned ? node.name : quoted_name(node.name);
}

void Printer::put(const CollectionReference& node) { out_ += quoted_name(node.name); }

void Printer::put(const AttributeAccess& node) {
  print(*node.object, kAccessLevel);
  if (node.name.empty()) {
    out_ += "[\"\"]";
  } else {
    out_ += "." + quoted_name(node.name);
  }
}

void Printer::put(const ParameterAccess& node) {
  print(*node.object, kAccessLevel);
  out_ += ".@" + node.parameter;
}

void Printer::put(const IndexedAccess& node) {
  print(*node.object, kAccessLevel);
  out_ += '[';
  print(*node.index);
  out_ += ']';
}

void Printer::put(const Unary& node) {
  out_ += node.op == UnaryOperator::kNot ? "!" : node.op == UnaryOperator::kPlus ? "+" : "-";
  print(*node.operand, kUnaryLevel);
}

void Printer::put(const Binary& node) {
  int level = level_of(node.op);
  print(*node.left, level);
  out_ += std::string(" ") + operator_text(node.op) + " ";
  print(*node.right, level + 1);
}

void Printer::put(const ArrayComparison& node) {
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

void Printer::put(const Ternary& node) {
  print(*node.condition, kOrLevel);
  out_ += " ? ";
  if (node.when_true) {
    print(*node.when_true);
    out_ += ' ';
  }
  out_ += ": ";
  print(*node.when_false);
}

void Printer::put(const Range& node) {
  print(*node.low, kRangeLevel);
  out_ += "..";
  print(*node.high, kRangeLevel + 1);
}

void Printer::put(const ArrayLiteral& node) {
  out_ += '[';
  print_list(node.items);
  out_ += ']';
}

void Printer::put(const Subquery& node) {
  out_ += '(';
  print(*node.query);
  out_ += ')';
}

void Printer::print_list(std::span<const ExpressionPtr> items) {
  for (const ExpressionPtr& item : items) {
    if (&item != items.data()) out_ += ", ";
    print(*item);
  }
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
    case Quantifier::kAll:
    case Quantifier::kNone: out_ += std::string(" ") + quantifier_text(node.quantifier); break;
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

}  // namespace workerdb::aql::syntax
