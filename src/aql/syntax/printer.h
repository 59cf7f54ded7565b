#pragma once
// A tree on its way to text. Internal to this folder: print_expression.cc and print_statement.cc hold its two halves.
#include <span>
#include <string>
#include <utility>

#include "aql/syntax/precedence.h"
#include "aql/syntax/statement.h"

namespace workerdb::aql::syntax {

class Printer {
 public:
  std::string take();

  void print(const Expression& expression, int lowest_level = kTernaryLevel);
  void print(const Query& query);
  void print(const Statement& statement);
  void print(const Target& target);

 private:
  void put(const Constant& node);
  // JSON's -0 reads back as the integer 0.
  static bool has_negative_zero(value::Slice slice);
  void put_literal(value::Slice slice);
  void put(const Parameter& node);
  void put(const CollectionParameter& node);
  void put(const Reference& node);
  void put(const CollectionReference& node);
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

  void put(const For& node);
  void put(const Traverse& node);
  void put(const FindPaths& node);
  void put_depth(const ExpressionPtr& depth);
  void put_source(const GraphSource& source);
  void put(const Filter& node);
  void put(const Let& node);
  void put(const Sort& node);
  void put(const Limit& node);
  void put(const Collect& node);
  void put(const Window& node);
  void put(const Return& node);
  void put(const Insert& node);
  void put(const Update& node);
  void put(const Remove& node);
  void put(const Upsert& node);
  void put(const With& node);

  void put_name(const CollectionName& name);
  void put_target(const char* preposition, const CollectionName& name, const ExpressionPtr& options);
  void put_options(const ExpressionPtr& options);
  void put_assignments(const std::vector<Assignment>& assignments);
  void print_list(std::span<const ExpressionPtr> items);

  std::string out_;
};

}  // namespace workerdb::aql::syntax
