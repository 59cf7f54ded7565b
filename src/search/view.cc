#include "search/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/number.h"

namespace workerdb::search {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Buffer;
using value::Builder;
using value::Slice;

Error wrong(std::string_view what) { return Error(ErrorCode::kBadParameter, fmt::format("view: {}", what)); }

constexpr size_t kMostSortExpressions = 64;

enum class Kind : uint8_t { kCount, kBool, kCompression, kSort, kStored, kTexts, kPolicy };
struct Property {
  std::string_view name;
  Kind kind;
  uint64_t usual = 0;
  bool is_immutable = false;
};
constexpr Property kProperties[] = {{"cleanupIntervalStep", Kind::kCount, 2},
                                    {"commitIntervalMsec", Kind::kCount, 1000},
                                    {"consolidationIntervalMsec", Kind::kCount, 5000},
                                    {"consolidationPolicy", Kind::kPolicy},
                                    {"primarySort", Kind::kSort, 0, true},
                                    {"primarySortCompression", Kind::kCompression, 0, true},
                                    {"primarySortCache", Kind::kBool, 0, true},
                                    {"primaryKeyCache", Kind::kBool, 0, true},
                                    {"storedValues", Kind::kStored, 0, true},
                                    {"optimizeTopK", Kind::kTexts, 0, true},
                                    {"writebufferActive", Kind::kCount, 0, true},
                                    {"writebufferIdle", Kind::kCount, 64, true},
                                    {"writebufferSizeMax", Kind::kCount, 33554432, true}};

bool is_count(Slice value) { return value.is_number() && value.as_double() >= 0 && value.as_double() < 1.8e19; }
bool is_compression(Slice value) {
  return value.is_string() && (value.as_string() == "lz4" || value.as_string() == "none");
}

Result<> append_policy(Slice given, Builder& to) {
  if (!given.is_none() && !given.is_object()) return wrong("'consolidationPolicy' must be an object");
  Slice type = given.get("type");
  std::string_view name = type.is_string() ? type.as_string() : type.is_none() ? "tier" : "";
  if (name != "tier" && name != "bytes_accum")
    return wrong("the consolidation policy's 'type' must be tier or bytes_accum");
  to.open_object();
  to.add("type", name);
  auto add = [&](const char* attribute, double usual) -> Result<> {
    Slice value = given.get(attribute);
    if (!value.is_none() && !is_count(value)) return wrong(fmt::format("'{}' must be a number from 0 on", attribute));
    if (!value.is_none()) {
      to.add(attribute, value);
    } else if (usual == double(int64_t(usual))) {
      to.add(attribute, int64_t(usual));
    } else {
      to.add(attribute, usual);
    }
    return {};
  };
  if (name == "tier") {
    TRY(add("segmentsBytesMax", 8589934592.0));
    TRY(add("maxSkewThreshold", 0.4));
    TRY(add("minDeletionRatio", 0.5));
  } else {
    TRY(add("threshold", 0.1));
  }
  to.close();
  return {};
}

Result<> append_sort(Slice given, Builder& to) {
  if (!given.is_none() && !given.is_array()) return wrong("'primarySort' must be an array");
  to.open_array();
  for (value::ArrayIterator item(given); item.valid(); item.next()) {
    Slice field = item.value().get("field"), direction = item.value().get("direction"),
          ascending = item.value().get("asc");
    bool has_direction = direction.is_string() && (direction.as_string() == "asc" || direction.as_string() == "desc");
    if (!field.is_string() || (!has_direction && !ascending.is_bool())) {
      return wrong("an entry of 'primarySort' has a 'field' and a 'direction' (asc or desc)");
    }
    to.open_object();
    to.add("field", field);
    to.add("asc", has_direction ? direction.as_string() == "asc" : ascending.is_true());
    to.close();
  }
  to.close();
  return {};
}

Result<> append_stored_fields(Slice fields, Slice compression, Slice cache, Builder& to) {
  to.open_object();
  to.key("fields");
  to.open_array();
  size_t count = 0;
  auto put = [&](Slice name) -> Result<> {
    if (!name.is_string() || name.as_string().empty()) return wrong("'storedValues' names attributes");
    to.string(name.as_string());
    ++count;
    return {};
  };
  if (fields.is_string()) TRY(put(fields));
  for (value::ArrayIterator name(fields); name.valid(); name.next()) TRY(put(name.value()));
  to.close();
  if (count == 0) return wrong("an entry of 'storedValues' has 'fields'");
  if (!compression.is_none() && !is_compression(compression)) return wrong("a 'compression' is lz4 or none");
  if (!cache.is_none() && !cache.is_bool()) return wrong("'cache' must be a boolean");
  to.add("compression", compression.is_none() ? std::string_view("lz4") : compression.as_string());
  if (cache.is_true()) to.add("cache", true);
  to.close();
  return {};
}

Result<> append_stored(Slice given, Builder& to) {
  if (!given.is_none() && !given.is_array()) return wrong("'storedValues' must be an array");
  to.open_array();
  for (value::ArrayIterator item(given); item.valid(); item.next()) {
    Slice one = item.value();
    TRY(append_stored_fields(one.is_object() ? one.get("fields") : one, one.get("compression"), one.get("cache"), to));
  }
  to.close();
  return {};
}

Result<> append_texts(Slice given, std::string_view name, Builder& to) {
  if (!given.is_none() && !given.is_array()) return wrong(fmt::format("'{}' must be an array of strings", name));
  if (given.is_array() && given.size() > kMostSortExpressions) return wrong(fmt::format("'{}' is too long", name));
  to.open_array();
  for (value::ArrayIterator item(given); item.valid(); item.next()) {
    if (!item.value().is_string()) return wrong(fmt::format("'{}' must be an array of strings", name));
    to.string(item.value().as_string());
  }
  to.close();
  return {};
}

// `given` may be none: then it is the default.
Result<> append(const Property& property, Slice given, Builder& to) {
  to.key(property.name);
  switch (property.kind) {
    case Kind::kCount:
      if (!given.is_none() && !is_count(given))
        return wrong(fmt::format("'{}' must be a number from 0 on", property.name));
      given.is_none() ? to.unsigned_integer(property.usual) : to.slice(given);
      return {};
    case Kind::kBool:
      if (!given.is_none() && !given.is_bool()) return wrong(fmt::format("'{}' must be a boolean", property.name));
      to.boolean(given.is_true());
      return {};
    case Kind::kCompression:
      if (!given.is_none() && !is_compression(given)) return wrong(fmt::format("'{}' is lz4 or none", property.name));
      to.string(given.is_none() ? "lz4" : given.as_string());
      return {};
    case Kind::kSort: return append_sort(given, to);
    case Kind::kStored: return append_stored(given, to);
    case Kind::kTexts: return append_texts(given, property.name, to);
    case Kind::kPolicy: return append_policy(given, to);
  }
  return {};
}

void append_field(Slice given, bool is_link, size_t depth, Builder& to) {
  to.open_object();
  auto put = [&](const char* name, auto usual) {
    Slice value = given.get(name);
    if (!value.is_none()) {
      to.add(name, value);
    } else if (is_link) {
      to.add(name, usual);
    }
  };
  Slice analyzers = given.get("analyzers");
  if (!analyzers.is_none() || is_link) {
    to.key("analyzers");
    to.open_array();
    if (analyzers.is_none()) to.string("identity");
    for (value::ArrayIterator name(analyzers); name.valid(); name.next()) to.slice(name.value());
    to.close();
  }
  Slice fields = given.get("fields");
  if (!fields.is_none() || is_link) {
    to.key("fields");
    to.open_object();
    for (value::ObjectIterator field(fields); field.valid(); field.next()) {
      to.key(field.name());
      append_field(field.value(), false, depth + 1, to);
    }
    to.close();
  }
  put("includeAllFields", false);
  put("storeValues", "none");
  put("trackListPositions", false);
  if (given.get("cache").is_true()) to.add("cache", true);
  to.close();
}

Result<std::map<uint64_t, Buffer>> changed_links(Slice kept, Slice given, bool replaces, const Names& names) {
  std::map<uint64_t, Buffer> result;
  if (!replaces) {
    for (const ViewLink& link : links_of(kept)) result[link.collection_id] = Buffer(link.properties);
  }
  Slice links = given.get("links");
  if (!links.is_none() && !links.is_object()) return wrong("'links' must be an object");
  for (value::ObjectIterator link(links); link.valid(); link.next()) {
    auto id = names.collection_id(link.name());
    if (link.value().is_null()) {
      if (id) result.erase(*id);
      continue;
    }
    if (!id) return std::move(id).error();
    TRY(parse_link(link.value(), names.find_analyzer));
    Builder complete;
    append_field(link.value(), true, 0, complete);
    result[*id] = complete.take();
  }
  return result;
}

}  // namespace

