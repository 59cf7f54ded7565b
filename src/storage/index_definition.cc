// Index definitions in the JSON shape of ArangoDB's API (index-types in its documentation, "Indexes").
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "storage/schema.h"
#include "value/slice.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::ArrayIterator;
using value::Builder;
using value::Slice;

constexpr size_t kMostFields = 32;

Error bad_option(std::string_view name, std::string_view expected) {
  return Error(ErrorCode::kBadParameter, fmt::format("index option '{}' must be {}", name, expected));
}

Result<bool> boolean_option(Slice definition, std::string_view name, bool otherwise) {
  Slice value = definition.get(name);
  if (value.is_none()) return otherwise;
  if (!value.is_bool()) return bad_option(name, "true or false");
  return value.is_true();
}

Result<std::vector<AttributePath>> paths_option(Slice definition, std::string_view name, bool is_required) {
  std::vector<AttributePath> paths;
  Slice value = definition.get(name);
  if (value.is_none() && !is_required) return paths;
  if (!value.is_array() || (is_required && value.size() == 0) || value.size() > kMostFields) {
    return bad_option(name, fmt::format("an array of {} to {} attribute paths", is_required ? 1 : 0, kMostFields));
  }
  for (ArrayIterator item(value); item.valid(); item.next()) {
    if (!item.value().is_string()) return bad_option(name, "an array of attribute paths");
    paths.push_back(TRY(parse_path(item.value().as_string())));
  }
  return paths;
}

bool has_path(const std::vector<AttributePath>& paths, std::string_view text) {
  return std::any_of(paths.begin(), paths.end(), [&](const AttributePath& path) { return to_string(path) == text; });
}

Result<> check_paths(const Index& index) {
  size_t expanded = 0;
  for (const AttributePath& path : index.fields) {
    std::string text = to_string(path);
    if (path.front().name == "_id") return {ErrorCode::kAttributeParserFailed, "_id cannot be indexed, index _key"};
    if (std::count_if(index.fields.begin(), index.fields.end(),
                      [&](const AttributePath& other) { return to_string(other) == text; }) > 1) {
      return {ErrorCode::kBadParameter, fmt::format("the field '{}' is given twice", text)};
    }
    for (const PathStep& step : path) expanded += step.expand;
  }
  if (expanded > 1) return {ErrorCode::kBadParameter, "only one field of an index can be expanded with [*]"};
  for (const AttributePath& path : index.stored_values) {
    std::string text = to_string(path);
    if (text.find("[*]") != std::string::npos) {
      return {ErrorCode::kAttributeParserFailed, "[*] is not possible in storedValues"};
    }
    if (has_path(index.fields, text)) {
      return {ErrorCode::kBadParameter, fmt::format("'{}' is in fields and in storedValues", text)};
    }
  }
  return {};
}

Result<> parse_time_to_live(Slice definition, Index& index) {
  Slice seconds = definition.get("expireAfter");
  if (!seconds.is_number() || !(seconds.as_double() >= 0) || seconds.as_double() > 1e12) {
    return bad_option("expireAfter", "a number of seconds, 0 or more");
  }
  if (index.fields.size() != 1 || index.expanded_field() >= 0) return bad_option("fields", "one path without [*]");
  if (!index.stored_values.empty()) return bad_option("storedValues", "left out for ttl indexes");
  if (index.unique) return bad_option("unique", "false for ttl indexes");
  index.expire_after_seconds = int64_t(seconds.as_double());
  index.sparse = true;
  return {};
}

void append_paths(std::string_view name, const std::vector<AttributePath>& paths, Builder& to) {
  to.key(name);
  to.open_array();
  for (const AttributePath& path : paths) to.string(to_string(path));
  to.close();
}

std::string_view type_name(IndexType type) {
  switch (type) {
    case IndexType::kPrimary: return "primary";
    case IndexType::kEdge: return "edge";
    case IndexType::kPersistent: return "persistent";
    case IndexType::kTtl: return "ttl";
  }
  return "";
}

}  // namespace

Result<Index> parse_index_definition(Slice definition) {
  if (!definition.is_object()) return {ErrorCode::kBadParameter, "an index definition is an object"};
  Index index;
  Slice type = definition.get("type");
  std::string_view type_text = type.is_string() ? type.as_string() : std::string_view();
  if (type_text == "ttl") {
    index.type = IndexType::kTtl;
  } else if (type_text == "persistent" || type_text == "hash" || type_text == "skiplist") {
    index.type = IndexType::kPersistent;
  } else {
    return {ErrorCode::kBadParameter, "invalid index type: expected persistent, hash, skiplist or ttl"};
  }
  if (Slice name = definition.get("name"); !name.is_none()) {
    if (!name.is_string()) return bad_option("name", "a string");
    TRY(check_index_name(name.as_string()));
    index.name = name.as_string();
  }
  index.fields = TRY(paths_option(definition, "fields", true));
  index.stored_values = TRY(paths_option(definition, "storedValues", false));
  index.unique = TRY(boolean_option(definition, "unique", false));
  index.sparse = TRY(boolean_option(definition, "sparse", false));
  index.deduplicate = TRY(boolean_option(definition, "deduplicate", true));
  index.estimates = TRY(boolean_option(definition, "estimates", true));
  index.cache_enabled = TRY(boolean_option(definition, "cacheEnabled", false));
  TRY(check_paths(index));
  if (index.type == IndexType::kTtl) TRY(parse_time_to_live(definition, index));
  return index;
}

void append_index_definition(const Collection& collection, const Index& index, Builder& to) {
  to.open_object();
  to.add("id", fmt::format("{}/{}", collection.name, index.id));
  to.add("type", type_name(index.type));
  to.add("name", index.name);
  append_paths("fields", index.fields, to);
  to.add("unique", index.unique);
  to.add("sparse", index.sparse);
  if (index.type == IndexType::kPersistent) {
    to.add("deduplicate", index.deduplicate);
    to.add("estimates", index.estimates);
    to.add("cacheEnabled", index.cache_enabled);
    if (!index.stored_values.empty()) append_paths("storedValues", index.stored_values, to);
  } else if (index.type == IndexType::kTtl) {
    to.add("estimates", index.estimates);
    to.add("expireAfter", index.expire_after_seconds);
  }
  to.close();
}

}  // namespace workerdb::storage
