#pragma once
// Writes expressions as JSON; statements stand in tree_json.cc. Private to this folder.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "aql/syntax/statement.h"
#include "value/builder.h"

namespace workerdb::aql::syntax {

class TreeWriter {
 public:
  TreeWriter(value::Builder& to, bool with_ids) : to_(to), with_ids_(with_ids) {}
  virtual ~TreeWriter() = default;

  // A subquery.
  virtual void block(const Query& query) = 0;
  void expression(const Expression& node) {
    std::visit([this](const auto& kind) { put(kind); }, node.node);
  }

 protected:
  struct Binding {
    std::string name;
    VariableId id;
  };

  // An object with its type, left open.
  void open(std::string_view type);
  template <typename Body>
  void nodes(Body body) {
    to_.key("subNodes");
    to_.open_array();
    body();
    to_.close();
  }
  template <typename... Operands>
  void simple(std::string_view type, const Operands&... operands) {
    open(type);
    nodes([&] { (operand(operands), ...); });
    to_.close();
  }
  void nothing();
  void operand(const ExpressionPtr& given);
  void named(const char* type, std::string_view name);
  void variable(const std::string& name, VariableId id);
  void pseudo(const char* name, VariableId id) { variable(name, declare(name, id)); }
  VariableId declare(const std::string& name, VariableId id);

  void put(const Constant& node);
  void put(const Parameter& node);
  void put(const CollectionParameter& node);
  void put(const CollectionReference& node);
  void put(const Reference& node);
  void put(const AttributeAccess& node);
  void put(const ParameterAccess& node);
  void put(const IndexedAccess& node);
  void put(const Expansion& node);
  void put(const QuestionMark& node);
  void put(const Unary& node);
  void put(const Binary& node);
  void put(const ArrayComparison& node);
  void put(const Ternary& node);
  void put(const Range& node);
  void put(const ArrayLiteral& node);
  void put(const ObjectLiteral& node);
  void put(const FunctionCall& node);
  void put(const Subquery& node);

  value::Builder& to_;
  std::vector<Binding> bindings_;

 private:
  void element(VariableId id, const ExpressionPtr& array);
  void quantifier(Quantifier which, const ExpressionPtr& low, const ExpressionPtr& high);
  void call(std::string_view name, const ExpressionPtr& left, const ExpressionPtr& right);
  void list(const std::vector<ExpressionPtr>& items);

  const bool with_ids_;
  VariableId next_id_ = 0;
};

}  // namespace workerdb::aql::syntax
