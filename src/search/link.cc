#include "search/link.h"

#include <fmt/format.h>

namespace workerdb::search {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

constexpr size_t kDeepestFields = 64;  // also how deep arrays inside one another are walked

Error wrong(std::string_view what) { return Error(ErrorCode::kBadParameter, fmt::format("view link: {}", what)); }

Result<bool> flag_of(Slice properties, const char* name, bool otherwise) {
  Slice value = properties.get(name);
  if (value.is_none()) return otherwise;
  if (!value.is_bool()) return wrong(fmt::format("'{}' must be a boolean", name));
  return value.is_true();
}

Result<std::vector<DefinitionPtr>> analyzers_of(Slice names, const FindAnalyzer& find_analyzer) {
  if (!names.is_array()) return wrong("'analyzers' must be an array of names");
  std::vector<DefinitionPtr> result;
  for (value::ArrayIterator item(names); item.valid(); item.next()) {
    if (!item.value().is_string()) return wrong("'analyzers' must be an array of names");
    DefinitionPtr found = find_analyzer(item.value().as_string());
    if (found == nullptr) return wrong(fmt::format("there is no analyzer '{}'", item.value().as_string()));
    result.push_back(std::move(found));
  }
  return result;
}

// `around`: the rule of the level above, whose directives are inherited.
Result<std::shared_ptr<FieldRule>> parse(Slice properties, const FieldRule& around, const FindAnalyzer& find_analyzer,
                                         size_t depth) {
  if (!properties.is_object()) return wrong("link properties must be an object");
  if (depth > kDeepestFields) return wrong("too many fields inside one another");
  auto rule = std::make_shared<FieldRule>();
  Slice names = properties.get("analyzers");
  rule->analyzers = names.is_none() ? around.analyzers : TRY(analyzers_of(names, find_analyzer));
  rule->includes_all = TRY(flag_of(properties, "includeAllFields", around.includes_all));
  rule->tracks_positions = TRY(flag_of(properties, "trackListPositions", around.tracks_positions));
  rule->stores_values = around.stores_values;
  Slice stored = properties.get("storeValues");
  if (!stored.is_none()) {
    std::string_view text = stored.is_string() ? stored.as_string() : "";
    if (text != "none" && text != "id") return wrong("'storeValues' must be none or id");
    rule->stores_values = text == "id";
  }
  if (Slice nested = properties.get("nested"); nested.is_object() && nested.size() > 0) {
    return Error(ErrorCode::kNotImplemented, "nested search is not built into this server");
  }
  Slice fields = properties.get("fields");
  if (!fields.is_none() && !fields.is_object()) return wrong("'fields' must be an object");
  for (value::ObjectIterator field(fields); field.valid(); field.next()) {
    rule->fields[std::string(field.name())] = TRY(parse(field.value(), *rule, find_analyzer, depth + 1));
  }
  if (rule->includes_all && !rule->fields.empty()) {
    auto others = std::make_shared<FieldRule>(*rule);
    others->fields.clear();
    rule->others = std::move(others);
  }
  return rule;
}

void walk_from(Slice value, const FieldRule& rule, const Path& path, size_t at, bool whole_arrays, size_t depth,
               const VisitValue& visit) {
  if (value.is_none() || depth > kDeepestFields + path.size()) return;
  bool is_end = at == path.size();
  if (value.is_array() && !(is_end && whole_arrays)) {
    if (rule.tracks_positions) {
      if (is_end || !path[at].position || *path[at].position >= value.size()) return;
      return walk_from(value.at(*path[at].position), rule, path, at + 1, whole_arrays, depth + 1, visit);
    }
    for (value::ArrayIterator item(value); item.valid(); item.next()) {
      walk_from(item.value(), rule, path, at, whole_arrays, depth + 1, visit);
    }
    return;
  }
  if (is_end) return visit(value, rule);
  if (!value.is_object() || path[at].position) return;
  const FieldRule* inside = rule.child(path[at].name);
  if (inside != nullptr) walk_from(value.get(path[at].name), *inside, path, at + 1, whole_arrays, depth + 1, visit);
}

}  // namespace

Result<LinkPtr> parse_link(Slice properties, const FindAnalyzer& find_analyzer) {
  FieldRule usual;
  usual.analyzers = {analysis::built_in_definition("identity")};
  return TRY(parse(properties, usual, find_analyzer, 0));
}

void walk(Slice document, const FieldRule& link, const Path& path, bool whole_arrays, const VisitValue& visit) {
  walk_from(document, link, path, 0, whole_arrays, 0, visit);
}

}  // namespace workerdb::search
