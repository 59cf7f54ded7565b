// Rows and costs: rough, monotonic, enough to compare two ways of doing the same.
#include <algorithm>
#include <cmath>

#include "aql/plan/build.h"
#include "aql/plan/join_lookup.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

namespace {

constexpr double kFilterShare = 0.5, kGroupShare = 0.2, kUnknownListLength = 100, kRangeShare = 0.3;

double list_length(const syntax::Expression& list) {
  if (const auto* constant = list.get_if<syntax::Constant>())
    return double(constant->value.slice().is_array() ? constant->value.slice().size() : 0);
  if (const auto* literal = list.get_if<syntax::ArrayLiteral>()) return double(literal->items.size());
  const auto* range = list.get_if<syntax::Range>();
  const auto* low = range != nullptr ? range->low->get_if<syntax::Constant>() : nullptr;
  const auto* high = range != nullptr ? range->high->get_if<syntax::Constant>() : nullptr;
  if (low == nullptr || high == nullptr || !low->value.slice().is_number() || !high->value.slice().is_number()) {
    return kUnknownListLength;
  }
  return std::abs(high->value.slice().as_double() - low->value.slice().as_double()) + 1;
}

// Entries that one condition of an index finds in a collection.
double matches(const IndexScan& scan, const IndexCondition& condition) {
  const IndexInfo& index = scan.index_of(condition);
  double rows = double(scan.collection->document_count);
  if (!condition.equal.empty()) {
    double share = double(condition.equal.size()) / double(std::max<size_t>(1, index.fields.size()));
    bool is_edge = index.type == "edge";
    double distinct = std::max(1.0, std::pow(std::max(1.0, rows * index.selectivity), is_edge ? 1.0 : share));
    rows = std::max(std::min(rows, 1.0), rows / distinct);
    if (condition.in_position) rows *= list_length(*condition.equal[*condition.in_position]);
  }
  if (condition.lower || condition.upper) rows *= condition.lower && condition.upper ? kRangeShare / 2 : kRangeShare;
  return rows;
}

constexpr uint64_t kDeepestEstimate = 20;
constexpr double kUsualPathLength = 10;

// Edges of one vertex.
double degree(const CollectionInfo& collection) {
  for (const auto& index : collection.indexes) {
    if (index->type == "edge") return 1 / std::max(index->selectivity, 1e-6);
  }
  return 1;
}

struct Effect {
  double rows;  // that come in
  double out(const Singleton&) const { return 1; }
  double out(const EnumerateCollection& node) const { return rows * double(node.collection->document_count); }
  double out(const IndexScan& node) const {
    double found = node.conditions.empty() ? double(node.collection->document_count) : 0;
    for (const IndexCondition& condition : node.conditions) found += matches(node, condition);
    if (node.limit != 0) found = std::min(found, double(node.limit));
    return rows * std::min(found, double(node.collection->document_count));
  }
  // Each vertex leads to as many others as edges share a vertex; deep traversals meet most of the graph again.
  double out(const Traversal& node) const {
    double branches = 0, edges = 0;
    for (const auto& one : node.scope.edges) {
      edges += double(one.collection->document_count);
      branches += degree(*one.collection) * (one.direction == syntax::Direction::kAny ? 2 : 1);
    }
    double found = node.least_depth == 0 ? 1 : 0, level = 1;
    for (uint64_t depth = 1; depth <= node.largest_depth && depth <= kDeepestEstimate; ++depth) {
      level = std::min(level * branches, edges * double(depth));
      if (depth >= node.least_depth) found += level;
    }
    return rows * std::max(1.0, found);
  }
  double out(const ShortestPath&) const { return rows * kUsualPathLength; }
  double out(const EnumeratePaths&) const { return rows * kUsualPathLength; }
  double out(const EnumerateView& node) const {
    return rows * double(node.view->document_count) * (node.condition ? kRangeShare : 1);
  }
  double out(const EnumerateList& node) const { return rows * list_length(*node.list); }
  double out(const Filter&) const { return rows * kFilterShare; }
  double out(const Limit& node) const {
    return std::min(std::max(0.0, rows - double(node.offset)), double(node.count));
  }
  double out(const Sort& node) const { return node.limit != 0 ? std::min(rows, double(node.limit)) : rows; }
  double out(const Collect& node) const { return node.groups.empty() ? 1 : std::max(1.0, rows * kGroupShare); }
  double out(const NoResults&) const { return 0; }
  template <typename T>
  double out(const T&) const {
    return rows;
  }
};

// A table takes more than a scan for each document, and little for each row that looks for one or is found.
bool may_be_table(const IndexScan& scan) {
  return scan.collection->document_count >= kLeastDocumentsOfTable && looks_up_one_value(scan);
}

double estimate_from(Plan& plan, double rows) {
  double cost = 0;
  for (NodePtr& node : plan.nodes) {
    Effect effect{rows};
    double out = std::visit([&](const auto& kind) { return effect.out(kind); }, node->kind);
    double work = std::max(rows, out);
    if (node->get_if<Sort>()) work = rows * std::max(1.0, std::log2(std::max(1.0, rows)));
    if (const IndexScan* scan = node->get_if<IndexScan>()) {
      work = rows * 2 + out * (scan->covers ? 1 : 1.5);
      if (may_be_table(*scan)) work = std::min(work, double(scan->collection->document_count) * 2 + (rows + out) / 4);
    }
    if (Plan* inner = subplan(*node)) {
      double each = estimate_from(*inner, 1);
      const Subquery* subquery = node->get_if<Subquery>();
      work += each * (subquery != nullptr && subquery->is_constant ? 1 : rows);
    }
    const ScanOutput* output = scan_output(*node);
    if (output != nullptr && output->filter) out *= kFilterShare;
    cost += work;
    node->estimated_rows = out;
    node->estimated_cost = cost;
    rows = out;
  }
  return cost;
}

}  // namespace

void estimate(Plan& plan) { estimate_from(plan, 1); }

}  // namespace workerdb::aql::plan
