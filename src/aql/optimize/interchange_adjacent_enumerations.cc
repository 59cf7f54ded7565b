// interchange-adjacent-enumerations: loops over collections that stand behind each other, filters in between aside, are
// put in the order in which the least documents are read, by the indexes that would serve each and by how many
// documents the filters are likely to leave.
#include <algorithm>

#include "aql/optimize/index_match.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// Estimates are rough: the user's order stays unless another one is clearly better.
constexpr double kClearlyBetter = 0.5, kEqualShare = 0.1, kOtherShare = 0.5, kLookupCost = 2;
// Below that the order is worth a plan of its own.
constexpr double kBetter = 0.99;
constexpr size_t kMaxLoops = 5, kMostPermuted = 4;

struct Order {
  std::vector<uint32_t> loops;  // ids of nodes
  double cost;
  bool may_win = false;
};

bool is_plain_scan(const Node& node) {
  const auto* scan = node.get_if<plan::EnumerateCollection>();
  return scan != nullptr && !scan->random && scan->output.filter == nullptr;
}
// A filter that may stand in front of another one: it neither warns nor fails.
bool is_free_filter(const Node& node) {
  const auto* filter = node.get_if<plan::Filter>();
  return filter != nullptr && plan::is_simple(*filter->condition) && plan::is_deterministic(*filter->condition);
}

// Loops from `begin` to `end` of a chain with the filters behind them.
class Reordering {
 public:
  Reordering(Plan& chain, size_t begin, size_t end) : chain_(chain), begin_(begin), end_(end) {}

  // The given order first. The chain stays as it is.
  std::vector<Order> orders(bool all) {
    std::vector<NodePtr> before = take();
    std::vector<Node*> as_it_was = pointers(before);
    split(std::move(before));
    std::vector<Node*> given = pointers(loops_);
    std::vector<Order> result = {{ids(given), cost_of(given)}};
    for (const std::vector<Node*>& order : all&& given.size() <= kMostPermuted ? permutations(given) : good_orders()) {
      if (order != given) result.push_back({ids(order), cost_of(order)});
    }
    restore(as_it_was);
    return result;
  }

  void arrange_as(const std::vector<uint32_t>& order) {
    std::vector<Node*> nodes;
    for (uint32_t id : order) {
      for (size_t i = begin_; i < end_; ++i) {
        if (chain_.nodes[i]->id == id) nodes.push_back(chain_.nodes[i].get());
      }
    }
    arrange(nodes);
    put_back();
  }

  // The first loop may come in an order that spares a SORT behind.
  bool loses_an_order() const {
    auto sort = sort_served_by(chain_, begin_);
    if (!sort) return false;
    const auto& scan = *chain_.nodes[begin_]->get_if<plan::EnumerateCollection>();
    const auto& keys = chain_.nodes[*sort]->get_if<plan::Sort>()->keys;
    bool backward = false;
    return std::ranges::any_of(scan.collection->indexes, [&](const auto& index) {
      return !index->sparse && may_use(scan.hints, *index) &&
             gives_order(*index, nullptr, keys, scan.output.variable, backward);
    });
  }

