// Nodes that read collections, indexes, views and lists.
#include "aql/plan/explain_json.h"
#include "aql/plan/walk.h"
#include "aql/syntax/tree_json.h"

namespace workerdb::aql::plan {

namespace {

// What of documents an index scan reads.
const char* strategy_of(const IndexScan& scan) {
  if (scan.output.document_id) return "late materialized";
  if (scan.covers) return "covering";
  return scan.output.produces_document || !scan.output.projections.empty() || scan.output.filter ? "document"
                                                                                                 : "no document";
}

ExpressionPtr accessed(ExpressionPtr object, const std::vector<std::string>& path) {
  for (const std::string& name : path) {
    object = syntax::make_expression(syntax::AttributeAccess{std::move(object), name});
  }
  return object;
}

// The attribute that a condition has a value for at the position: document.a.b, or document.a[*].b.
ExpressionPtr indexed_attribute(const Plan& root, const IndexScan& scan, const IndexCondition& condition,
                                size_t position) {
  const IndexInfo& index = scan.index_of(condition);
  ExpressionPtr document = make_reference(root.variables[scan.output.variable].name, scan.output.variable);
  if (index.type == "primary") return accessed(std::move(document), {condition.edge_field == 1 ? "_id" : "_key"});
  if (index.type == "edge") return accessed(std::move(document), {condition.edge_field == 1 ? "_to" : "_from"});
  const IndexInfo::Field& field = index.fields[position];
  ExpressionPtr attribute = accessed(std::move(document), field.path);
  if (!field.expanded) return attribute;
  syntax::Expansion members;
  members.array = std::move(attribute);
  members.element = VariableId(root.variables.size());
  if (!field.member_path.empty())
    members.projection = accessed(make_reference("CURRENT", members.element), field.member_path);
  return syntax::make_expression(std::move(members));
}

// One node for each value that the index is asked for.
std::vector<ExpressionPtr> comparisons(const Plan& root, const IndexScan& scan, const IndexCondition& condition) {
  using syntax::BinaryOperator;
  std::vector<ExpressionPtr> result;
  auto add = [&](size_t position, BinaryOperator op, const ExpressionPtr& value) {
    ExpressionPtr left = indexed_attribute(root, scan, condition, position), right = syntax::clone(*value);
    if (left->get_if<syntax::Expansion>() && op == BinaryOperator::kEqual) {  // one of the members is the value
      std::swap(left, right);
      op = BinaryOperator::kIn;
    }
    result.push_back(syntax::make_expression(syntax::Binary{op, std::move(left), std::move(right)}));
  };
  for (size_t i = 0; i < condition.equal.size(); ++i) {
    add(i, condition.in_position == i ? BinaryOperator::kIn : BinaryOperator::kEqual, condition.equal[i]);
  }
  size_t behind = condition.equal.size();
  if (condition.lower) {
    add(behind, condition.lower_inclusive ? BinaryOperator::kGreaterEqual : BinaryOperator::kGreater, condition.lower);
  }
  if (condition.upper) {
    add(behind, condition.upper_inclusive ? BinaryOperator::kLessEqual : BinaryOperator::kLess, condition.upper);
  }
  return result;
}

}  // namespace

// An OR of ANDs, as the documentation's recorded answers have it; an empty object for the whole index.
void JsonExplainer::put_condition(const IndexScan& scan) {
  constexpr int kNaryAnd = 62, kNaryOr = 63;
  auto open = [this](const char* type, int type_id) {
    builder_.open_object();
    builder_.add("type", type);
    builder_.add("typeID", type_id);
    builder_.key("subNodes");
    builder_.open_array();
  };
  auto close = [this] {
    builder_.close();
    builder_.close();
  };
  builder_.key("condition");
  if (scan.conditions.empty()) {
    builder_.open_object();
    builder_.close();
    return;
  }
  open("n-ary or", kNaryOr);
  for (const IndexCondition& condition : scan.conditions) {
    open("n-ary and", kNaryAnd);
    for (const ExpressionPtr& one : comparisons(root_, scan, condition)) syntax::append_tree(*one, builder_);
    close();
  }
  close();
}

void JsonExplainer::put_output(const ScanOutput& output) {
  put_out("outVariable", output.variable);
  builder_.add("producesResult", output.produces_document || !output.projections.empty());
  builder_.key("projections");
  builder_.open_array();
  for (const Projection& projection : output.projections) {
    builder_.open_object();
    builder_.key("path");
    builder_.open_array();
    for (const std::string& name : projection.path) builder_.string(name);
    builder_.close();
    put_out("variable", projection.variable);
    builder_.close();
  }
  builder_.close();
  if (output.filter) {
    builder_.key("filter");
    syntax::append_tree(*output.filter, builder_);
  }
  put_out("outNmDocId", output.document_id);
}

void JsonExplainer::put_indexes(const IndexScan& node) {
  builder_.key("indexes");
  builder_.open_array();
  if (node.has_several_indexes()) {
    for (const IndexCondition& condition : node.conditions) put_index(node.index_of(condition));
  } else {
    put_index(*node.index);
  }
  builder_.close();
}

void JsonExplainer::put_index(const IndexInfo& index) {
  builder_.open_object();
  builder_.add("id", std::to_string(index.id));
  builder_.add("type", index.type);
  builder_.add("name", index.name);
  builder_.key("fields");
  builder_.open_array();
  for (const IndexInfo::Field& field : index.fields) {
    std::string name;
    for (const std::string& part : field.path) name += (name.empty() ? "" : ".") + part;
    if (field.expanded) name += "[*]";
    for (const std::string& part : field.member_path) name += "." + part;
    builder_.string(name);
  }
  builder_.close();
  builder_.add("unique", index.unique);
  builder_.add("sparse", index.sparse);
  builder_.add("selectivityEstimate", index.selectivity);
  builder_.close();
}

void JsonExplainer::put_source(const CollectionInfo& collection) {
  builder_.add("collection", collection.name);
  builder_.add("satellite", false);
  builder_.add("isSatellite", false);
  builder_.key("isSatelliteOf");
  builder_.null();
  builder_.add("count", false);
  builder_.add("readOwnWrites", false);
}

void JsonExplainer::put_hints(const ScanHints& hints) {
  builder_.key("indexHint");
  builder_.open_object();
  builder_.add("forced", hints.force_index_hint);
  builder_.add("lookahead", 1);
  builder_.add("type", hints.disable_index ? "disabled" : hints.index_hint.empty() ? "none" : "simple");
  if (!hints.index_hint.empty()) put_strings("hint", hints.index_hint);
  builder_.close();
  builder_.add("useCache", hints.use_cache);
  builder_.add("maxProjections", hints.max_projections);
}

void JsonExplainer::put(const EnumerateCollection& node) {
  put_source(*node.collection);
  put_hints(node.hints);
  builder_.add("random", node.random);
  put_output(node.output);
}

void JsonExplainer::put(const IndexScan& node) {
  put_source(*node.collection);
  put_output(node.output);
  put_indexes(node);
  put_condition(node);
  builder_.add("reverse", node.backward);
  builder_.add("ascending", !node.backward);
  builder_.add("sorted", node.keeps_order);
  builder_.add("strategy", strategy_of(node));
  builder_.add("indexCoversProjections", node.covers);
  builder_.add("indexCoversOutProjections", node.covers);
  builder_.add("isLateMaterialized", node.output.document_id.has_value());
  builder_.add("limit", node.limit);
}

void JsonExplainer::put(const EnumerateView& node) {
  builder_.add("view", node.view->name);
  builder_.add("viewId", std::to_string(node.view->id));
  put_out("outVariable", node.variable);
  put_text("condition", node.condition);
  builder_.key("scorers");
  builder_.open_array();
  for (const auto& score : node.scores) {
    builder_.open_object();
    builder_.add("id", score.variable);
    builder_.add("name", root_.variables[score.variable].name);
    put_text("node", score.call);
    builder_.close();
  }
  builder_.close();
  builder_.key("options");
  builder_.open_object();
  builder_.add("waitForSync", false);
  if (!node.collections.empty()) put_strings("collections", node.collections);
  builder_.close();
  put_out("outNmDocId", node.document_id);
  builder_.add("noMaterialization", node.document_id.has_value());
  builder_.add("volatility", 0);
}

void JsonExplainer::put(const Materialize& node) {
  builder_.add("multiNode", node.collection == nullptr);
  if (node.collection != nullptr) builder_.add("collection", node.collection->name);
  put_out("inNmDocId", node.document_id);
  put_output(node.output);
  builder_.add("maxProjections", node.max_projections);
}

void JsonExplainer::put(const EnumerateList& node) {
  put_text("expression", node.list);
  builder_.add("mode", node.pair_value ? "object" : "array");
  put_out(node.pair_value ? "keyOutVariable" : "outVariable", node.variable);
  put_out("valueOutVariable", node.pair_value);
}

}  // namespace workerdb::aql::plan
