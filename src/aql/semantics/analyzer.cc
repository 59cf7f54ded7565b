// Names: variables, parameters, collections.
#include "aql/semantics/analyzer.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::aql::semantics {

using base::Error;
using base::ErrorCode;
using syntax::VariableId;

std::string at(syntax::Position position) { return fmt::format(" at position {}:{}", position.line, position.column); }

base::Result<AnalyzedQuery> analyze(syntax::Query&& query, value::Slice bind_variables, const CatalogView& catalog,
                                    ConstantEvaluator* evaluator) {
  if (!bind_variables.is_null() && !bind_variables.is_object()) {
    return Error(ErrorCode::kQueryBindParametersInvalid, "bind parameters must be an object");
  }
  return Analyzer(bind_variables, catalog, evaluator).run(std::move(query));
}

base::Result<AnalyzedQuery> Analyzer::run(syntax::Query&& query) {
  TRY(walk(query, true));
  TRY(check_parameters());
  result_.query = std::move(query);
  result_.read_collections.assign(read_.begin(), read_.end());
  result_.written_collections.assign(written_.begin(), written_.end());
  return std::move(result_);
}

const Analyzer::Binding* Analyzer::find(std::string_view name) const {
  for (auto binding = bindings_.rbegin(); binding != bindings_.rend(); ++binding) {
    if (binding->name == name) return &*binding;
  }
  return nullptr;
}

VariableId Analyzer::new_variable(std::string_view name) {
  result_.variable_names.emplace_back(name);
  return VariableId(result_.variable_names.size() - 1);
}

base::Result<> Analyzer::declare(syntax::Declaration& declaration, const Block& block) {
  // No plan has room for so many, and each is looked for among all in front of it.
  constexpr size_t kMostVariables = 10'000;
  if (result_.variable_names.size() >= kMostVariables) {
    return Error(ErrorCode::kQueryTooMuchNesting, fmt::format("too many variables{}", at(declaration.position)));
  }
  const Binding* before = find(declaration.name);
  if (before != nullptr && !before->is_pseudo) {
    return Error(ErrorCode::kQueryVariableRedeclared,
                 fmt::format("variable '{}' is assigned multiple times{}", declaration.name, at(declaration.position)));
  }
  declaration.variable = new_variable(declaration.name);
  bindings_.push_back({declaration.name, declaration.variable, false, !block.has_loop});
  return {};
}

base::Result<> Analyzer::declare(syntax::Target& target, const Block& block) {
  if (target.kind == syntax::Target::Kind::kVariable) return declare(target.declaration, block);
  for (syntax::Target& part : target.parts) TRY(declare(part, block));
  return {};
}

VariableId Analyzer::declare_pseudo(const char* name) {
  VariableId variable = new_variable(name);
  const Binding* before = find(name);
  if (before == nullptr || before->is_pseudo) bindings_.push_back({name, variable, true, false});
  return variable;
}

base::Result<std::shared_ptr<const CollectionInfo>> Analyzer::find_collection(const std::string& name,
                                                                              syntax::Position position) {
  auto known = result_.collections.find(name);
  if (known != result_.collections.end()) return known->second;
  auto collection = catalog_.find_collection(name);
  if (!collection) {
    return Error(ErrorCode::kCollectionNotFound, fmt::format("collection or view not found: {}{}", name, at(position)));
  }
  if (result_.collections.size() >= kMaxCollections) {
    return Error(ErrorCode::kQueryTooManyCollections,
                 fmt::format("too many collections/shards: more than {}", kMaxCollections));
  }
  result_.collections.emplace(name, collection);
  return collection;
}

base::Result<> Analyzer::check_readable(const std::string& collection, syntax::Position position) const {
  if (!written_.contains(collection)) return {};
  return Error(ErrorCode::kQueryAccessAfterModification,
               fmt::format("access after data-modification by collection '{}'{}", collection, at(position)));
}

base::Result<value::Slice> Analyzer::find_parameter(const std::string& name, syntax::Position position,
                                                    size_t& number) {
  value::Slice found = bind_variables_.is_object() ? bind_variables_.get(name) : value::Slice();
  if (found.is_none()) {
    return Error(ErrorCode::kQueryBindParameterMissing,
                 fmt::format("no value specified for declared bind parameter '{}'{}", name, at(position)));
  }
  auto& uses = result_.parameters;
  auto [known, is_new] = parameter_numbers_.try_emplace(name, uses.size());
  if (is_new) uses.push_back({name});
  number = known->second;
  return found;
}

base::Result<value::Slice> Analyzer::parameter(const std::string& name, syntax::Position position) {
  size_t number = 0;
  value::Slice found = TRY(find_parameter(name, position, number));
  result_.parameters[number].decides = true;
  return found;
}

base::Result<> Analyzer::resolve_parameter(syntax::ExpressionPtr& expression) {
  const std::string& name = expression->get_if<syntax::Parameter>()->name;
  size_t number = 0;
  value::Slice found = TRY(find_parameter(name, expression->position, number));
  ParameterUse& use = result_.parameters[number];
  use.decides |= values_decide_;
  use.as_value += values_decide_ ? 0 : 1;
  uint32_t tag = values_decide_ ? 0 : uint32_t(number + 1);
  expression = syntax::make_expression(syntax::Constant{value::Buffer(found), tag}, expression->position);
  return {};
}

base::Result<std::string> Analyzer::collection_parameter(const std::string& name, syntax::Position position) {
  value::Slice found = TRY(parameter("@" + name, position));
  if (!found.is_string() || found.as_string().empty()) {
    return Error(
        ErrorCode::kQueryBindParameterType,
        fmt::format("bind parameter '@{}' has an invalid value or type: the name of a collection is expected{}", name,
                    at(position)));
  }
  return std::string(found.as_string());
}

base::Result<> Analyzer::resolve(syntax::CollectionName& name) {
  if (name.is_parameter) {
    name.name = TRY(collection_parameter(name.name, name.position));
    name.is_parameter = false;
  }
  TRY(find_collection(name.name, name.position));
  return {};
}

base::Result<> Analyzer::check_parameters() const {
  for (value::ObjectIterator given(bind_variables_); given.valid(); given.next()) {
    if (parameter_numbers_.contains(std::string(given.name()))) continue;
    return Error(ErrorCode::kQueryBindParameterUndeclared,
                 fmt::format("bind parameter '{}' was not declared in the query", given.name()));
  }
  return {};
}

}  // namespace workerdb::aql::semantics
