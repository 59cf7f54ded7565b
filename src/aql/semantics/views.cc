// FOR over a view and its SEARCH. Source: the 3.12 documentation, "SEARCH operation in AQL".
#include <fmt/format.h>

#include <algorithm>

#include "aql/semantics/analyzer.h"

namespace workerdb::aql::semantics {

using namespace syntax;  // NOLINT: every name here is one of its nodes
using base::Error;
using base::ErrorCode;

base::Result<> Analyzer::visit_view(For& loop, const std::string& name, Block& block) {
  Position position = loop.source->position;
  auto& view = result_.views[name];
  if (view == nullptr) view = catalog_.find_view(name);
  loop.is_view = true;
  loop.source = make_expression(CollectionReference{name}, position);
  for (const std::string& collection : view->collections) {
    if (written_.contains(collection)) {
      return Error(ErrorCode::kQueryAccessAfterModification,
                   fmt::format("access after data-modification by view '{}', which is linked to '{}'{}", name,
                               collection, at(position)));
    }
    read_.insert(collection);
  }
  TRY(check_view_options(loop, *view));
  block.has_loop = true;
  TRY(declare(loop.target, block));
  if (!loop.search) return {};
  if (loop.target.kind != Target::Kind::kVariable) {
    return Error(ErrorCode::kQueryParse,
                 fmt::format("SEARCH needs a variable for the document, not a pattern{}", at(loop.search->position)));
  }
  return resolve(loop.search);
}

base::Result<> Analyzer::check_view_options(For& loop, const ViewInfo& view) {
  constexpr std::string_view kOptions[] = {"collections", "conditionOptimization", "countApproximate", "parallelism",
                                           "waitForSync"};
  TRY(check_options(loop.options, kOptions, "SEARCH"));
  if (!loop.options) return {};
  value::Slice options = loop.options->get_if<Constant>()->value.slice();
  auto wrong = [&](std::string what) {
    return Error(ErrorCode::kBadParameter, fmt::format("{}{}", what, at(loop.options->position)));
  };
  auto one_of = [](value::Slice value, std::string_view first, std::string_view second) {
    return value.is_none() || (value.is_string() && (value.as_string() == first || value.as_string() == second));
  };
  if (!one_of(options.get("conditionOptimization"), "auto", "none")) {
    return wrong("the SEARCH option 'conditionOptimization' is \"auto\" or \"none\"");
  }
  if (!one_of(options.get("countApproximate"), "exact", "cost")) {
    return wrong("the SEARCH option 'countApproximate' is \"exact\" or \"cost\"");
  }
  value::Slice parallelism = options.get("parallelism");
  if (!parallelism.is_none() && !(parallelism.is_number() && parallelism.as_double() >= 0)) {
    return wrong("the SEARCH option 'parallelism' is a number from 0 on");
  }
  value::Slice collections = options.get("collections");
  if (!collections.is_null() && !collections.is_array()) {
    return wrong("the SEARCH option 'collections' is an array of names");
  }
  for (value::ArrayIterator item(collections); item.valid(); item.next()) {
    if (!item.value().is_string()) return wrong("the SEARCH option 'collections' is an array of names");
    if (std::ranges::find(view.collections, item.value().as_string()) == view.collections.end()) {
      return wrong(fmt::format("the SEARCH option 'collections' names '{}', which view '{}' is not linked to",
                               item.value().as_string(), view.name));
    }
  }
  return {};
}

}  // namespace workerdb::aql::semantics
