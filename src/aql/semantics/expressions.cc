// Expressions: every name is replaced by what it means, from the leaves up, and what is constant is folded.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aql/functions/registry.h"
#include "aql/semantics/analyzer.h"

namespace workerdb::aql::semantics {

using namespace syntax;  // NOLINT: every name here is one of its nodes
using base::Error;
using base::ErrorCode;

struct Analyzer::ElementScope {
  explicit ElementScope(Analyzer& analyzer) : analyzer(analyzer), bindings(analyzer.bindings_.size()) {
    variable = analyzer.declare_pseudo("CURRENT");
    analyzer.elements_.push_back(variable);
  }
  ~ElementScope() {
    analyzer.bindings_.resize(bindings);
    analyzer.elements_.pop_back();
  }
  Analyzer& analyzer;
  size_t bindings;
  VariableId variable;
};

base::Result<> Analyzer::resolve_optional(ExpressionPtr& expression) {
  if (expression) TRY(resolve(expression));
  return {};
}

base::Result<> Analyzer::resolve_deciding(ExpressionPtr& expression) {
  bool before = std::exchange(values_decide_, true);
  auto resolved = resolve(expression);
  values_decide_ = before;
  return resolved;
}

base::Result<> Analyzer::resolve(ExpressionPtr& expression) {
  TRY(resolve_node(expression));
  result_.depends_on_values |= fold(expression, evaluator_);
  return {};
}

// Calls `visit` for each operand. Nodes that need more than that are handled in resolve_node before.
template <typename Visit>
struct Operands {
  Visit visit;
  template <typename T>
  base::Result<> operator()(T&) {
    return {};
  }
  base::Result<> operator()(AttributeAccess& node) { return visit(node.object); }
  base::Result<> operator()(Unary& node) { return visit(node.operand); }
  base::Result<> operator()(Binary& node) {
    TRY(visit(node.left));
    return visit(node.right);
  }
  base::Result<> operator()(ArrayComparison& node) {
    TRY(visit(node.left));
    TRY(visit(node.at_least));
    return visit(node.right);
  }
  base::Result<> operator()(Ternary& node) {
    TRY(visit(node.condition));
    TRY(visit(node.when_true));
    return visit(node.when_false);
  }
  base::Result<> operator()(Range& node) {
    TRY(visit(node.low));
    return visit(node.high);
  }
  base::Result<> operator()(ArrayLiteral& node) {
    for (ExpressionPtr& item : node.items) TRY(visit(item));
    return {};
  }
  base::Result<> operator()(ObjectLiteral& node) {
    for (ObjectLiteral::Attribute& attribute : node.attributes) {
      TRY(visit(attribute.computed_name));
      TRY(visit(attribute.value));
    }
    return {};
  }
};

base::Result<> Analyzer::resolve_node(ExpressionPtr& expression) {
  Expression& node = *expression;
  TRY(check_prune(node));
  if (node.get_if<Reference>()) return resolve_reference(expression);
  if (node.get_if<ParameterAccess>()) return resolve_parameter_access(expression);
  if (node.get_if<IndexedAccess>()) return resolve_indexed_access(expression);
  if (node.get_if<FunctionCall>()) return resolve_call(expression);
  if (Expansion* expansion = node.get_if<Expansion>()) return resolve_expansion(*expansion);
  if (QuestionMark* question = node.get_if<QuestionMark>()) return resolve_question_mark(*question);
  if (Subquery* subquery = node.get_if<Subquery>()) return walk(*subquery->query, false);
  if (node.get_if<Parameter>()) return resolve_parameter(expression);
  if (const CollectionParameter* collection = node.get_if<CollectionParameter>()) {
    std::string name = TRY(collection_parameter(collection->name, node.position));
    TRY(find_collection(name, node.position));
    return Error(ErrorCode::kQueryCollectionUsedInExpression,
                 fmt::format("collection '{}' used as expression operand{}", name, at(node.position)));
  }
  auto visit = [this](ExpressionPtr& operand) { return resolve_optional(operand); };
  return std::visit(Operands<decltype(visit)>{visit}, node.node);
}

base::Result<> Analyzer::resolve_reference(ExpressionPtr& expression) {
  Reference& reference = *expression->get_if<Reference>();
  if (reference.name.empty()) {  // the member of the expansion around it
    reference.variable = elements_.back();
    return {};
  }
  if (const Binding* binding = find(reference.name)) {
    reference.variable = binding->variable;
    return {};
  }
  if (catalog_.find_collection(reference.name)) {
    return Error(ErrorCode::kQueryCollectionUsedInExpression,
                 fmt::format("collection '{}' used as expression operand{}", reference.name, at(expression->position)));
  }
  if (std::ranges::find(own_of_collect_, reference.name) != own_of_collect_.end()) {
    return Error(ErrorCode::kQueryVariableNameUnknown,
                 fmt::format("unknown variable '{}': COLLECT does not see what it introduces itself{}", reference.name,
                             at(expression->position)));
  }
  if (ignores_existing_ && reference.name == "OLD") {
    return Error(
        ErrorCode::kQueryParse,
        fmt::format("OLD cannot be used after an INSERT with overwriteMode \"ignore\"{}", at(expression->position)));
  }
  // A name that is no variable can only be a collection's.
  return Error(ErrorCode::kCollectionNotFound,
               fmt::format("collection or view not found: {} (nor a variable of this name){}", reference.name,
                           at(expression->position)));
}

// object.@name: one attribute, or with an array of strings a path.
base::Result<> Analyzer::resolve_parameter_access(ExpressionPtr& expression) {
  ParameterAccess& access = *expression->get_if<ParameterAccess>();
  Position position = expression->position;
  TRY(resolve(access.object));
  value::Slice found = TRY(parameter(access.parameter, position));
  std::vector<std::string> path;
  if (found.is_string()) path.emplace_back(found.as_string());
  bool is_path = found.is_string() || (found.is_array() && found.size() > 0 && found.size() <= kMaxNesting);
  if (found.is_array() && is_path) {
    for (value::ArrayIterator item(found); item.valid() && is_path; item.next()) {
      is_path = item.value().is_string();
      if (is_path) path.emplace_back(item.value().as_string());
    }
  }
  if (!is_path) {
    return Error(ErrorCode::kQueryBindParameterType,
                 fmt::format("bind parameter '{}' has an invalid value or type: an attribute name or an array of them "
                             "is expected{}",
                             access.parameter, at(position)));
  }
  ExpressionPtr object = std::move(access.object);
  for (std::string& name : path) {
    object = make_expression(AttributeAccess{std::move(object), std::move(name)}, position);
  }
  expression = std::move(object);
  return {};
}

base::Result<> Analyzer::resolve_indexed_access(ExpressionPtr& expression) {
  IndexedAccess& access = *expression->get_if<IndexedAccess>();
  TRY(resolve(access.object));
  TRY(resolve(access.index));
  const Constant* constant = access.index->get_if<Constant>();
  if (constant == nullptr || !constant->value.slice().is_string()) return {};
  std::string name(constant->value.slice().as_string());
  ExpressionPtr object = std::move(access.object);
  Position position = expression->position;
  expression = make_expression(AttributeAccess{std::move(object), std::move(name)}, position);
  return {};
}

base::Result<> Analyzer::resolve_expansion(Expansion& expansion) {
  TRY(resolve(expansion.array));
  ElementScope element(*this);
  expansion.element = element.variable;
  TRY(resolve_optional(expansion.filter));
  TRY(resolve_optional(expansion.offset));
  TRY(resolve_optional(expansion.count));
  return resolve_optional(expansion.projection);
}

base::Result<> Analyzer::resolve_question_mark(QuestionMark& question) {
  TRY(resolve(question.array));
  TRY(resolve_optional(question.low));
  TRY(resolve_optional(question.high));
  ElementScope element(*this);
  question.element = element.variable;
  return resolve_optional(question.filter);
}

// A first argument that is a bare collection name.
base::Result<bool> Analyzer::resolve_collection_argument(FunctionCall& call, Position position) {
  if (call.arguments.empty()) return false;
  Expression& first = *call.arguments[0];
  std::string name;
  if (const Reference* reference = first.get_if<Reference>()) {
    if (find(reference->name) != nullptr) return false;
    name = reference->name;
  } else if (const CollectionParameter* parameter_node = first.get_if<CollectionParameter>()) {
    name = TRY(collection_parameter(parameter_node->name, first.position));
  } else {
    return false;
  }
  bool counts = call.name == "LENGTH" || call.name == "COUNT";
  if (!counts && (call.function->flags & functions::kTakesCollection) == 0) return false;
  TRY(find_collection(name, position));
  TRY(check_readable(name, position));
  read_.insert(name);
  call.arguments[0] = make_expression(CollectionReference{name}, first.position);
  if (counts) {  // LENGTH of a collection is the number of its documents, not of its name's characters
    call.name = "COLLECTION_COUNT";
    call.function = functions::find_function(call.name);
    if (call.function == nullptr)
      return Error(ErrorCode::kQueryFunctionNameUnknown, "usage of unknown function 'COLLECTION_COUNT()'");
  }
  return true;
}

base::Result<> Analyzer::resolve_call(ExpressionPtr& expression) {
  FunctionCall& call = *expression->get_if<FunctionCall>();
  Position position = expression->position;
  call.function = functions::find_function(call.name);
  if (call.function == nullptr) {
    bool is_user_defined = call.name.find("::") != std::string::npos;
    return Error(is_user_defined ? ErrorCode::kQueryFunctionNotFound : ErrorCode::kQueryFunctionNameUnknown,
                 fmt::format("{} '{}()'{}", is_user_defined ? "user function not found:" : "usage of unknown function",
                             call.name, at(position)));
  }
  size_t count = call.arguments.size();
  if (count < call.function->min_arguments || count > call.function->max_arguments) {
    return Error(ErrorCode::kQueryFunctionArgumentNumberMismatch,
                 fmt::format("invalid number of arguments for function '{}()', expected number of arguments: minimum: "
                             "{}, maximum: {}{}",
                             call.name, call.function->min_arguments,
                             call.function->max_arguments == functions::kUnlimited
                                 ? std::string("unlimited")
                                 : std::to_string(call.function->max_arguments),
                             at(position)));
  }
  bool took_collection = TRY(resolve_collection_argument(call, position));
  for (size_t i = took_collection ? 1 : 0; i < count; ++i) TRY(resolve(call.arguments[i]));
  if ((call.function->flags & functions::kReadsDocuments) != 0 && !written_.empty()) {
    return Error(ErrorCode::kQueryAccessAfterModification,
                 fmt::format("access after data-modification by function '{}()'{}", call.name, at(position)));
  }
  return {};
}

}  // namespace workerdb::aql::semantics
