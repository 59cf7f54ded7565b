#include "aql/optimize/conditions.h"

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

using syntax::Binary;
using syntax::BinaryOperator;

namespace {

constexpr size_t kMaxAlternatives = 32;

std::optional<BinaryOperator> turned_around(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kEqual:
    case BinaryOperator::kNotEqual: return op;
    case BinaryOperator::kLess: return BinaryOperator::kGreater;
    case BinaryOperator::kLessEqual: return BinaryOperator::kGreaterEqual;
    case BinaryOperator::kGreater: return BinaryOperator::kLess;
    case BinaryOperator::kGreaterEqual: return BinaryOperator::kLessEqual;
    default: return std::nullopt;
  }
}

bool is_known(const Expression& value, const std::vector<VariableId>& unknown) {
  return plan::is_deterministic(value) && !uses_any(value, unknown);
}

// document.array, document.array[*] or document.array[*].a.b as the side of a comparison with a member.
std::optional<Comparison> member_of(const Expression& array, VariableId loop_variable, const Expression& value) {
  Comparison result{{}, true, {}, BinaryOperator::kEqual, &value};
  const Expression* whole = &array;
  if (const auto* expansion = array.get_if<syntax::Expansion>()) {
    if (expansion->levels != 1 || expansion->filter || expansion->offset || expansion->count) return std::nullopt;
    if (expansion->projection && !plan::is_reference_to(*expansion->projection, expansion->element)) {
      auto below = plan::attribute_path(*expansion->projection, expansion->element);
      if (!below) return std::nullopt;
      result.member_path = std::move(*below);
    }
    whole = expansion->array.get();
  }
  auto path = plan::attribute_path(*whole, loop_variable);
  if (!path) return std::nullopt;
  result.path = std::move(*path);
  return result;
}

// Where both sides are attributes of known variables, the loop's own is the one that is looked for.
std::optional<Comparison> from_binary(const Binary& binary, VariableId loop_variable,
                                      const std::vector<VariableId>& unknown) {
  auto turned = turned_around(binary.op);
  if (!turned && binary.op != BinaryOperator::kIn) return std::nullopt;
  if (auto path = plan::attribute_path(*binary.left, loop_variable); path && is_known(*binary.right, unknown)) {
    return Comparison{std::move(*path), false, {}, binary.op, binary.right.get()};
  }
  if (!is_known(*binary.left, unknown)) return std::nullopt;
  if (!turned) return member_of(*binary.right, loop_variable, *binary.left);
  auto path = plan::attribute_path(*binary.right, loop_variable);
  if (!path) return std::nullopt;
  return Comparison{std::move(*path), false, {}, *turned, binary.left.get()};
}

std::vector<Conjunction> alternatives_of(const Expression& condition);

// All of both sides. Nothing if that were too many.
std::optional<std::vector<Conjunction>> combine(const std::vector<Conjunction>& left,
                                                const std::vector<Conjunction>& right) {
  if (left.size() * right.size() > kMaxAlternatives) return std::nullopt;
  std::vector<Conjunction> result;
  for (const Conjunction& first : left) {
    for (const Conjunction& second : right) {
      Conjunction both = first;
      both.insert(both.end(), second.begin(), second.end());
      result.push_back(std::move(both));
    }
  }
  return result;
}

std::vector<Conjunction> alternatives_of(const Expression& condition) {
  const Binary* binary = condition.get_if<Binary>();
  if (binary != nullptr && binary->op == BinaryOperator::kOr) {
    auto result = alternatives_of(*binary->left), more = alternatives_of(*binary->right);
    result.insert(result.end(), more.begin(), more.end());
    if (result.size() <= kMaxAlternatives) return result;
  } else if (binary != nullptr && binary->op == BinaryOperator::kAnd) {
    std::vector<const Expression*> parts;
    split_conjunction(condition, parts);
    return alternatives(parts);
  }
  return {{&condition}};
}

}  // namespace

std::optional<Comparison> as_comparison(const Expression& condition, VariableId loop_variable,
                                        const std::vector<VariableId>& unknown) {
  if (const Binary* binary = condition.get_if<Binary>()) return from_binary(*binary, loop_variable, unknown);
  const auto* array = condition.get_if<syntax::ArrayComparison>();
  if (array == nullptr || array->quantifier != syntax::Quantifier::kAny || array->op != BinaryOperator::kEqual) {
    return std::nullopt;
  }
  if (!is_known(*array->right, unknown)) return std::nullopt;
  return member_of(*array->left, loop_variable, *array->right);
}

std::vector<Conjunction> alternatives(const std::vector<const Expression*>& conditions) {
  std::vector<Conjunction> result = {{}};
  for (const Expression* condition : conditions) {
    auto combined = combine(result, alternatives_of(*condition));
    if (!combined) combined = combine(result, {{condition}});
    result = std::move(*combined);
  }
  return result;
}

std::vector<const Expression*> conditions_behind(const Plan& chain, size_t position) {
  std::vector<const Expression*> result;
  for (size_t i = position + 1; i < chain.nodes.size() && lets_filters_pass(*chain.nodes[i]); ++i) {
    if (const auto* filter = chain.nodes[i]->get_if<plan::Filter>()) split_conjunction(*filter->condition, result);
  }
  return result;
}

}  // namespace workerdb::aql::optimize
