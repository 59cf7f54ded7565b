#include "aql/syntax/tree_writer.h"

#include <array>
#include <utility>

namespace workerdb::aql::syntax {
namespace {

using value::Slice;

// The numbers that recorded answers show; other types have none in our answers.
constexpr std::pair<std::string_view, int> kTypeIds[] = {
    {"compare ==", 25}, {"compare >", 29}, {"attribute access", 35}, {"value", 40},
    {"array", 41},      {"reference", 45}, {"function call", 47},    {"range", 49}};

const char* type_name(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kAnd: return "logical and";
    case BinaryOperator::kOr: return "logical or";
    case BinaryOperator::kEqual: return "compare ==";
    case BinaryOperator::kNotEqual: return "compare !=";
    case BinaryOperator::kLess: return "compare <";
    case BinaryOperator::kLessEqual: return "compare <=";
    case BinaryOperator::kGreater: return "compare >";
    case BinaryOperator::kGreaterEqual: return "compare >=";
    case BinaryOperator::kIn: return "compare in";
    case BinaryOperator::kNotIn: return "compare not in";
    case BinaryOperator::kAdd: return "plus";
    case BinaryOperator::kSubtract: return "minus";
    case BinaryOperator::kMultiply: return "times";
    case BinaryOperator::kDivide: return "division";
    case BinaryOperator::kModulo: return "modulus";
    case BinaryOperator::kLike:
    case BinaryOperator::kNotLike:
    case BinaryOperator::kMatch:
    case BinaryOperator::kNotMatch: return "function call";
  }
  return "";
}

const char* quantifier_name(Quantifier quantifier) {
  constexpr std::array<const char*, 6> kNames = {"all", "any", "none", "at least", "exactly", "between"};
  return kNames[size_t(quantifier)];
}

}  // namespace

void TreeWriter::open(std::string_view type) {
  to_.open_object();
  to_.add("type", type);
  if (!with_ids_) return;
  auto known = std::ranges::find(kTypeIds, type, &std::pair<std::string_view, int>::first);
  if (known != std::end(kTypeIds)) to_.add("typeID", known->second);
}

void TreeWriter::nothing() {
  open("no-op");
  to_.close();
}

void TreeWriter::operand(const ExpressionPtr& given) {
  if (given) return expression(*given);
  nothing();
}

VariableId TreeWriter::declare(const std::string& name, VariableId id) {
  if (id == kUnresolved) id = next_id_;
  next_id_ = std::max(next_id_, id + 1);
  bindings_.push_back({name, id});
  return id;
}

void TreeWriter::variable(const std::string& name, VariableId id) {
  open("variable");
  to_.add("name", name);
  to_.add("id", id);
  to_.close();
}

void TreeWriter::put(const Constant& node) {
  Slice value = node.value.slice();
  bool is_list = value.is_array(), is_object = value.is_object();
  if (is_list && !with_ids_) {
    open("array");
    nodes([&] {
      for (value::ArrayIterator item(value); item.valid(); item.next()) put(Constant{value::Buffer(item.value())});
    });
  } else if (is_list || is_object) {
    open(is_list ? "array" : "object");
    to_.add("raw", value);
  } else {
    open("value");
    to_.add("value", value);
    if (with_ids_)
      to_.add("vTypeID", value.is_null() ? 0 : value.is_bool() ? 1 : value.is_string() ? 4 : value.is_int64() ? 2 : 3);
  }
  to_.close();
}

void TreeWriter::named(const char* type, std::string_view name) {
  open(type);
  to_.add("name", name);
  to_.close();
}

void TreeWriter::put(const Parameter& node) { named("parameter", node.name); }
void TreeWriter::put(const CollectionParameter& node) {
  named("datasource parameter", node.name.starts_with('@') ? node.name : "@" + node.name);
}

void TreeWriter::put(const CollectionReference& node) { named("collection", node.name); }
void TreeWriter::put(const Reference& node) {
  VariableId id = node.variable;
  if (id == kUnresolved) {
    std::string_view name = node.name.empty() ? "CURRENT" : std::string_view(node.name);
    auto found = std::find_if(bindings_.rbegin(), bindings_.rend(), [&](const Binding& b) { return b.name == name; });
    if (found == bindings_.rend()) return named("collection", name);
    id = found->id;
  }
  open("reference");
  to_.add("name", node.name.empty() ? "CURRENT" : node.name);
  to_.add("id", id);
  to_.add("subqueryReference", false);
  to_.close();
}

void TreeWriter::put(const AttributeAccess& node) {
  open("attribute access");
  to_.add("name", node.name);
  nodes([&] { operand(node.object); });
  to_.close();
}

void TreeWriter::put(const ParameterAccess& node) {
  open("bound attribute access");
  nodes([&] {
    operand(node.object);
    named("parameter", node.parameter);
  });
  to_.close();
}

