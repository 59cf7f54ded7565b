#include "catalog/json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace workerdb::catalog {
namespace {

enum class Takes {
  kAnything,
  kText,
  kTexts,
  kInteger,
  kNumber,
  kBoolean,
  kSchema,
  kSchemas,
  kNamedSchemas,
  kType,
  kList,
  kSchemaOrBoolean,
  kSchemaOrSchemas
};

struct Keyword {
  std::string_view name;
  Takes takes;
};

// Draft 4, sections 4 and 5 of the validation specification.
constexpr std::array kKeywords = {
    Keyword{"type", Takes::kType},
    Keyword{"title", Takes::kText},
    Keyword{"description", Takes::kText},
    Keyword{"default", Takes::kAnything},
    Keyword{"enum", Takes::kList},
    Keyword{"properties", Takes::kNamedSchemas},
    Keyword{"patternProperties", Takes::kNamedSchemas},
    Keyword{"additionalProperties", Takes::kSchemaOrBoolean},
    Keyword{"required", Takes::kTexts},
    Keyword{"minProperties", Takes::kInteger},
    Keyword{"maxProperties", Takes::kInteger},
    Keyword{"items", Takes::kSchemaOrSchemas},
    Keyword{"additionalItems", Takes::kSchemaOrBoolean},
    Keyword{"minItems", Takes::kInteger},
    Keyword{"maxItems", Takes::kInteger},
    Keyword{"uniqueItems", Takes::kBoolean},
    Keyword{"minimum", Takes::kNumber},
    Keyword{"maximum", Takes::kNumber},
    Keyword{"exclusiveMinimum", Takes::kBoolean},
    Keyword{"exclusiveMaximum", Takes::kBoolean},
    Keyword{"multipleOf", Takes::kNumber},
    Keyword{"minLength", Takes::kInteger},
    Keyword{"maxLength", Takes::kInteger},
    Keyword{"pattern", Takes::kText},
    Keyword{"format", Takes::kText},
    Keyword{"allOf", Takes::kSchemas},
    Keyword{"anyOf", Takes::kSchemas},
    Keyword{"oneOf", Takes::kSchemas},
    Keyword{"not", Takes::kSchema},
};

constexpr std::array<std::string_view, 7> kTypes = {"array",  "boolean", "integer", "null",
                                                    "number", "object",  "string"};

void check_type(const YamlValue& value, Complaints& complaints) {
  auto check_name = [&](const YamlValue& name) {
    if (name.kind == YamlKind::kText && std::ranges::find(kTypes, name.text) != kTypes.end()) return;
    // `type: null` is YAML's null; it has to be quoted.
    complaints.add(name.place, fmt::format("'{}' is no type of JSON Schema{}", name.text,
                                           name.kind == YamlKind::kNull ? "; write \"null\" with quotes" : ""));
  };
  if (value.kind != YamlKind::kList) return check_name(value);
  for (const YamlValue& name : value.items) check_name(name);
}

bool expect(const YamlValue& value, YamlKind kind, std::string_view keyword, Complaints& complaints) {
  if (value.kind == kind) return true;
  complaints.add(value.place, fmt::format("'{}' is {}, expected {}", keyword, name_of(value.kind), name_of(kind)));
  return false;
}

void check_value(const Keyword& keyword, const YamlValue& value, Complaints& complaints) {
  switch (keyword.takes) {
    case Takes::kAnything: return;
    case Takes::kText: expect(value, YamlKind::kText, keyword.name, complaints); return;
    case Takes::kInteger: expect(value, YamlKind::kInteger, keyword.name, complaints); return;
    case Takes::kNumber:
      if (value.kind != YamlKind::kReal) expect(value, YamlKind::kInteger, keyword.name, complaints);
      return;
    case Takes::kBoolean: expect(value, YamlKind::kBoolean, keyword.name, complaints); return;
    case Takes::kType: return check_type(value, complaints);
    case Takes::kList: expect(value, YamlKind::kList, keyword.name, complaints); return;
    case Takes::kTexts:
      if (!expect(value, YamlKind::kList, keyword.name, complaints)) return;
      for (const YamlValue& item : value.items) expect(item, YamlKind::kText, keyword.name, complaints);
      return;
    case Takes::kSchema: return check_json_schema(value, complaints);
    case Takes::kSchemaOrBoolean:
      return value.kind == YamlKind::kBoolean ? void() : check_json_schema(value, complaints);
    case Takes::kSchemaOrSchemas:
      if (value.kind == YamlKind::kMap) return check_json_schema(value, complaints);
      [[fallthrough]];
    case Takes::kSchemas:
      if (!expect(value, YamlKind::kList, keyword.name, complaints)) return;
      for (const YamlValue& item : value.items) check_json_schema(item, complaints);
      return;
    case Takes::kNamedSchemas:
      if (!expect(value, YamlKind::kMap, keyword.name, complaints)) return;
      for (const YamlValue& member : value.items) check_json_schema(member, complaints);
      return;
  }
}

}  // namespace

void check_json_schema(const YamlValue& schema, Complaints& complaints) {
  if (!expect(schema, YamlKind::kMap, "schema", complaints)) return;
  for (size_t index = 0; index < schema.keys.size(); ++index) {
    const std::string& name = schema.keys[index];
    const YamlValue& value = schema.items[index];
    auto known = std::ranges::find(kKeywords, name, &Keyword::name);
    if (known == kKeywords.end()) {
      complaints.add(value.place, fmt::format("'{}' is no keyword of JSON Schema draft 4 that can be used here", name));
    } else {
      check_value(*known, value, complaints);
    }
  }
}

}  // namespace workerdb::catalog
