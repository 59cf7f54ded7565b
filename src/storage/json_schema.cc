#include "storage/json_schema.h"

#include <fmt/format.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "value/builder.h"
#include "value/order.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::ArrayIterator;
using value::ObjectIterator;
using value::Slice;
using value::Type;

constexpr size_t kDeepestSchema = 64, kMostNodes = 10'000, kDeepestCheck = 256;
constexpr int32_t kRegexTimeLimit = 1'000;  // ICU's steps of some 10'000 operations each
constexpr int32_t kRegexStackBytes = 1 << 20;

enum TypeBit : uint8_t { kNull = 1, kBoolean = 2, kNumber = 4, kInteger = 8, kString = 16, kArray = 32, kObject = 64 };

Error bad_schema(std::string reason) {
  return Error(ErrorCode::kValidationBadParameter, "invalid schema validation parameter: " + std::move(reason));
}

size_t count_characters(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

class Pattern {
 public:
  static Result<Pattern> compile(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    Pattern result;
    result.pattern_.reset(icu::RegexPattern::compile(
        icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size()))), 0, where, status));
    if (U_FAILURE(status)) return bad_schema(fmt::format("'{}' is no regular expression", text));
    return result;
  }

  // Found anywhere in the text. A search that takes too long finds nothing.
  bool found_in(std::string_view text) const {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
    std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(wide, status));
    if (U_FAILURE(status)) return false;
    matcher->setTimeLimit(kRegexTimeLimit, status);
    matcher->setStackLimit(kRegexStackBytes, status);
    return matcher->find(status) != 0 && U_SUCCESS(status);
  }

 private:
  std::shared_ptr<const icu::RegexPattern> pattern_;
};

struct Node {
  bool accepts_nothing = false;
  uint8_t types = 0;                   // 0: any
  std::vector<value::Buffer> choices;  // enum, const
  bool has_choices = false;
  std::optional<double> minimum, maximum, multiple_of;
  bool excludes_minimum = false, excludes_maximum = false;
  std::optional<uint64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::optional<Pattern> pattern;
  bool unique_items = false;
  const Node* items = nullptr;     // all items
  std::vector<const Node*> tuple;  // the first items
  bool has_tuple = false, allows_more_items = true, allows_more_properties = true;
  const Node *more_items = nullptr, *more_properties = nullptr;
  std::vector<std::string> required;
  std::map<std::string, const Node*, std::less<>> properties;
  std::vector<std::pair<Pattern, const Node*>> pattern_properties;
  std::map<std::string, std::vector<std::string>> property_dependencies;
  std::map<std::string, const Node*> schema_dependencies;
  std::vector<const Node*> all_of, any_of, one_of;
  const Node *negated = nullptr, *reference = nullptr;
};

// ---- compiling

class Compiler {
 public:
  Compiler(Slice root, std::vector<std::unique_ptr<Node>>& nodes) : root_(root), nodes_(nodes) {}

  Result<const Node*> node(Slice schema, size_t depth) {
    if (depth > kDeepestSchema) return bad_schema("the rule is nested too deeply");
    if (nodes_.size() >= kMostNodes) return bad_schema("the rule is too large");
    nodes_.push_back(std::make_unique<Node>());
    Node& into = *nodes_.back();
    if (schema.is_bool()) {
      into.accepts_nothing = !schema.is_true();
      return &into;
    }
    if (!schema.is_object()) return bad_schema("a schema is an object");
    if (Slice reference = schema.get("$ref"); !reference.is_none()) {
      into.reference = TRY(referenced(reference, depth));
      return &into;
    }
    TRY(compile_values(schema, into));
    TRY(compile_array(schema, into, depth));
    TRY(compile_object(schema, into, depth));
    TRY(compile_combinations(schema, into, depth));
    return &into;
  }