Result<Buffer> change_view_properties(Slice kept, Slice given, bool replaces, const Names& names) {
  if (!given.is_object()) return wrong("properties must be an object");
  bool is_new = !kept.is_object();
  Builder to;
  to.open_object();
  for (const Property& property : kProperties) {
    Slice value = given.get(property.name), before = kept.get(property.name);
    if ((property.is_immutable && !is_new) || (value.is_none() && !replaces)) value = before;
    TRY(append(property, value, to));
  }
  to.key("links");
  to.open_object();
  for (const auto& [id, link] : TRY(changed_links(kept, given, replaces, names))) {
    to.add(std::to_string(id), link.slice());
  }
  to.close();
  to.close();
  return to.take();
}

Result<Buffer> make_view_properties(Slice given, const Names& names) {
  return change_view_properties(Slice(), given, true, names);
}

std::vector<ViewLink> links_of(Slice kept) {
  std::vector<ViewLink> result;
  for (value::ObjectIterator link(kept.get("links")); link.valid(); link.next()) {
    if (auto id = base::parse_integer<uint64_t>(link.name())) result.push_back({*id, link.value()});
  }
  return result;
}

namespace {

bool field_uses(Slice field, std::string_view analyzer) {
  for (value::ArrayIterator name(field.get("analyzers")); name.valid(); name.next()) {
    std::string_view text = name.value().as_string();
    if (size_t colons = text.rfind("::"); colons != text.npos) text.remove_prefix(colons + 2);
    if (text == analyzer) return true;
  }
  for (value::ObjectIterator inner(field.get("fields")); inner.valid(); inner.next()) {
    if (field_uses(inner.value(), analyzer)) return true;
  }
  return false;
}

}  // namespace

bool uses_analyzer(Slice kept, std::string_view analyzer) {
  for (const ViewLink& link : links_of(kept)) {
    if (field_uses(link.properties, analyzer)) return true;
  }
  return false;
}

void append_view_properties(Slice kept, const std::function<std::string(uint64_t)>& name_of, Builder& to) {
  for (value::ObjectIterator property(kept); property.valid(); property.next()) {
    // These two are shown only where they are on.
    bool is_cache = property.name() == "primarySortCache" || property.name() == "primaryKeyCache";
    if (property.name() == "links" || (is_cache && !property.value().is_true())) continue;
    to.add(property.name(), property.value());
  }
  to.key("links");
  to.open_object();
  for (const ViewLink& link : links_of(kept)) {
    std::string name = name_of(link.collection_id);
    if (!name.empty()) to.add(name, link.properties);
  }
  to.close();
}

}  // namespace workerdb::search
