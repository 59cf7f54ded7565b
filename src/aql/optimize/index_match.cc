#include "aql/optimize/index_match.h"

#include <algorithm>
#include <cmath>

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

using plan::IndexCondition;
using plan::IndexInfo;
using syntax::BinaryOperator;

namespace {

constexpr double kRangeShare = 0.3, kUnknownListLength = 10, kLeastDocuments = 100;

using Comparisons = std::vector<Comparison>;

const value::Buffer* constant(const Expression& expression) {
  const auto* found = expression.get_if<syntax::Constant>();
  return found == nullptr ? nullptr : &found->value;
}

bool is_about(const Comparison& comparison, const IndexInfo::Field& field) {
  return comparison.path == field.path && comparison.expanded == field.expanded &&
         comparison.member_path == field.member_path;
}

// The comparison keeps out documents that lack the attribute, or have null in it.
bool excludes_null(const Comparison& comparison) {
  const value::Buffer* value = constant(*comparison.value);
  switch (comparison.op) {
    case BinaryOperator::kGreater: return true;  // nothing is less than null
    case BinaryOperator::kNotEqual: return value != nullptr && value->slice().is_null();
    case BinaryOperator::kEqual:
    case BinaryOperator::kGreaterEqual: return value != nullptr && !value->slice().is_null();
    case BinaryOperator::kIn:
      if (value == nullptr || !value->slice().is_array()) return false;
      for (value::ArrayIterator member(value->slice()); member.valid(); member.next()) {
        if (member.value().is_null()) return false;
      }
      return true;
    default: return false;
  }
}

double list_length(const Expression& list) {
  const value::Buffer* value = constant(list);
  if (value != nullptr) return value->slice().is_array() ? double(value->slice().size()) : 0;
  const auto* literal = list.get_if<syntax::ArrayLiteral>();
  return literal != nullptr ? double(literal->items.size()) : kUnknownListLength;
}

// One alternative looked up in one index.
struct Lookup {
  IndexCondition condition;
  double rows = 0;
  size_t fields = 0;
};

double rows_of(const plan::CollectionInfo& collection, const IndexInfo& index, const IndexCondition& condition) {
  double documents = std::max(kLeastDocuments, double(collection.document_count)), rows = documents;
  if (!condition.equal.empty()) {
    bool is_whole = condition.equal.size() == index.fields.size() || index.type == "edge";
    double share = is_whole ? 1 : double(condition.equal.size()) / double(index.fields.size());
    double selectivity = index.type == "primary" || (index.unique && is_whole) ? 1 : index.selectivity;
    rows = documents / std::max(1.0, std::pow(std::max(1.0, documents * selectivity), share));
    if (condition.in_position) rows *= std::max(1.0, list_length(*condition.equal[*condition.in_position]));
  }
  if (condition.lower || condition.upper) rows *= condition.lower && condition.upper ? kRangeShare / 2 : kRangeShare;
  return rows;
}

// Takes == or, once, IN of a field; false if there is neither.
bool take_equality(const IndexInfo::Field& field, const Comparisons& comparisons, IndexCondition& to) {
  const Comparison* found = nullptr;
  for (const Comparison& comparison : comparisons) {
    if (!is_about(comparison, field)) continue;
    if (comparison.op == BinaryOperator::kEqual) {
      found = &comparison;
      break;
    }
    if (comparison.op == BinaryOperator::kIn && found == nullptr && !to.in_position) found = &comparison;
  }
  if (found == nullptr) return false;
  if (found->op == BinaryOperator::kIn) to.in_position = to.equal.size();
  to.equal.push_back(syntax::clone(*found->value));
  return true;
}

bool is_null(const Expression& value) { return constant(value) != nullptr && constant(value)->slice().is_null(); }

// `!= null` is the whole of a sparse index, which is worth a scan of it; of another one it is no restriction
// to speak of.
bool take_range(const IndexInfo::Field& field, const Comparisons& comparisons, bool is_sparse, IndexCondition& to) {
  if (field.expanded) return false;
  for (const Comparison& comparison : comparisons) {
    if (!is_about(comparison, field)) continue;
    bool is_lower = comparison.op == BinaryOperator::kGreater || comparison.op == BinaryOperator::kGreaterEqual ||
                    (is_sparse && comparison.op == BinaryOperator::kNotEqual && is_null(*comparison.value));
    bool is_upper = comparison.op == BinaryOperator::kLess || comparison.op == BinaryOperator::kLessEqual;
    if (is_lower && !to.lower) {
      to.lower = syntax::clone(*comparison.value);
      to.lower_inclusive = comparison.op == BinaryOperator::kGreaterEqual;
    } else if (is_upper && !to.upper) {
      to.upper = syntax::clone(*comparison.value);
      to.upper_inclusive = comparison.op == BinaryOperator::kLessEqual;
    }
  }
  return to.lower != nullptr || to.upper != nullptr;
}

std::optional<Lookup> look_up_persistent(const IndexInfo& index, const Comparisons& comparisons) {
  if (index.type != "persistent") return std::nullopt;
  Lookup result;
  size_t at = 0;
  while (at < index.fields.size() && take_equality(index.fields[at], comparisons, result.condition)) ++at;
  if (at < index.fields.size() && take_range(index.fields[at], comparisons, index.sparse, result.condition)) ++at;
  if (at == 0) return std::nullopt;
  result.fields = at;
  for (size_t i = 0; i < index.fields.size(); ++i) {
    const IndexInfo::Field& field = index.fields[i];
    // Documents with an empty array, or none, have no entry.
    if (field.expanded && i >= result.condition.equal.size()) return std::nullopt;
    if (!index.sparse || field.expanded) continue;
    bool excluded = std::ranges::any_of(comparisons, [&](const Comparison& comparison) {
      return is_about(comparison, field) && excludes_null(comparison);
    });
    if (!excluded) return std::nullopt;
  }
  return result;
}

// Primary (_key, _id) and edge indexes (_from, _to): one of two attributes, which edge_field names.
std::optional<Lookup> look_up_one_of(const IndexInfo& index, const Comparisons& comparisons) {
  bool is_primary = index.type == "primary";
  if (!is_primary && index.type != "edge") return std::nullopt;
  std::optional<Lookup> best;
  const char* names[2] = {is_primary ? "_key" : "_from", is_primary ? "_id" : "_to"};
  for (uint8_t which = 0; which < 2; ++which) {
    IndexInfo::Field field{{names[which]}, false, {}};
    Lookup lookup;
    lookup.fields = 1;
    lookup.condition.edge_field = which;
    bool is_equal = take_equality(field, comparisons, lookup.condition);
    if (!is_equal && !(is_primary && which == 0 && take_range(field, comparisons, false, lookup.condition))) continue;
    bool is_better = !best || (best->condition.equal.empty() && is_equal) ||
                     (best->condition.in_position && is_equal && !lookup.condition.in_position);
    if (is_better) best = std::move(lookup);
  }
  return best;
}

bool same_optional(const ExpressionPtr& left, const ExpressionPtr& right) {
  if (left == nullptr || right == nullptr) return left == right;
  return plan::same_expression(*left, *right);
}

// All that `narrow` finds, `wide` finds as well.
bool includes(const IndexCondition& wide, const IndexCondition& narrow) {
  if (wide.edge_field != narrow.edge_field || wide.equal.size() > narrow.equal.size()) return false;
  for (size_t i = 0; i < wide.equal.size(); ++i) {
    if ((wide.in_position == i) != (narrow.in_position == i)) return false;
    if (!plan::same_expression(*wide.equal[i], *narrow.equal[i])) return false;
  }
  if (!wide.lower && !wide.upper) return true;
  return wide.equal.size() == narrow.equal.size() && same_optional(wide.lower, narrow.lower) &&
         same_optional(wide.upper, narrow.upper) && wide.lower_inclusive == narrow.lower_inclusive &&
         wide.upper_inclusive == narrow.upper_inclusive;
}

void add_condition(std::vector<IndexCondition>& to, IndexCondition condition) {
  for (const IndexCondition& there : to) {
    if (includes(there, condition)) return;
  }
  std::erase_if(to, [&](const IndexCondition& there) { return includes(condition, there); });
  to.push_back(std::move(condition));
}

std::optional<IndexMatch> match(const plan::CollectionInfo& collection, const std::shared_ptr<const IndexInfo>& index,
                                const std::vector<Comparisons>& alternatives) {
  IndexMatch result;
  result.index = index;
  result.fields = SIZE_MAX;
  for (const Comparisons& comparisons : alternatives) {
    auto lookup = look_up_one_of(*index, comparisons);
    if (!lookup) lookup = look_up_persistent(*index, comparisons);
    if (!lookup) return std::nullopt;
    result.fields = std::min(result.fields, lookup->fields);
    add_condition(result.conditions, std::move(lookup->condition));
  }
  for (const IndexCondition& condition : result.conditions) result.rows += rows_of(collection, *index, condition);
  return result;
}

// What reading with the index costs, a SORT behind it included.
double cost(const IndexMatch& match, bool is_sorted_behind) {
  double result = match.rows * 1.5 + double(match.conditions.size());
  if (is_sorted_behind && !match.gives_order) result += match.rows * std::log2(match.rows + 1);
  return result;
}

bool is_better(const IndexMatch& left, const IndexMatch& right, bool is_sorted_behind) {
  double left_cost = cost(left, is_sorted_behind), right_cost = cost(right, is_sorted_behind);
  if (std::abs(left_cost - right_cost) > 0.01 * std::max(left_cost, right_cost)) return left_cost < right_cost;
  if (left.fields != right.fields) return left.fields > right.fields;
  if (left.index->unique != right.index->unique) return left.index->unique;
  return left.index->fields.size() < right.index->fields.size();
}

// Its place among the hints, those that are not hinted last.
size_t hint_rank(const plan::ScanHints& hints, const IndexInfo& index) {
  auto found = std::ranges::find(hints.index_hint, index.name);
  return size_t(found - hints.index_hint.begin());
}

}  // namespace