 private:
  static std::vector<uint32_t> ids(const std::vector<Node*>& nodes) {
    std::vector<uint32_t> result;
    for (const Node* node : nodes) result.push_back(node->id);
    return result;
  }
  static std::vector<std::vector<Node*>> permutations(std::vector<Node*> nodes) {
    std::vector<std::vector<Node*>> result;
    std::ranges::sort(nodes);
    do result.push_back(nodes);
    while (std::ranges::next_permutation(nodes).found);
    return result;
  }
  std::vector<NodePtr> take() {
    auto first = chain_.nodes.begin() + ptrdiff_t(begin_), last = chain_.nodes.begin() + ptrdiff_t(end_);
    std::vector<NodePtr> taken(std::make_move_iterator(first), std::make_move_iterator(last));
    return taken;
  }
  void split(std::vector<NodePtr> nodes) {
    for (NodePtr& node : nodes) (node->get_if<plan::Filter>() ? filters_ : loops_).push_back(std::move(node));
  }
  static std::vector<Node*> pointers(const std::vector<NodePtr>& nodes) {
    std::vector<Node*> result;
    for (const NodePtr& node : nodes) result.push_back(node.get());
    return result;
  }
  // The chain with the loops in this order and all filters behind them.
  void arrange(const std::vector<Node*>& order) {
    reclaim();
    size_t at = begin_;
    for (Node* wanted : order) {
      auto found = std::ranges::find_if(loops_, [&](const NodePtr& loop) { return loop.get() == wanted; });
      chain_.nodes[at++] = std::move(*found);
      loops_.erase(found);
    }
    for (NodePtr& filter : filters_) chain_.nodes[at++] = std::move(filter);
    filters_.clear();
  }
  void restore(const std::vector<Node*>& nodes) {
    reclaim();
    std::ranges::move(filters_, std::back_inserter(loops_));
    filters_.clear();
    for (size_t i = 0; i < nodes.size(); ++i) {
      auto found = std::ranges::find_if(loops_, [&](const NodePtr& node) { return node.get() == nodes[i]; });
      chain_.nodes[begin_ + i] = std::move(*found);
      loops_.erase(found);
    }
  }
  void reclaim() {
    if (!loops_.empty()) return;
    split(take());
  }

  double cost_of(const std::vector<Node*>& order) {
    arrange(order);
    double rows = 1, cost = 0;
    for (size_t i = begin_; i < begin_ + order.size(); ++i) {
      const auto& scan = *chain_.nodes[i]->get_if<plan::EnumerateCollection>();
      auto match = best_index(chain_, i);
      double documents = std::max(1.0, double(scan.collection->document_count));
      double read = match ? match->rows * 1.5 + kLookupCost : documents;
      cost += rows * read;
      rows *= (match ? std::min(match->rows, documents) : documents) * share_left(i, match);
    }
    reclaim();
    return cost + rows;
  }
  // Of the rows that the loop at the position makes, how many pass the filters that can be asked there first.
  double share_left(size_t position, const std::optional<IndexMatch>& match) const {
    std::vector<VariableId> unknown = set_from(chain_, position + 1);
    VariableId own = chain_.nodes[position]->get_if<plan::EnumerateCollection>()->output.variable;
    double share = 1;
    for (size_t i = position + 1; i < end_; ++i) {
      const auto* filter = chain_.nodes[i]->get_if<plan::Filter>();
      if (filter == nullptr) continue;
      std::vector<const Expression*> parts;
      split_conjunction(*filter->condition, parts);
      for (const Expression* part : parts) {
        if (uses_any(*part, unknown) || !plan::uses_variable(*part, own)) continue;
        const auto* binary = part->get_if<syntax::Binary>();
        bool is_equality = binary != nullptr && binary->op == syntax::BinaryOperator::kEqual;
        if (match && is_looked_up(*part, *match, own, position)) continue;
        share *= is_equality ? kEqualShare : kOtherShare;
      }
    }
    return share;
  }

  bool is_looked_up(const Expression& part, const IndexMatch& match, VariableId own, size_t position) const {
    auto comparison = as_comparison(part, own, set_from(chain_, position));
    return comparison && std::ranges::all_of(match.conditions, [&](const plan::IndexCondition& condition) {
             return implies(condition.index ? *condition.index : *match.index, condition, *comparison);
           });
  }

  // The orders that begin with each loop in turn and go on with what is cheapest then.
  std::vector<std::vector<Node*>> good_orders() {
    reclaim();
    std::vector<Node*> all = pointers(loops_);
    std::vector<std::vector<Node*>> result;
    for (Node* first : all) {
      std::vector<Node*> order = {first}, left = all;
      std::erase(left, first);
      while (left.size() > 1) {
        Node* next = nullptr;
        double least = 0;
        for (Node* candidate : left) {
          std::vector<Node*> trial = order;
          trial.push_back(candidate);
          for (Node* other : left) {
            if (other != candidate) trial.push_back(other);
          }
          double cost = cost_of(trial);
          if (next == nullptr || cost < least) next = candidate, least = cost;
        }
        order.push_back(next);
        std::erase(left, next);
      }
      order.insert(order.end(), left.begin(), left.end());
      result.push_back(std::move(order));
    }
    return result;
  }

