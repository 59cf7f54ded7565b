#include "mcp/argument_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "value/json.h"
#include "value/order.h"

namespace workerdb::mcp {

using value::ArrayIterator;
using value::ObjectIterator;
using value::Slice;

namespace {

constexpr std::string_view kKeywords[] = {
    "type",      "properties", "required", "additionalProperties", "enum",    "minimum", "maximum", "minLength",
    "maxLength", "items",      "maxItems", "description",          "default", "title"};

std::string_view type_of(Slice value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  if (!value.is_double() || std::trunc(value.as_double()) == value.as_double()) return "integer";
  return "number";
}

bool has_type(Slice value, std::string_view type) {
  std::string_view found = type_of(value);
  return found == type || (type == "number" && found == "integer");
}

// Code points, as JSON Schema counts.
size_t length_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      size_t changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[right.size()];
}

class Checker {
 public:
  explicit Checker(size_t at_most) : at_most_(at_most) {}

  void check(Slice value, Slice schema, const std::string& path) {
    if (is_full() || !check_type(value, schema, path)) return;
    check_enum(value, schema, path);
    if (value.is_string()) check_string(value, schema, path);
    if (value.is_number()) check_number(value, schema, path);
    if (value.is_array()) check_array(value, schema, path);
    if (value.is_object()) check_object(value, schema, path);
  }

  std::vector<std::string> take() { return std::move(problems_); }

 private:
  bool is_full() const { return problems_.size() >= at_most_; }
  void complain(std::string problem) {
    if (!is_full()) problems_.push_back(std::move(problem));
  }
  static std::string name(const std::string& path) {
    return path.empty() ? "the arguments" : fmt::format("'{}'", path);
  }

  bool check_type(Slice value, Slice schema, const std::string& path) {
    Slice type = schema.get("type");
    if (type.is_none()) return true;
    std::vector<std::string> allowed;
    if (type.is_string()) allowed.emplace_back(type.as_string());
    for (ArrayIterator item(type); item.valid(); item.next()) allowed.emplace_back(item.value().as_string());
    for (const std::string& one : allowed) {
      if (has_type(value, one)) return true;
    }
    complain(fmt::format("{} must be of type {}, not {}", name(path), fmt::join(allowed, " or "), type_of(value)));
    return false;
  }

  void check_enum(Slice value, Slice schema, const std::string& path) {
    Slice allowed = schema.get("enum");
    if (!allowed.is_array()) return;
    std::vector<std::string> names;
    for (ArrayIterator item(allowed); item.valid(); item.next()) {
      if (value::equal(item.value(), value)) return;
      names.push_back(value::to_json(item.value()));
    }
    complain(fmt::format("{} must be one of {}", name(path), fmt::join(names, ", ")));
  }

  void check_string(Slice value, Slice schema, const std::string& path) {
    size_t length = length_of(value.as_string());
    Slice shortest = schema.get("minLength"), longest = schema.get("maxLength");
    if (shortest.is_number() && length < static_cast<size_t>(shortest.as_int64())) {
      complain(fmt::format("{} must have at least {} character(s)", name(path), shortest.as_int64()));
    }
    if (longest.is_number() && length > static_cast<size_t>(longest.as_int64())) {
      complain(fmt::format("{} must have at most {} characters, not {}", name(path), longest.as_int64(), length));
    }
  }

  void check_number(Slice value, Slice schema, const std::string& path) {
    Slice least = schema.get("minimum"), most = schema.get("maximum");
    if (least.is_number() && value.as_double() < least.as_double()) {
      complain(fmt::format("{} must be at least {}, not {}", name(path), value::to_json(least), value::to_json(value)));
    }
    if (most.is_number() && value.as_double() > most.as_double()) {
      complain(fmt::format("{} must be at most {}, not {}", name(path), value::to_json(most), value::to_json(value)));
    }
  }

  void check_array(Slice value, Slice schema, const std::string& path) {
    Slice most = schema.get("maxItems"), items = schema.get("items");
    if (most.is_number() && value.size() > static_cast<size_t>(most.as_int64())) {
      complain(fmt::format("{} must have at most {} items, not {}", name(path), most.as_int64(), value.size()));
      return;
    }
    size_t position = 0;
    for (ArrayIterator item(value); items.is_object() && item.valid(); item.next()) {
      check(item.value(), items, fmt::format("{}[{}]", path, position++));
    }
  }

  void check_object(Slice value, Slice schema, const std::string& path) {
    Slice properties = schema.get("properties");
    for (ArrayIterator item(schema.get("required")); item.valid(); item.next()) {
      if (value.get(item.value().as_string()).is_none()) {
        complain(fmt::format("{} must have '{}'{}", name(path), item.value().as_string(),
                             purpose(properties.get(item.value().as_string()))));
      }
    }
    Slice additional = schema.get("additionalProperties");
    bool is_closed = additional.is_bool() && !additional.is_true();
    for (ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
      std::string inner = path.empty() ? std::string(attribute.name()) : fmt::format("{}.{}", path, attribute.name());
      Slice rule = properties.get(attribute.name());
      if (!rule.is_none()) {
        check(attribute.value(), rule, inner);
      } else if (is_closed) {
        complain(unknown(properties, attribute.name(), inner));
      }
    }
  }

  static std::string purpose(Slice property) {
    Slice description = property.get("description");
    return description.is_string() ? fmt::format(" ({})", description.as_string()) : std::string();
  }

  static std::string unknown(Slice properties, std::string_view name, const std::string& path) {
    std::vector<std::string> names;
    std::string nearest;
    size_t distance = 3;  // further away than this is no typing error
    for (ObjectIterator property(properties); property.valid(); property.next()) {
      names.emplace_back(property.name());
      if (name.size() > 64) continue;
      if (size_t now = edit_distance(name, property.name()); now < distance) {
        distance = now;
        nearest = property.name();
      }
    }
    std::string shown = path.substr(0, 64);
    if (!nearest.empty()) return fmt::format("'{}' is not known; did you mean '{}'?", shown, nearest);
    return fmt::format("'{}' is not known; allowed are {}", shown, fmt::join(names, ", "));
  }

  const size_t at_most_;
  std::vector<std::string> problems_;
};

void collect_unknown(Slice schema, std::vector<std::string>& found) {
  if (!schema.is_object()) return;
  for (ObjectIterator keyword(schema); keyword.valid(); keyword.next()) {
    if (std::find(std::begin(kKeywords), std::end(kKeywords), keyword.name()) == std::end(kKeywords)) {
      found.emplace_back(keyword.name());
    }
  }
  for (ObjectIterator property(schema.get("properties")); property.valid(); property.next()) {
    collect_unknown(property.value(), found);
  }
  collect_unknown(schema.get("items"), found);
  collect_unknown(schema.get("additionalProperties"), found);
}

}  // namespace

std::vector<std::string> check_arguments(Slice arguments, Slice schema, size_t at_most) {
  Checker checker(at_most);
  checker.check(arguments, schema, "");
  return checker.take();
}

std::vector<std::string> unknown_keywords(Slice schema) {
  std::vector<std::string> found;
  collect_unknown(schema, found);
  return found;
}

}  // namespace workerdb::mcp