bool may_use(const plan::ScanHints& hints, const IndexInfo& index) {
  if (hints.disable_index) return false;
  return !hints.force_index_hint || hints.index_hint.empty() || hint_rank(hints, index) < hints.index_hint.size();
}

namespace {

// Each alternative by the index that serves it best; nothing if one of them has none, or that were no less than all.
std::optional<IndexMatch> several_indexes(const plan::EnumerateCollection& scan,
                                          const std::vector<Comparisons>& alternatives) {
  if (alternatives.size() < 2) return std::nullopt;
  IndexMatch result;
  result.fields = SIZE_MAX;
  for (const Comparisons& comparisons : alternatives) {
    std::optional<IndexMatch> best;
    for (const auto& index : scan.collection->indexes) {
      if (!may_use(scan.hints, *index)) continue;
      auto found = match(*scan.collection, index, {comparisons});
      if (found && (!best || is_better(*found, *best, false))) best = std::move(found);
    }
    if (!best) return std::nullopt;
    result.rows += best->rows;
    result.fields = std::min(result.fields, best->fields);
    for (IndexCondition& condition : best->conditions) {
      condition.index = best->index;
      result.conditions.push_back(std::move(condition));
    }
  }
  result.index = result.conditions[0].index;
  if (cost(result, false) > std::max(kLeastDocuments, double(scan.collection->document_count))) return std::nullopt;
  return result;
}

}  // namespace

