// Statements in the order in which they are written: what each may see, declares and changes.
#include <fmt/format.h>

#include <algorithm>

#include "aql/functions/duration.h"
#include "aql/functions/registry.h"
#include "aql/semantics/analyzer.h"

namespace workerdb::aql::semantics {

using namespace syntax;  // NOLINT: every name here is one of its nodes
using base::Error;
using base::ErrorCode;

namespace {

using Names = std::string_view[];
constexpr Names kForOptions = {"indexHint", "forceIndexHint", "disableIndex", "maxProjections",
                               "useCache",  "lookahead",      "waitForSync"};
constexpr Names kCollectOptions = {"method", "disableIndex"};
constexpr Names kInsertOptions = {"ignoreErrors", "waitForSync", "overwrite",         "overwriteMode",   "keepNull",
                                  "mergeObjects", "exclusive",   "refillIndexCaches", "versionAttribute"};
constexpr Names kUpdateOptions = {"ignoreErrors", "keepNull",  "mergeObjects",      "waitForSync",
                                  "ignoreRevs",   "exclusive", "refillIndexCaches", "versionAttribute"};
constexpr Names kReplaceOptions = {"ignoreErrors", "waitForSync",       "ignoreRevs",
                                   "exclusive",    "refillIndexCaches", "versionAttribute"};
constexpr Names kRemoveOptions = {"ignoreErrors", "waitForSync", "ignoreRevs", "exclusive", "refillIndexCaches"};
constexpr Names kUpsertOptions = {"ignoreErrors", "keepNull",       "mergeObjects",      "waitForSync",
                                  "ignoreRevs",   "exclusive",      "refillIndexCaches", "versionAttribute",
                                  "indexHint",    "forceIndexHint", "disableIndex",      "readOwnWrites"};

// Rows: how many, or "unbounded". A range: a distance, or a duration such as "PT30M" (window.md).
bool is_window_bound(value::Slice bound, bool is_range) {
  if (bound.is_none()) return true;
  if (bound.is_string()) {
    return is_range ? functions::parse_duration(bound.as_string()).has_value() : bound.as_string() == "unbounded";
  }
  return bound.is_number() && bound.as_double() >= 0 && (is_range || bound.is_int64());
}

}  // namespace

base::Result<> Analyzer::walk(Query& query, bool is_outermost) {
  Block block{bindings_.size(), is_outermost};
  for (Statement& statement : query.statements) {
    TRY(std::visit([&](auto& node) { return visit(node, block); }, statement.node));
  }
  bindings_.resize(block.first_binding);
  return {};
}

base::Result<> Analyzer::check_options(ExpressionPtr& options, std::span<const std::string_view> known,
                                       const char* statement) {
  if (!options) return {};
  TRY(resolve_deciding(options));
  const Constant* constant = options->get_if<Constant>();
  if (constant == nullptr || !constant->value.slice().is_object()) {
    return Error(ErrorCode::kQueryCompileTimeOptions,
                 fmt::format("{} OPTIONS must be an object that is known at query compile time{}", statement,
                             at(options->position)));
  }
  for (value::ObjectIterator option(constant->value.slice()); option.valid(); option.next()) {
    if (std::find(known.begin(), known.end(), option.name()) != known.end()) continue;
    result_.warnings.push_back(
        {ErrorCode::kQueryInvalidOptionsAttribute, fmt::format("unknown/invalid OPTIONS attribute '{}' used for {}{}",
                                                               option.name(), statement, at(options->position))});
  }
  return {};
}

base::Result<> Analyzer::visit(For& loop, Block& block) {
  std::string collection;
  const Reference* reference = loop.source->get_if<Reference>();
  if (reference != nullptr && find(reference->name) == nullptr) {
    collection = reference->name;
  } else if (const CollectionParameter* named = loop.source->get_if<CollectionParameter>()) {
    collection = TRY(collection_parameter(named->name, loop.source->position));
  }
  if (collection.empty()) {
    TRY(resolve(loop.source));
  } else {
    Position position = loop.source->position;
    if (result_.views.contains(collection) || catalog_.find_view(collection) != nullptr) {
      return visit_view(loop, collection, block);
    }
    TRY(find_collection(collection, position));
    TRY(check_readable(collection, position));
    read_.insert(collection);
    loop.source = make_expression(CollectionReference{collection}, position);
  }
  if (loop.search) {
    return Error(ErrorCode::kQueryParse, fmt::format("SEARCH works on views alone{}", at(loop.search->position)));
  }
  TRY(check_options(loop.options, kForOptions, "FOR"));
  block.has_loop = true;
  return declare(loop.target, block);
}

base::Result<> Analyzer::visit(Filter& filter, Block&) { return resolve(filter.condition); }

base::Result<> Analyzer::visit(Let& let, Block& block) {
  TRY(resolve(let.value));
  return declare(let.target, block);
}

base::Result<> Analyzer::visit(Sort& sort, Block&) {
  for (Sort::Key& key : sort.keys) TRY(resolve(key.expression));
  return {};
}

base::Result<> Analyzer::resolve_limit(ExpressionPtr& number, bool may_be_null) {
  TRY(resolve_deciding(number));
  const Constant* constant = number->get_if<Constant>();
  value::Slice slice = constant != nullptr ? constant->value.slice() : value::Slice();
  constexpr double kEnd = 9223372036854775808.0;  // the first number behind all that an int64 holds
  bool is_valid = slice.is_int64() ? slice.as_int64() >= 0
                                   : slice.is_number() && slice.as_double() >= 0 && slice.as_double() < kEnd;
  if (is_valid || (may_be_null && constant != nullptr && slice.is_null())) return {};
  return Error(
      ErrorCode::kQueryNumberOutOfRange,
      fmt::format("LIMIT takes numbers from 0 on that are known at query compile time{}", at(number->position)));
}

base::Result<> Analyzer::visit(Limit& limit, Block&) {
  if (limit.offset) TRY(resolve_limit(limit.offset, false));
  return resolve_limit(limit.count, limit.offset != nullptr);
}

base::Result<> Analyzer::resolve_aggregations(std::vector<Assignment>& aggregations) {
  for (Assignment& aggregation : aggregations) {
    FunctionCall* call = aggregation.expression->get_if<FunctionCall>();
    const functions::Aggregate* aggregate = call != nullptr ? functions::find_aggregate(call->name) : nullptr;
    if (aggregate == nullptr) {
      return Error(ErrorCode::kQueryInvalidAggregateExpression,
                   fmt::format("invalid aggregate expression: '{}' must call an aggregate function{}",
                               aggregation.declaration.name, at(aggregation.declaration.position)));
    }
    if (call->arguments.size() < aggregate->min_arguments || call->arguments.size() > aggregate->max_arguments) {
      return Error(
          ErrorCode::kQueryFunctionArgumentNumberMismatch,
          fmt::format("invalid number of arguments for function '{}()', expected number of arguments: minimum: "
                      "{}, maximum: {}{}",
                      call->name, aggregate->min_arguments, aggregate->max_arguments,
                      at(aggregation.expression->position)));
    }
    for (ExpressionPtr& argument : call->arguments) TRY(resolve(argument));
  }
  return {};
}

// What INTO's objects hold: the variables that KEEP names, or all of the block; of those outside of loops only where
// the COLLECT stands there itself.
base::Result<> Analyzer::resolve_kept(Collect& collect, const Block& block) {
  for (Declaration& kept : collect.keep) {
    const Binding* binding = find(kept.name);
    if (binding == nullptr) {
      return Error(ErrorCode::kQueryVariableNameUnknown,
                   fmt::format("unknown variable '{}' in KEEP{}", kept.name, at(kept.position)));
    }
    kept.variable = binding->variable;
  }
  if (collect.has_keep || !collect.has_into || collect.counts || collect.into_projection) return {};
  for (size_t i = block.first_binding; i < bindings_.size(); ++i) {
    const Binding& binding = bindings_[i];
    if (binding.is_pseudo || (block.has_loop && binding.is_outside_loops)) continue;
    collect.keep.push_back({binding.name, {}, binding.variable, true});
  }
  return {};
}

base::Result<> Analyzer::visit(Collect& collect, Block& block) {
  own_of_collect_.clear();
  for (const Assignment& group : collect.groups) own_of_collect_.push_back(group.declaration.name);
  for (const Assignment& aggregation : collect.aggregations) own_of_collect_.push_back(aggregation.declaration.name);
  if (collect.has_into) own_of_collect_.push_back(collect.into.name);
  for (Assignment& group : collect.groups) TRY(resolve(group.expression));
  TRY(resolve_aggregations(collect.aggregations));
  TRY(resolve_optional(collect.into_projection));
  own_of_collect_.clear();
  TRY(resolve_kept(collect, block));
  TRY(check_options(collect.options, kCollectOptions, "COLLECT"));
  bindings_.resize(block.first_binding);  // all earlier variables of the block vanish
  for (Assignment& group : collect.groups) TRY(declare(group.declaration, block));
  for (Assignment& aggregation : collect.aggregations) TRY(declare(aggregation.declaration, block));
  if (collect.has_into) TRY(declare(collect.into, block));
  return {};
}

base::Result<> Analyzer::visit(Window& window, Block& block) {
  if (!written_.empty()) {
    return Error(ErrorCode::kQueryWindowAfterModification,
                 fmt::format("window operation after data-modification{}", at(window.bounds->position)));
  }
  TRY(resolve_optional(window.range_value));
  TRY(resolve_aggregations(window.aggregations));
  constexpr Names kBounds = {"preceding", "following"};
  TRY(check_options(window.bounds, kBounds, "WINDOW"));
  for (std::string_view name : kBounds) {
    value::Slice bound = window.bounds->get_if<Constant>()->value.slice().get(name);
    if (is_window_bound(bound, window.range_value != nullptr)) continue;
    return Error(ErrorCode::kBadParameter, fmt::format("WINDOW takes numbers from 0 on{} as '{}'{}",
                                                       window.range_value ? " or ISO durations" : " or \"unbounded\"",
                                                       name, at(window.bounds->position)));
  }
  for (Assignment& aggregation : window.aggregations) TRY(declare(aggregation.declaration, block));
  return {};
}

base::Result<> Analyzer::visit(Return& result, Block& block) {
  if (result.is_distinct && block.is_outermost && !block.has_loop) {
    return Error(ErrorCode::kQueryParse, fmt::format("cannot use DISTINCT modifier on top-level query element{}",
                                                     at(result.expression->position)));
  }
  return resolve(result.expression);
}

base::Result<> Analyzer::modify(CollectionName& collection) {
  TRY(resolve(collection));
  TRY(check_readable(collection.name, collection.position));
  written_.insert(collection.name);
  return {};
}

// OLD exists where an insert may replace or update a document; "ignore" reads none and says so (insert.md,
// overwriteMode; data-queries.md, Returning documents).
syntax::VariableId Analyzer::declare_old_of_insert(const Insert& insert) {
  value::Slice options = insert.options ? insert.options->get_if<Constant>()->value.slice() : value::Slice();
  value::Slice given = options.is_object() ? options.get("overwriteMode") : value::Slice();
  std::string_view mode = given.is_string() ? given.as_string() : "";
  if (mode == "ignore") ignores_existing_ = true;
  bool overwrites =
      mode.empty() ? options.is_object() && options.get("overwrite").is_true() : mode == "replace" || mode == "update";
  return overwrites ? declare_pseudo("OLD") : new_variable("OLD");
}

base::Result<> Analyzer::visit(Insert& insert, Block&) {
  TRY(resolve(insert.document));
  TRY(check_options(insert.options, kInsertOptions, "INSERT"));
  TRY(modify(insert.collection));
  insert.old_variable = declare_old_of_insert(insert);
  insert.new_variable = declare_pseudo("NEW");
  return {};
}

base::Result<> Analyzer::visit(Update& update, Block&) {
  TRY(resolve_optional(update.key));
  TRY(resolve(update.document));
  TRY(check_options(update.options,
                    update.replaces ? std::span<const std::string_view>(kReplaceOptions) : kUpdateOptions,
                    update.replaces ? "REPLACE" : "UPDATE"));
  TRY(modify(update.collection));
  update.old_variable = declare_pseudo("OLD");
  update.new_variable = declare_pseudo("NEW");
  return {};
}

base::Result<> Analyzer::visit(Remove& remove, Block&) {
  TRY(resolve(remove.key));
  TRY(check_options(remove.options, kRemoveOptions, "REMOVE"));
  TRY(modify(remove.collection));
  remove.old_variable = declare_pseudo("OLD");
  return {};
}

base::Result<> Analyzer::visit(Upsert& upsert, Block&) {
  bool has_computed_name = false;  // asked before constants are folded: a name that comes out constant is computed too
  if (upsert.example) {
    if (const auto* literal = upsert.example->get_if<ObjectLiteral>()) {
      has_computed_name = std::any_of(literal->attributes.begin(), literal->attributes.end(),
                                      [](const auto& attribute) { return attribute.computed_name != nullptr; });
    }
  }
  TRY(resolve_optional(upsert.example));
  if (upsert.example) {
    const Constant* constant = upsert.example->get_if<Constant>();
    bool is_object =
        constant != nullptr ? constant->value.slice().is_object() : upsert.example->get_if<ObjectLiteral>() != nullptr;
    if (!is_object || has_computed_name) {
      return Error(ErrorCode::kQueryParse,
                   fmt::format("UPSERT takes an object literal without computed attribute names{}",
                               at(upsert.example->position)));
    }
  }
  size_t visible = bindings_.size();
  upsert.current = declare_pseudo("CURRENT");
  TRY(resolve_optional(upsert.filter));
  bindings_.resize(visible);
  TRY(resolve(upsert.insert_document));
  upsert.old_variable = declare_pseudo("OLD");
  TRY(resolve(upsert.update_document));
  TRY(check_options(upsert.options, kUpsertOptions, "UPSERT"));
  TRY(modify(upsert.collection));
  upsert.new_variable = declare_pseudo("NEW");
  return {};
}

base::Result<> Analyzer::visit(With& with, Block&) {
  for (CollectionName& name : with.collections) {
    TRY(resolve(name));
    read_.insert(name.name);
  }
  return {};
}

}  // namespace workerdb::aql::semantics
