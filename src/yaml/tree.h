#pragma once
// A YAML file as plain data with positions, so that every complaint names file, line and column. Aliases and
// anchors are refused (a small file could unfold into a huge one), like tags, duplicate keys and keys that
// are no text.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/builder.h"

namespace workerdb::yaml {

// "documents.yaml:12:5"
struct Place {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1
};
std::string to_string(const Place& place);

enum class YamlKind { kNull, kBoolean, kInteger, kReal, kText, kList, kMap };

struct YamlValue {
  YamlKind kind = YamlKind::kNull;
  std::string text;              // of a scalar, as written without quotes
  std::vector<YamlValue> items;  // of a list or a map
  // Of a map: the names of its items, in the order of the file.
  std::vector<std::string> keys;
  Place place;

  // The member of a map; null when there is none or this is no map.
  const YamlValue* find(std::string_view key) const;
};

// "a number", "a list": for messages.
std::string_view name_of(YamlKind kind);

// One YAML document. Plain scalars get their types by YAML 1.2's core schema; quoted ones are text. `file` is
// the name in messages. Errors: kBadParameter with the place; more than 1 MiB, 100 levels or 100 000 values
// are refused.
base::Result<YamlValue> parse_yaml(std::string_view text, const std::string& file);

// The value as JSON.
void append_yaml(const YamlValue& value, value::Builder& builder);

}  // namespace workerdb::yaml