std::optional<IndexMatch> best_index(const Plan& chain, size_t position) {
  const auto& scan = *chain.nodes[position]->get_if<plan::EnumerateCollection>();
  std::vector<VariableId> unknown = set_from(chain, position);
  std::vector<Comparisons> looked_for;
  for (const Conjunction& conjunction : alternatives(conditions_behind(chain, position))) {
    Comparisons comparisons;
    for (const Expression* condition : conjunction) {
      auto comparison = as_comparison(*condition, scan.output.variable, unknown);
      if (comparison) comparisons.push_back(std::move(*comparison));
    }
    looked_for.push_back(std::move(comparisons));
  }
  auto sort_position = sort_served_by(chain, position);
  std::optional<IndexMatch> best;
  for (const auto& index : scan.collection->indexes) {
    if (!may_use(scan.hints, *index)) continue;
    auto found = match(*scan.collection, index, looked_for);
    if (!found) continue;
    if (sort_position && found->conditions.size() == 1) {
      bool backward = false;
      const auto& keys = chain.nodes[*sort_position]->get_if<plan::Sort>()->keys;
      found->gives_order = gives_order(*index, &found->conditions[0], keys, scan.output.variable, backward);
    }
    size_t rank = hint_rank(scan.hints, *index), best_rank = best ? hint_rank(scan.hints, *best->index) : SIZE_MAX;
    if (rank < best_rank || (rank == best_rank && is_better(*found, *best, sort_position.has_value()))) {
      best = std::move(found);
    }
  }
  if (!best) best = several_indexes(scan, looked_for);
  return best;
}