 private:
  // "#" and "#/definitions/name"; a rule may refer to itself.
  Result<const Node*> referenced(Slice reference, size_t depth) {
    if (!reference.is_string() || !reference.as_string().starts_with('#')) {
      return bad_schema("$ref: only references inside the rule (#/...) are possible");
    }
    std::string path(reference.as_string());
    if (auto found = references_.find(path); found != references_.end()) {
      return static_cast<const Node*>(found->second);
    }
    Slice target = root_;
    for (size_t at = 1; at < path.size();) {
      size_t end = std::min(path.find('/', at + 1), path.size());
      target = target.get(std::string_view(path).substr(at + 1, end - at - 1));
      at = end;
    }
    if (!target.is_object()) return bad_schema(fmt::format("$ref: there is no '{}'", path));
    nodes_.push_back(std::make_unique<Node>());
    Node* knot = nodes_.back().get();
    references_[path] = knot;
    knot->reference = TRY(node(target, depth + 1));
    return static_cast<const Node*>(knot);
  }

  static Result<uint8_t> type_bit(Slice name) {
    static const std::map<std::string, uint8_t, std::less<>> kNames = {
        {"null", kNull},       {"boolean", kBoolean}, {"number", kNumber | kInteger},
        {"integer", kInteger}, {"string", kString},   {"array", kArray},
        {"object", kObject}};
    if (name.is_string()) {
      if (auto found = kNames.find(name.as_string()); found != kNames.end()) return found->second;
      if (name.as_string() == "any") return uint8_t(0x7f);
    }
    return bad_schema("'type' must name JSON's types");
  }

  Result<> compile_values(Slice schema, Node& into) {
    Slice type = schema.get("type");
    if (type.is_array()) {
      for (ArrayIterator item(type); item.valid(); item.next()) into.types |= TRY(type_bit(item.value()));
    } else if (!type.is_none()) {
      into.types = TRY(type_bit(type));
    }
    if (Slice choices = schema.get("enum"); !choices.is_none()) {
      if (!choices.is_array()) return bad_schema("'enum' must be an array");
      into.has_choices = true;
      for (ArrayIterator item(choices); item.valid(); item.next()) into.choices.emplace_back(item.value());
    }
    if (Slice choice = schema.get("const"); !choice.is_none()) {
      into.has_choices = true;
      into.choices.emplace_back(choice);
    }
    into.minimum = TRY(number(schema, "minimum"));
    into.maximum = TRY(number(schema, "maximum"));
    into.multiple_of = TRY(number(schema, "multipleOf"));
    if (into.multiple_of && !(*into.multiple_of > 0)) return bad_schema("'multipleOf' must be above 0");
    TRY(compile_exclusive(schema, "exclusiveMinimum", into.minimum, into.excludes_minimum));
    TRY(compile_exclusive(schema, "exclusiveMaximum", into.maximum, into.excludes_maximum));
    into.min_length = TRY(size(schema, "minLength"));
    into.max_length = TRY(size(schema, "maxLength"));
    if (Slice pattern = schema.get("pattern"); !pattern.is_none()) {
      if (!pattern.is_string()) return bad_schema("'pattern' must be a string");
      into.pattern = TRY(Pattern::compile(pattern.as_string()));
    }
    return {};
  }

  // Draft 4 has true beside a minimum, later drafts a number of its own.
  static Result<> compile_exclusive(Slice schema, std::string_view name, std::optional<double>& bound, bool& excludes) {
    Slice value = schema.get(name);
    if (value.is_none()) return {};
    if (value.is_number()) {
      bound = value.as_double();
    } else if (!value.is_bool()) {
      return bad_schema(fmt::format("'{}' must be true, false or a number", name));
    }
    excludes = value.is_number() || value.is_true();
    return {};
  }

  Result<> compile_array(Slice schema, Node& into, size_t depth) {
    into.min_items = TRY(size(schema, "minItems"));
    into.max_items = TRY(size(schema, "maxItems"));
    into.unique_items = schema.get("uniqueItems").is_true();
    Slice items = schema.get("items");
    if (items.is_array()) {
      into.has_tuple = true;
      into.tuple = TRY(list(items, depth));
      TRY(compile_more(schema.get("additionalItems"), into.allows_more_items, into.more_items, depth));
    } else if (!items.is_none()) {
      into.items = TRY(node(items, depth + 1));
    }
    return {};
  }