void TreeWriter::put(const IndexedAccess& node) { simple("indexed access", node.object, node.index); }
void TreeWriter::element(VariableId id, const ExpressionPtr& array) {
  open("iterator");
  nodes([&] {
    pseudo("CURRENT", id);
    operand(array);
  });
  to_.close();
}

void TreeWriter::put(const Expansion& node) {
  open("expansion");
  to_.add("levels", node.levels);
  to_.add("booleanize", false);
  size_t visible = bindings_.size();
  nodes([&] {
    element(node.element, node.array);
    operand(node.projection);
    operand(node.filter);
    if (node.count) {
      simple("array limit", node.offset, node.count);
    } else {
      nothing();
    }
  });
  bindings_.resize(visible);
  to_.close();
}

void TreeWriter::put(const QuestionMark& node) {
  open("expansion");
  to_.add("levels", 1);
  to_.add("booleanize", true);
  size_t visible = bindings_.size();
  nodes([&] {
    element(node.element, node.array);
    quantifier(node.quantifier, node.low, node.high);
    operand(node.filter);
  });
  bindings_.resize(visible);
  to_.close();
}

void TreeWriter::quantifier(Quantifier which, const ExpressionPtr& low, const ExpressionPtr& high) {
  open("quantifier");
  to_.add("quantifier", quantifier_name(which));
  if (low || high) {
    nodes([&] {
      if (low) operand(low);
      if (high) operand(high);
    });
  }
  to_.close();
}

void TreeWriter::put(const Unary& node) {
  simple(node.op == UnaryOperator::kNot    ? "unary not"
         : node.op == UnaryOperator::kPlus ? "unary plus"
                                           : "unary minus",
         node.operand);
}

void TreeWriter::call(std::string_view name, const ExpressionPtr& left, const ExpressionPtr& right) {
  open("function call");
  to_.add("name", name);
  nodes([&] { simple("array", left, right); });
  to_.close();
}

void TreeWriter::put(const Binary& node) {
  bool is_like = node.op == BinaryOperator::kLike || node.op == BinaryOperator::kNotLike;
  bool is_match = node.op == BinaryOperator::kMatch || node.op == BinaryOperator::kNotMatch;
  if (is_like || is_match) {
    bool is_negated = node.op == BinaryOperator::kNotLike || node.op == BinaryOperator::kNotMatch;
    auto put_call = [&] { call(is_like ? "LIKE" : "REGEX_TEST", node.left, node.right); };
    if (!is_negated) return put_call();
    open("unary not");
    nodes(put_call);
    return to_.close();
  }
  open(type_name(node.op));
  if (node.op == BinaryOperator::kEqual) to_.add("excludesNull", false);
  nodes([&] {
    operand(node.left);
    operand(node.right);
  });
  to_.close();
}

void TreeWriter::put(const ArrayComparison& node) {
  open(std::string("array ") + type_name(node.op));
  nodes([&] {
    operand(node.left);
    operand(node.right);
    quantifier(node.quantifier, node.at_least, nullptr);
  });
  to_.close();
}

void TreeWriter::put(const Ternary& node) {
  if (node.when_true) return simple("ternary", node.condition, node.when_true, node.when_false);
  simple("ternary", node.condition, node.when_false);
}

void TreeWriter::put(const Range& node) { simple("range", node.low, node.high); }
void TreeWriter::list(const std::vector<ExpressionPtr>& items) {
  open("array");
  if (with_ids_ && std::ranges::all_of(items, [](const ExpressionPtr& item) { return item->is_constant(); })) {
    to_.key("raw");  // a known value is written as it is
    to_.open_array();
    for (const ExpressionPtr& item : items) to_.slice(item->get_if<Constant>()->value.slice());
    to_.close();
    return to_.close();
  }
  nodes([&] {
    for (const ExpressionPtr& item : items) operand(item);
  });
  to_.close();
}

void TreeWriter::put(const ArrayLiteral& node) { list(node.items); }
void TreeWriter::put(const ObjectLiteral& node) {
  open("object");
  nodes([&] {
    for (const auto& attribute : node.attributes) {
      if (attribute.computed_name) {
        simple("calculated object element", attribute.computed_name, attribute.value);
        continue;
      }
      open("object element");
      to_.add("name", attribute.name);
      nodes([&] { operand(attribute.value); });
      to_.close();
    }
  });
  to_.close();
}

void TreeWriter::put(const FunctionCall& node) {
  bool is_users = node.name.find("::") != std::string::npos;
  open(is_users ? "user function call" : "function call");
  to_.add("name", node.name);
  nodes([&] { list(node.arguments); });
  to_.close();
}

void TreeWriter::put(const Subquery& node) {
  open("subquery");
  nodes([&] { block(*node.query); });
  to_.close();
}

}  // namespace workerdb::aql::syntax