bool gives_order(const IndexInfo& index, const IndexCondition* condition, const std::vector<plan::SortKey>& keys,
                 VariableId loop_variable, bool& backward) {
  bool is_primary = index.type == "primary";
  if (!is_primary && index.type != "persistent") return false;
  if (std::ranges::any_of(index.fields, &IndexInfo::Field::expanded)) return false;
  if (is_primary && condition != nullptr && condition->edge_field == 1) return keys.empty();
  size_t equal = condition != nullptr ? condition->equal.size() : 0, field = 0;
  auto is_fixed = [&](size_t which) { return which < equal && condition->in_position != which; };
  std::optional<bool> ascending;
  for (const plan::SortKey& key : keys) {
    auto path = plan::attribute_path(*key.expression, loop_variable);
    if (!path) return false;
    bool is_same_everywhere = false;
    for (size_t i = 0; i < equal && !is_same_everywhere; ++i)
      is_same_everywhere = is_fixed(i) && index.fields[i].path == *path;
    if (is_same_everywhere) continue;
    while (is_fixed(field)) ++field;
    if (field >= index.fields.size() || index.fields[field].path != *path) return false;
    if (ascending && *ascending != key.ascending) return false;
    ascending = key.ascending;
    ++field;
  }
  backward = !ascending.value_or(true);
  return true;
}

std::optional<size_t> sort_served_by(const Plan& chain, size_t position) {
  if (!has_single_row(chain, position)) return std::nullopt;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    if (chain.nodes[i]->get_if<plan::Sort>()) return i;
    if (!lets_filters_pass(*chain.nodes[i])) return std::nullopt;
    const auto* scan = chain.nodes[i]->get_if<plan::EnumerateCollection>();
    if (scan != nullptr && scan->random) return std::nullopt;
  }
  return std::nullopt;
}

bool implies(const IndexInfo& index, const IndexCondition& condition, const Comparison& comparison) {
  bool is_primary = index.type == "primary", is_edge = index.type == "edge";
  std::vector<IndexInfo::Field> named;
  if (is_primary || is_edge) {
    const char* names[2] = {is_primary ? "_key" : "_from", is_primary ? "_id" : "_to"};
    named.push_back({{names[condition.edge_field]}, false, {}});
  }
  const auto& fields = named.empty() ? index.fields : named;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!is_about(comparison, fields[i])) continue;
    if (i < condition.equal.size()) {
      if (!plan::same_expression(*condition.equal[i], *comparison.value)) return false;
      return comparison.op == (condition.in_position == i ? BinaryOperator::kIn : BinaryOperator::kEqual);
    }
    if (i > condition.equal.size()) return false;
    if (comparison.op == BinaryOperator::kNotEqual && is_null(*comparison.value)) {
      return condition.lower != nullptr && !condition.lower_inclusive;  // nothing is less than null
    }
    auto is_bound = [&](const ExpressionPtr& bound, bool inclusive, BinaryOperator with, BinaryOperator without) {
      return bound != nullptr && comparison.op == (inclusive ? with : without) &&
             plan::same_expression(*bound, *comparison.value);
    };
    return is_bound(condition.lower, condition.lower_inclusive, BinaryOperator::kGreaterEqual,
                    BinaryOperator::kGreater) ||
           is_bound(condition.upper, condition.upper_inclusive, BinaryOperator::kLessEqual, BinaryOperator::kLess);
  }
  return false;
}

}  // namespace workerdb::aql::optimize