  // Each filter behind the last loop that it reads; those that stood together stay in their order.
  void put_back() {
    for (size_t i = begin_; i < end_; ++i) {
      if (chain_.nodes[i]->get_if<plan::Filter>() == nullptr) continue;
      size_t to = i;
      while (to > begin_ + 1) {
        const Node& in_front = *chain_.nodes[to - 1];
        if (in_front.get_if<plan::Filter>() != nullptr && !moves_over_filter(*chain_.nodes[i], to - 1)) break;
        if (in_front.get_if<plan::Filter>() == nullptr && uses_any(*chain_.nodes[i], plan::set_variables(in_front)))
          break;
        --to;
      }
      if (to < i) move_node(chain_, i, to);
    }
  }
  // A filter passes another one only on its way to an earlier loop.
  bool moves_over_filter(const Node& filter, size_t position) const {
    while (position > begin_ && chain_.nodes[position]->get_if<plan::Filter>() != nullptr) --position;
    return !uses_any(filter, plan::set_variables(*chain_.nodes[position]));
  }

  Plan& chain_;
  const size_t begin_, end_;
  std::vector<NodePtr> loops_, filters_;
};

// Loops that stand behind each other.
struct Group {
  size_t begin, end;
  std::vector<Order> orders;  // the given one first
  size_t best = 0;            // the order that is taken
};

std::vector<Group> find_groups(Plan& chain, bool all) {
  std::vector<Group> groups;
  for (size_t begin = 1; begin < chain.nodes.size(); ++begin) {
    if (!is_plain_scan(*chain.nodes[begin])) continue;
    size_t end = begin, loops = 0;
    while (end < chain.nodes.size() && (is_plain_scan(*chain.nodes[end]) || is_free_filter(*chain.nodes[end]))) {
      loops += is_plain_scan(*chain.nodes[end]);
      ++end;
    }
    if (loops > 1 && loops <= kMaxLoops) {
      Reordering reordering(chain, begin, end);
      bool keeps = reordering.loses_an_order();
      if (all || !keeps) {
        groups.push_back({begin, end, reordering.orders(all)});
        Group& group = groups.back();
        auto cost = [&](size_t which) { return group.orders[which].cost; };
        for (size_t i = 1; i < group.orders.size() && !keeps; ++i) {
          if (cost(i) < cost(0) * kClearlyBetter && cost(i) < cost(group.best)) group.best = i;
        }
        for (size_t i = 0; i < group.orders.size(); ++i) {
          group.orders[i].may_win = !keeps && group.best == 0 && cost(i) < cost(0) * kBetter;
        }
      }
    }
    begin = end;
  }
  return groups;
}

// Every group in its best order, but for one that is given another.
Choice make_choice(const std::vector<Group>& groups, size_t other_group, size_t other_order) {
  struct Part {
    size_t begin, end;
    std::vector<uint32_t> order;
  };
  std::vector<Part> parts;
  for (size_t i = 0; i < groups.size(); ++i) {
    size_t which = i == other_group ? other_order : groups[i].best;
    if (which != 0) parts.push_back({groups[i].begin, groups[i].end, groups[i].orders[which].loops});
  }
  auto apply = [parts](Context&, Plan& chain) {
    for (const Part& part : parts) Reordering(chain, part.begin, part.end).arrange_as(part.order);
    return !parts.empty();
  };
  bool may_win = other_group >= groups.size() || groups[other_group].orders[other_order].may_win;
  return {std::move(apply), may_win};
}

}  // namespace

std::vector<Choice> interchange_adjacent_enumerations(Context& context, Plan& chain) {
  bool all = context.settings.all_plans;
  std::vector<Group> groups = find_groups(chain, all);
  std::vector<Choice> choices = {make_choice(groups, groups.size(), 0)};
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t order = 0; order < groups[i].orders.size(); ++order) {
      if (order != groups[i].best && (all || groups[i].orders[order].may_win)) {
        choices.push_back(make_choice(groups, i, order));
      }
    }
  }
  return choices;
}

}  // namespace workerdb::aql::optimize