  Result<> compile_more(Slice more, bool& allows, const Node*& schema, size_t depth) {
    if (more.is_bool()) {
      allows = more.is_true();
    } else if (!more.is_none()) {
      schema = TRY(node(more, depth + 1));
    }
    return {};
  }

  Result<> compile_object(Slice schema, Node& into, size_t depth) {
    into.min_properties = TRY(size(schema, "minProperties"));
    into.max_properties = TRY(size(schema, "maxProperties"));
    if (Slice required = schema.get("required"); !required.is_none()) into.required = TRY(names(required, "required"));
    TRY(compile_more(schema.get("additionalProperties"), into.allows_more_properties, into.more_properties, depth));
    Slice properties = schema.get("properties"), patterns = schema.get("patternProperties");
    if (!properties.is_none() && !properties.is_object()) return bad_schema("'properties' must be an object");
    if (!patterns.is_none() && !patterns.is_object()) return bad_schema("'patternProperties' must be an object");
    for (ObjectIterator property(properties); property.valid(); property.next()) {
      into.properties[std::string(property.name())] = TRY(node(property.value(), depth + 1));
    }
    for (ObjectIterator property(patterns); property.valid(); property.next()) {
      Pattern pattern = TRY(Pattern::compile(property.name()));
      into.pattern_properties.emplace_back(std::move(pattern), TRY(node(property.value(), depth + 1)));
    }
    for (ObjectIterator entry(schema.get("dependencies")); entry.valid(); entry.next()) {
      if (entry.value().is_array()) {
        into.property_dependencies[std::string(entry.name())] = TRY(names(entry.value(), "dependencies"));
      } else {
        into.schema_dependencies[std::string(entry.name())] = TRY(node(entry.value(), depth + 1));
      }
    }
    return {};
  }

  Result<> compile_combinations(Slice schema, Node& into, size_t depth) {
    auto combination = [&](std::string_view name, std::vector<const Node*>& to) -> Result<> {
      Slice value = schema.get(name);
      if (value.is_none()) return {};
      if (!value.is_array() || value.size() == 0)
        return bad_schema(fmt::format("'{}' must be an array of schemas", name));
      to = TRY(list(value, depth));
      return {};
    };
    TRY(combination("allOf", into.all_of));
    TRY(combination("anyOf", into.any_of));
    TRY(combination("oneOf", into.one_of));
    if (Slice negated = schema.get("not"); !negated.is_none()) into.negated = TRY(node(negated, depth + 1));
    return {};
  }

  Result<std::vector<const Node*>> list(Slice schemas, size_t depth) {
    std::vector<const Node*> result;
    for (ArrayIterator item(schemas); item.valid(); item.next()) result.push_back(TRY(node(item.value(), depth + 1)));
    return result;
  }

  static Result<std::vector<std::string>> names(Slice array, std::string_view keyword) {
    std::vector<std::string> result;
    if (!array.is_array()) return bad_schema(fmt::format("'{}' must be an array of names", keyword));
    for (ArrayIterator item(array); item.valid(); item.next()) {
      if (!item.value().is_string()) return bad_schema(fmt::format("'{}' must be an array of names", keyword));
      result.emplace_back(item.value().as_string());
    }
    return result;
  }

  static Result<std::optional<double>> number(Slice schema, std::string_view name) {
    Slice value = schema.get(name);
    if (value.is_none()) return std::optional<double>();
    if (!value.is_number()) return bad_schema(fmt::format("'{}' must be a number", name));
    return std::optional<double>(value.as_double());
  }

  static Result<std::optional<uint64_t>> size(Slice schema, std::string_view name) {
    std::optional<double> value = TRY(number(schema, name));
    if (!value) return std::optional<uint64_t>();
    if (!(*value >= 0) || *value > 1e15 || std::trunc(*value) != *value) {
      return bad_schema(fmt::format("'{}' must be a whole number, 0 or more", name));
    }
    return std::optional<uint64_t>(uint64_t(*value));
  }

  Slice root_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  std::map<std::string, Node*> references_;
};

// ---- checking

