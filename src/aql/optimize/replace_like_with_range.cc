// replace-like-with-range: behind `text LIKE "abc%"` stands `text >= "abc" && text < "abc\uffff"` as well, where that
// lets an index find less. LIKE itself stays: in the order of collation texts lie between the two that begin otherwise
// ("ábc").
#include <algorithm>

#include "aql/optimize/index_match.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

// What every text that matches begins with; empty where that is unknown. ASCII alone: other scripts know signs that
// change the place of what stands in front of them.
std::string beginning_of(std::string_view pattern) {
  std::string_view beginning = pattern.substr(0, pattern.find_first_of("%_\\"));
  bool is_ascii = std::ranges::all_of(beginning, [](char sign) { return sign >= ' ' && sign <= '~'; });
  return is_ascii ? std::string(beginning) : std::string();
}

ExpressionPtr compared(const Expression& left, BinaryOperator op, const std::string& text) {
  value::Builder builder;
  builder.string(text);
  return syntax::make_expression(Binary{op, syntax::clone(left), make_constant(builder.slice())});
}

// The bounds of an attribute that a part of the condition compares by LIKE; null for anything else.
ExpressionPtr bounds_of(const Expression& part, VariableId document) {
  const Binary* like = part.get_if<Binary>();
  if (like == nullptr || like->op != BinaryOperator::kLike || !plan::attribute_path(*like->left, document))
    return nullptr;
  const auto* pattern = like->right->get_if<syntax::Constant>();
  if (pattern == nullptr || !pattern->value.slice().is_string()) return nullptr;
  std::string beginning = beginning_of(pattern->value.slice().as_string());
  if (beginning.empty()) return nullptr;
  return syntax::make_expression(Binary{BinaryOperator::kAnd,
                                        compared(*like->left, BinaryOperator::kGreaterEqual, beginning),
                                        compared(*like->left, BinaryOperator::kLess, beginning + "\uffff")});
}

// Adds the bounds to the first filter behind the scan that has a LIKE for it, if that serves an index.
bool narrow(Context& context, Plan& chain, size_t position) {
  VariableId document = chain.nodes[position]->get_if<plan::EnumerateCollection>()->output.variable;
  for (size_t i = position + 1; i < chain.nodes.size() && lets_filters_pass(*chain.nodes[i]); ++i) {
    auto* filter = chain.nodes[i]->get_if<plan::Filter>();
    if (filter == nullptr) continue;
    std::vector<const Expression*> parts;
    split_conjunction(*filter->condition, parts);
    for (const Expression* part : parts) {
      ExpressionPtr bounds = bounds_of(*part, document);
      if (bounds == nullptr) continue;
      auto before = best_index(chain, position);
      ExpressionPtr as_it_was = syntax::clone(*filter->condition);
      filter->condition =
          syntax::make_expression(Binary{BinaryOperator::kAnd, std::move(filter->condition), std::move(bounds)});
      auto after = best_index(chain, position);
      if (after && (!before || after->rows < before->rows)) {
        context.looked_into(*part->get_if<Binary>()->right);
        return true;
      }
      filter->condition = std::move(as_it_was);
      break;  // the parts are gone with it
    }
  }
  return false;
}

}  // namespace

bool replace_like_with_range(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    const auto* scan = chain.nodes[i]->get_if<plan::EnumerateCollection>();
    if (scan != nullptr && !scan->random) changed |= narrow(context, chain, i);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize
