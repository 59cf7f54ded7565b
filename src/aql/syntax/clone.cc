// Deep copies.
#include "aql/syntax/statement.h"

namespace workerdb::aql::syntax {

namespace {

ExpressionPtr copy(const ExpressionPtr& expression) { return expression ? clone(*expression) : nullptr; }

std::vector<ExpressionPtr> copy(const std::vector<ExpressionPtr>& list) {
  std::vector<ExpressionPtr> result;
  result.reserve(list.size());
  for (const ExpressionPtr& item : list) result.push_back(copy(item));
  return result;
}

std::vector<Assignment> copy(const std::vector<Assignment>& list) {
  std::vector<Assignment> result;
  for (const Assignment& item : list) result.push_back({item.declaration, copy(item.expression)});
  return result;
}

GraphSource copy(const GraphSource& source) {
  return {source.direction, source.edges, copy(source.graph), source.vertex_collections};
}

// Nodes without children are copied as they are.
template <typename T>
T copy_node(const T& node) {
  return node;
}
AttributeAccess copy_node(const AttributeAccess& node) { return {copy(node.object), node.name}; }
ParameterAccess copy_node(const ParameterAccess& node) { return {copy(node.object), node.parameter}; }
IndexedAccess copy_node(const IndexedAccess& node) { return {copy(node.object), copy(node.index)}; }
Expansion copy_node(const Expansion& node) {
  return {copy(node.array),  node.levels,      node.element,         copy(node.filter),
          copy(node.offset), copy(node.count), copy(node.projection)};
}
QuestionMark copy_node(const QuestionMark& node) {
  return {copy(node.array), node.quantifier, copy(node.low), copy(node.high), node.element, copy(node.filter)};
}
Unary copy_node(const Unary& node) { return {node.op, copy(node.operand)}; }
Binary copy_node(const Binary& node) { return {node.op, copy(node.left), copy(node.right), node.is_sorted}; }
ArrayComparison copy_node(const ArrayComparison& node) {
  return {node.quantifier, copy(node.at_least), node.op, copy(node.left), copy(node.right)};
}
Ternary copy_node(const Ternary& node) { return {copy(node.condition), copy(node.when_true), copy(node.when_false)}; }
Range copy_node(const Range& node) { return {copy(node.low), copy(node.high)}; }
ArrayLiteral copy_node(const ArrayLiteral& node) { return {copy(node.items)}; }
ObjectLiteral copy_node(const ObjectLiteral& node) {
  ObjectLiteral result;
  for (const auto& attribute : node.attributes) {
    result.attributes.push_back({attribute.name, copy(attribute.computed_name), copy(attribute.value)});
  }
  return result;
}
FunctionCall copy_node(const FunctionCall& node) { return {node.name, copy(node.arguments), node.function}; }
Subquery copy_node(const Subquery& node) { return Subquery(clone(*node.query)); }

For copy_node(const For& node) {
  return {node.target, copy(node.source), copy(node.options), copy(node.search), node.is_view};
}
Traverse copy_node(const Traverse& node) {
  return {node.vertex,       node.edge,        node.path,           copy(node.depth),  copy(node.start),
          copy(node.source), copy(node.prune), node.prune_variable, copy(node.options)};
}
FindPaths copy_node(const FindPaths& node) {
  return {node.kind,        node.first,     node.edge,         copy(node.depth),
          copy(node.start), copy(node.end), copy(node.source), copy(node.options)};
}
Filter copy_node(const Filter& node) { return {copy(node.condition)}; }
Let copy_node(const Let& node) { return {node.target, copy(node.value)}; }
Sort copy_node(const Sort& node) {
  Sort result;
  for (const Sort::Key& key : node.keys) result.keys.push_back({copy(key.expression), key.ascending});
  return result;
}
Limit copy_node(const Limit& node) { return {copy(node.offset), copy(node.count)}; }
Collect copy_node(const Collect& node) {
  return {copy(node.groups),          copy(node.aggregations), node.has_into, node.counts,       node.into,
          copy(node.into_projection), node.has_keep,           node.keep,     copy(node.options)};
}
Window copy_node(const Window& node) { return {copy(node.range_value), copy(node.bounds), copy(node.aggregations)}; }
Return copy_node(const Return& node) { return {node.is_distinct, copy(node.expression)}; }
Insert copy_node(const Insert& node) {
  return {copy(node.document), node.collection, copy(node.options), node.old_variable, node.new_variable};
}
Update copy_node(const Update& node) {
  return {node.replaces,      copy(node.key),    copy(node.document), node.collection,
          copy(node.options), node.old_variable, node.new_variable};
}
Remove copy_node(const Remove& node) {
  return {copy(node.key), node.collection, copy(node.options), node.old_variable};
}
Upsert copy_node(const Upsert& node) {
  return {copy(node.example),         copy(node.filter), node.current,    copy(node.insert_document),
          copy(node.update_document), node.replaces,     node.collection, copy(node.options),
          node.old_variable,          node.new_variable};
}

}  // namespace

Subquery::Subquery(std::unique_ptr<Query> query) : query(std::move(query)) {}
Subquery::Subquery(Subquery&&) noexcept = default;
Subquery& Subquery::operator=(Subquery&&) noexcept = default;
Subquery::~Subquery() = default;

ExpressionPtr clone(const Expression& expression) {
  return std::visit([&](const auto& node) { return make_expression(copy_node(node), expression.position); },
                    expression.node);
}

std::unique_ptr<Query> clone(const Query& query) {
  auto result = std::make_unique<Query>();
  for (const Statement& statement : query.statements) {
    result->statements.push_back(std::visit(
        [&](const auto& node) {
          return Statement{Statement::Node(copy_node(node)), statement.position};
        },
        statement.node));
  }
  return result;
}

}  // namespace workerdb::aql::syntax
