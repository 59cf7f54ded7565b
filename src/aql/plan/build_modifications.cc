// INSERT, UPDATE, REPLACE, REMOVE and UPSERT to nodes.
#include <fmt/format.h>

#include "aql/plan/builder.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

using base::Error;
using base::ErrorCode;
using syntax::make_expression;

ModificationOptions read_options(const ExpressionPtr& options, bool is_insert) {
  ModificationOptions result;
  const syntax::Constant* constant = options ? options->get_if<syntax::Constant>() : nullptr;
  if (constant == nullptr) return result;
  value::Slice given = constant->value.slice();
  auto read = [&](std::string_view name, bool& to) {
    value::Slice value = given.get(name);
    if (value.is_bool()) to = value.is_true();
  };
  read("ignoreErrors", result.ignore_errors);
  read("keepNull", result.keep_null);
  read("mergeObjects", result.merge_objects);
  read("waitForSync", result.wait_for_sync);
  read("ignoreRevs", result.ignore_revs);
  read("exclusive", result.exclusive);
  read("readOwnWrites", result.read_own_writes);
  if (given.get("versionAttribute").is_string()) result.version_attribute = given.get("versionAttribute").as_string();
  if (!is_insert) return result;
  if (given.get("overwrite").is_true()) result.overwrite_mode = "replace";
  value::Slice mode = given.get("overwriteMode");
  for (std::string_view known : {"conflict", "ignore", "replace", "update"}) {
    if (mode.is_string() && mode.as_string() == known) result.overwrite_mode = known;
  }
  return result;
}

base::Result<> PlanBuilder::add(syntax::Insert& insert) {
  TRY(extract(insert.document));
  return push(Insert{collection(insert.collection.name), std::move(insert.document), insert.old_variable,
                     insert.new_variable, read_options(insert.options, true)});
}

base::Result<> PlanBuilder::add(syntax::Update& update) {
  if (update.key) TRY(extract(update.key));
  TRY(extract(update.document));
  return push(Update{collection(update.collection.name), update.replaces, std::move(update.key),
                     std::move(update.document), update.old_variable, update.new_variable,
                     read_options(update.options, false)});
}

base::Result<> PlanBuilder::add(syntax::Remove& remove) {
  TRY(extract(remove.key));
  return push(Remove{collection(remove.collection.name), std::move(remove.key), remove.old_variable,
                     read_options(remove.options, false)});
}

namespace {

// CURRENT.a == value for each attribute of the example, with AND; null for an empty one.
ExpressionPtr example_condition(ExpressionPtr example, const ExpressionPtr& current) {
  ExpressionPtr condition;
  auto add = [&](std::string name, ExpressionPtr value) {
    auto access = make_expression(syntax::AttributeAccess{syntax::clone(*current), std::move(name)});
    auto equal = make_expression(syntax::Binary{syntax::BinaryOperator::kEqual, std::move(access), std::move(value)});
    condition =
        condition
            ? make_expression(syntax::Binary{syntax::BinaryOperator::kAnd, std::move(condition), std::move(equal)})
            : std::move(equal);
  };
  if (const auto* constant = example->get_if<syntax::Constant>()) {
    for (value::ObjectIterator attribute(constant->value.slice()); attribute.valid(); attribute.next()) {
      add(std::string(attribute.name()), make_expression(syntax::Constant{value::Buffer(attribute.value())}));
    }
  } else {
    for (auto& attribute : example->get_if<syntax::ObjectLiteral>()->attributes) {
      add(attribute.name, std::move(attribute.value));
    }
  }
  return condition;
}

}  // namespace

base::Result<std::unique_ptr<Plan>> PlanBuilder::build_search(syntax::Upsert& upsert) {
  auto plan = std::make_unique<Plan>();
  Plan* before = chain_;
  chain_ = plan.get();
  TRY(push(Singleton{}));
  EnumerateCollection scan;
  scan.collection = collection(upsert.collection.name);
  scan.output.variable = upsert.current;
  scan.hints = read_hints(upsert.options);
  TRY(push(std::move(scan)));
  if (upsert.filter) {
    TRY(extract(upsert.filter));  // its subqueries may read CURRENT: they belong into the search
    TRY(push(Filter{std::move(upsert.filter)}));
  } else if (ExpressionPtr condition = example_condition(std::move(upsert.example), reference(upsert.current))) {
    TRY(push(Filter{std::move(condition)}));
  }
  TRY(push(Limit{0, 1, false}));
  TRY(push(Return{reference(upsert.current)}));
  chain_ = before;
  return plan;
}

base::Result<> PlanBuilder::add(syntax::Upsert& upsert) {
  if (upsert.example) TRY(extract(upsert.example));
  TRY(extract(upsert.insert_document));
  size_t first = chain_->nodes.size();
  TRY(extract(upsert.update_document));
  for (size_t i = first; i < chain_->nodes.size(); ++i) {  // what was pulled out runs in front of the search
    if (!uses_variable(*chain_->nodes[i], upsert.old_variable)) continue;
    return Error(ErrorCode::kNotImplemented,
                 fmt::format("a subquery that reads OLD inside of UPSERT is not supported, at position {}:{}",
                             upsert.collection.position.line, upsert.collection.position.column));
  }
  Upsert node;
  node.collection = collection(upsert.collection.name);
  node.search = TRY(build_search(upsert));
  node.old_variable = upsert.old_variable;
  node.new_variable = upsert.new_variable;
  node.insert_document = std::move(upsert.insert_document);
  node.update_document = std::move(upsert.update_document);
  node.replaces = upsert.replaces;
  node.options = read_options(upsert.options, false);
  return push(std::move(node));
}

}  // namespace workerdb::aql::plan