// Rules that refer to themselves can ask for endless work: what needs more steps than this is not accepted.
constexpr uint64_t kMostSteps = 5'000'000;
thread_local uint64_t steps_left = 0;

uint8_t type_of(Slice value) {
  switch (value.type()) {
    case Type::kNone:
    case Type::kNull: return kNull;
    case Type::kBool: return kBoolean;
    case Type::kNumber:
      return !value.is_double() || std::trunc(value.as_double()) == value.as_double() ? kInteger | kNumber : kNumber;
    case Type::kString: return kString;
    case Type::kArray: return kArray;
    case Type::kObject: return kObject;
  }
  return 0;
}

bool is_system_attribute(std::string_view name) { return Slice::system_name_code(name) != 0; }

bool accepts(const Node& node, Slice value, bool is_document, size_t depth);

bool accepts_number(const Node& node, Slice value) {
  double number = value.as_double();
  if (node.minimum && (node.excludes_minimum ? number <= *node.minimum : number < *node.minimum)) return false;
  if (node.maximum && (node.excludes_maximum ? number >= *node.maximum : number > *node.maximum)) return false;
  return !node.multiple_of || std::fmod(number, *node.multiple_of) == 0;
}

bool accepts_string(const Node& node, Slice value) {
  std::string_view text = value.as_string();
  if (node.min_length || node.max_length) {
    size_t length = count_characters(text);
    if ((node.min_length && length < *node.min_length) || (node.max_length && length > *node.max_length)) return false;
  }
  return !node.pattern || node.pattern->found_in(text);
}

bool are_unique(Slice array) {
  std::vector<Slice> items;
  for (ArrayIterator item(array); item.valid(); item.next()) items.push_back(item.value());
  std::sort(items.begin(), items.end(), [](Slice a, Slice b) { return value::compare(a, b) < 0; });
  return std::adjacent_find(items.begin(), items.end(), value::equal) == items.end();
}

bool accepts_array(const Node& node, Slice value, size_t depth) {
  size_t size = value.size();
  if ((node.min_items && size < *node.min_items) || (node.max_items && size > *node.max_items)) return false;
  if (node.unique_items && !are_unique(value)) return false;
  if (node.has_tuple && size > node.tuple.size() && !node.allows_more_items) return false;
  size_t position = 0;
  for (ArrayIterator item(value); item.valid(); item.next(), ++position) {
    const Node* schema = node.items;
    if (node.has_tuple) schema = position < node.tuple.size() ? node.tuple[position] : node.more_items;
    if (schema != nullptr && !accepts(*schema, item.value(), false, depth + 1)) return false;
  }
  return true;
}

bool accepts_attribute(const Node& node, std::string_view name, Slice value, size_t depth) {
  bool is_named = false;
  if (auto found = node.properties.find(name); found != node.properties.end()) {
    is_named = true;
    if (!accepts(*found->second, value, false, depth + 1)) return false;
  }
  for (const auto& [pattern, schema] : node.pattern_properties) {
    if (!pattern.found_in(name)) continue;
    is_named = true;
    if (!accepts(*schema, value, false, depth + 1)) return false;
  }
  if (is_named) return true;
  return node.allows_more_properties &&
         (node.more_properties == nullptr || accepts(*node.more_properties, value, false, depth + 1));
}

bool accepts_object(const Node& node, Slice value, bool is_document, size_t depth) {
  auto has = [&](std::string_view name) {
    return !(is_document && is_system_attribute(name)) && !value.get(name).is_none();
  };
  if (!std::all_of(node.required.begin(), node.required.end(), has)) return false;
  uint64_t count = 0;
  for (ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
    if (is_document && is_system_attribute(attribute.name())) continue;
    ++count;
    if (!accepts_attribute(node, attribute.name(), attribute.value(), depth)) return false;
  }
  if (node.min_properties && count < *node.min_properties) return false;
  if (node.max_properties && count > *node.max_properties) return false;
  for (const auto& [name, others] : node.property_dependencies) {
    if (has(name) && !std::all_of(others.begin(), others.end(), has)) return false;
  }
  for (const auto& [name, schema] : node.schema_dependencies) {
    if (has(name) && !accepts(*schema, value, is_document, depth + 1)) return false;
  }
  return true;
}

