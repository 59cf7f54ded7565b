#include "aql/optimize/graph_contents.h"

#include <algorithm>

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

using plan::ElementContent;
using syntax::AttributeAccess;

namespace {

bool is_identity(const std::string& attribute) { return attribute == "_key" || attribute == "_id"; }

void raise(ElementContent& content, ElementContent to) { content = std::max(content, to); }

void read_element(const Expression& expression, VariableId variable, ElementContent& content) {
  const auto* access = expression.get_if<AttributeAccess>();
  if (access != nullptr && plan::is_reference_to(*access->object, variable)) {
    raise(content, is_identity(access->name) ? ElementContent::kIdentity : ElementContent::kDocument);
    return;
  }
  if (plan::is_reference_to(expression, variable)) raise(content, ElementContent::kDocument);
  plan::for_each_operand(expression, [&](const Expression& operand) { read_element(operand, variable, content); });
}

class PathReads {
 public:
  explicit PathReads(VariableId path) : path_(path) {}
  plan::PathContent content{ElementContent::kNothing, ElementContent::kNothing, false};

  void read_whole() { content = {ElementContent::kDocument, ElementContent::kDocument, true}; }
  void read(const Expression& expression) {
    if (plan::is_reference_to(expression, path_)) return read_whole();
    if (ElementContent* part = part_of(expression)) return raise(*part, ElementContent::kDocument);
    if (const auto* access = expression.get_if<AttributeAccess>()) {
      if (plan::is_reference_to(*access->object, path_)) {  // neither vertices nor edges
        content.weights = true;
        return;
      }
      if (is_identity(access->name) && reads_identity_at(*access->object)) return;
    }
    if (const auto* expansion = expression.get_if<syntax::Expansion>(); expansion && reads_identity_of(*expansion))
      return;
    if (const auto* call = expression.get_if<syntax::FunctionCall>(); call && counts(*call)) return;
    plan::for_each_operand(expression, [this](const Expression& operand) { read(operand); });
  }

 private:
  ElementContent* part_of(const Expression& expression) {
    const auto* access = expression.get_if<AttributeAccess>();
    if (access == nullptr || !plan::is_reference_to(*access->object, path_)) return nullptr;
    if (access->name == "vertices") return &content.vertices;
    return access->name == "edges" ? &content.edges : nullptr;
  }
  // path.vertices[…], whose _key or _id is read
  bool reads_identity_at(const Expression& object) {
    const auto* indexed = object.get_if<syntax::IndexedAccess>();
    ElementContent* part = indexed != nullptr ? part_of(*indexed->object) : nullptr;
    if (part == nullptr) return false;
    raise(*part, ElementContent::kIdentity);
    read(*indexed->index);
    return true;
  }
  // path.vertices[*]._key
  bool reads_identity_of(const syntax::Expansion& expansion) {
    ElementContent* part = part_of(*expansion.array);
    if (part == nullptr || expansion.levels != 1 || expansion.filter || expansion.offset || expansion.count ||
        !expansion.projection) {
      return false;
    }
    auto read_path = plan::attribute_path(*expansion.projection, expansion.element);
    if (!read_path || !is_identity(read_path->front())) return false;
    raise(*part, ElementContent::kIdentity);
    return true;
  }
  // LENGTH(path.edges)
  bool counts(const syntax::FunctionCall& call) {
    if ((call.name != "LENGTH" && call.name != "COUNT") || call.arguments.size() != 1) return false;
    ElementContent* part = part_of(*call.arguments[0]);
    if (part == nullptr) return false;
    raise(*part, ElementContent::kIdentity);
    return true;
  }

  const VariableId path_;
};

bool keeps(const Node& node, VariableId variable) {
  if (const auto* collect = node.get_if<plan::Collect>()) {
    if (std::ranges::any_of(collect->kept, [&](const auto& kept) { return kept.second == variable; })) return true;
  }
  const Plan* inner = plan::subplan(node);
  return inner != nullptr &&
         std::ranges::any_of(inner->nodes, [&](const NodePtr& inner_node) { return keeps(*inner_node, variable); });
}

}  // namespace

ElementContent element_content(const Plan& chain, size_t position, VariableId variable) {
  ElementContent content = ElementContent::kNothing;
  for (size_t i = position; i < chain.nodes.size(); ++i) {
    if (keeps(*chain.nodes[i], variable)) return ElementContent::kDocument;
    for_each_expression_within(static_cast<const Node&>(*chain.nodes[i]),
                               [&](const Expression& expression) { read_element(expression, variable, content); });
  }
  return content;
}

plan::PathContent path_content(const Plan& chain, size_t position, VariableId variable) {
  PathReads reads(variable);
  for (size_t i = position; i < chain.nodes.size(); ++i) {
    if (keeps(*chain.nodes[i], variable)) reads.read_whole();
    for_each_expression_within(static_cast<const Node&>(*chain.nodes[i]),
                               [&](const Expression& expression) { reads.read(expression); });
  }
  return reads.content;
}

}  // namespace workerdb::aql::optimize