bool accepts_combinations(const Node& node, Slice value, bool is_document, size_t depth) {
  auto holds = [&](const Node* schema) { return accepts(*schema, value, is_document, depth + 1); };
  if (!std::all_of(node.all_of.begin(), node.all_of.end(), holds)) return false;
  if (!node.any_of.empty() && !std::any_of(node.any_of.begin(), node.any_of.end(), holds)) return false;
  if (!node.one_of.empty() && std::count_if(node.one_of.begin(), node.one_of.end(), holds) != 1) return false;
  return node.negated == nullptr || !holds(node.negated);
}

bool accepts(const Node& node, Slice value, bool is_document, size_t depth) {
  if (node.accepts_nothing || depth > kDeepestCheck || steps_left == 0) return false;
  --steps_left;
  if (node.reference != nullptr) return accepts(*node.reference, value, is_document, depth + 1);
  if (node.types != 0 && (node.types & type_of(value)) == 0) return false;
  auto is_choice = [&](const value::Buffer& choice) { return value::equal(choice.slice(), value); };
  if (node.has_choices && std::none_of(node.choices.begin(), node.choices.end(), is_choice)) return false;
  bool is_accepted = true;
  if (value.is_number()) is_accepted = accepts_number(node, value);
  if (value.is_string()) is_accepted = accepts_string(node, value);
  if (value.is_array()) is_accepted = accepts_array(node, value, depth);
  if (value.is_object()) is_accepted = accepts_object(node, value, is_document, depth);
  return is_accepted && accepts_combinations(node, value, is_document, depth);
}

class CompiledSchema final : public JsonSchema {
 public:
  bool accepts(Slice document) const override {
    steps_left = kMostSteps;
    return storage::accepts(*root_, document, true, 0) && steps_left > 0;
  }
  SchemaLevel level() const override { return level_; }
  const std::string& message() const override { return message_; }

  std::vector<std::unique_ptr<Node>> nodes_;
  const Node* root_ = nullptr;
  SchemaLevel level_ = SchemaLevel::kStrict;
  std::string message_;
};

Result<SchemaLevel> parse_level(Slice level) {
  if (level.is_none()) return SchemaLevel::kStrict;
  std::string_view text = level.is_string() ? level.as_string() : std::string_view();
  if (text == "none") return SchemaLevel::kNone;
  if (text == "new") return SchemaLevel::kNew;
  if (text == "moderate") return SchemaLevel::kModerate;
  if (text == "strict") return SchemaLevel::kStrict;
  return bad_schema("'level' must be none, new, moderate or strict");
}

}  // namespace

Result<std::shared_ptr<const JsonSchema>> JsonSchema::compile(Slice property) {
  if (property.is_null()) return std::shared_ptr<const JsonSchema>();
  if (!property.is_object()) return bad_schema("a schema is an object or null");
  if (property.size() == 0) return std::shared_ptr<const JsonSchema>();
  Slice rule = property.get("rule"), message = property.get("message");
  if (!rule.is_object()) return bad_schema("'rule' must be an object");
  if (!message.is_null() && !message.is_string()) return bad_schema("'message' must be a string");
  auto schema = std::make_shared<CompiledSchema>();
  schema->level_ = TRY(parse_level(property.get("level")));
  schema->message_ = message.is_string() ? std::string(message.as_string()) : "";
  schema->root_ = TRY(Compiler(rule, schema->nodes_).node(rule, 0));
  return schema;
}

Result<> JsonSchema::check(Slice old, Slice document) const {
  if (level() == SchemaLevel::kNone || (level() == SchemaLevel::kNew && !old.is_none())) return {};
  if (accepts(document)) return {};
  if (level() == SchemaLevel::kModerate && !old.is_none() && !accepts(old)) return {};
  if (message().empty()) return ErrorCode::kValidationFailed;
  return {ErrorCode::kValidationFailed, message()};
}

}  // namespace workerdb::storage
