// Attributes of objects.
#include <algorithm>

#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::ObjectIterator;
using value::Slice;

bool is_system(std::string_view name) { return name.starts_with('_'); }

Slice attributes(Context& context, Arguments arguments) {
  if (!arguments[0].is_object()) return wrong_type(context, "ATTRIBUTES");
  std::vector<std::string_view> names;
  for (ObjectIterator attribute(arguments[0]); attribute.valid(); attribute.next()) {
    if (!flag(arguments, 1) || !is_system(attribute.name())) names.push_back(attribute.name());
  }
  if (flag(arguments, 2)) std::ranges::sort(names);
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (std::string_view name : names) builder.string(name);
  builder.close();
  return context.finish();
}

Slice values(Context& context, Arguments arguments) {
  if (!arguments[0].is_object()) return wrong_type(context, "VALUES");
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (ObjectIterator attribute(arguments[0]); attribute.valid(); attribute.next()) {
    if (!flag(arguments, 1) || !is_system(attribute.name())) builder.slice(attribute.value());
  }
  builder.close();
  return context.finish();
}

Slice entries(Context& context, Arguments arguments) {
  if (!arguments[0].is_object()) return wrong_type(context, "ENTRIES");
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (ObjectIterator attribute(arguments[0]); attribute.valid(); attribute.next()) {
    builder.open_array();
    builder.string(attribute.name());
    builder.slice(attribute.value());
    builder.close();
  }
  builder.close();
  return context.finish();
}

Slice has(Context&, Arguments arguments) {
  if (!arguments[0].is_object()) return Slice::boolean(false);
  return Slice::boolean(!arguments[0].get(Text(arguments[1])).is_none());
}

Slice value_at(Context& context, Arguments arguments) {
  if (!arguments[0].is_object() && !arguments[0].is_array()) return wrong_type(context, "VALUE");
  if (!arguments[1].is_array()) return wrong_type(context, "VALUE");
  Slice current = arguments[0];
  for (ArrayIterator step(arguments[1]); step.valid(); step.next()) {
    Slice key = step.value();
    if (current.is_array() && key.is_number()) {
      int64_t position = to_integer(key), size = int64_t(current.size());
      if (position < 0) position += size;
      if (position < 0 || position >= size) return Slice::null();
      current = current.at(size_t(position));
    } else if (current.is_object() && (key.is_string() || key.is_number())) {
      current = current.get(Text(key));
    } else {
      return key.is_string() || key.is_number() ? Slice::null() : wrong_type(context, "VALUE");
    }
  }
  return current.is_none() ? Slice::null() : current;
}

Slice zip(Context& context, Arguments arguments) {
  if (!arguments[0].is_array() || !arguments[1].is_array() || arguments[0].size() != arguments[1].size()) {
    return wrong_type(context, "ZIP");
  }
  value::Builder& builder = context.scratch();
  builder.open_object();
  ArrayIterator value(arguments[1]);
  for (ArrayIterator key(arguments[0]); key.valid(); key.next(), value.next()) {
    builder.key(Text(key.value()));
    builder.slice(value.value());
  }
  builder.close();
  return context.finish();
}

Slice translate(Context& context, Arguments arguments) {
  if (!arguments[1].is_object()) return wrong_type(context, "TRANSLATE");
  Slice found = arguments[1].get(Text(arguments[0]));
  if (!found.is_none()) return found;
  return arguments.size() > 2 ? arguments[2] : arguments[0];
}

bool matches_example(Slice document, Slice example) {
  for (ObjectIterator attribute(example); attribute.valid(); attribute.next()) {
    if (!value::equal(document.get(attribute.name()), attribute.value())) return false;
  }
  return true;
}

Slice matches(Context& context, Arguments arguments) {
  bool wants_index = flag(arguments, 2);
  auto result = [&](int64_t index) {
    return wants_index ? context.arena().integer(index) : Slice::boolean(index >= 0);
  };
  if (!arguments[0].is_object()) return result(-1);
  if (arguments[1].is_object()) return result(matches_example(arguments[0], arguments[1]) ? 0 : -1);
  if (!arguments[1].is_array() || arguments[1].size() == 0) return wrong_type(context, "MATCHES");
  int64_t index = 0;
  for (ArrayIterator example(arguments[1]); example.valid(); example.next(), ++index) {
    if (!example.value().is_object()) {
      wrong_type(context, "MATCHES");
      continue;
    }
    if (matches_example(arguments[0], example.value())) return result(index);
  }
  return result(-1);
}

// The identifier itself or the _id of a document: "collection/key". False where there is none.
bool read_identifier(Slice value, std::string_view& collection, std::string_view& key) {
  if (value.is_object()) value = value.get("_id");
  if (!value.is_string()) return false;
  std::string_view text = value.as_string();
  size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return false;
  if (text.find('/', slash + 1) != std::string_view::npos) return false;
  collection = text.substr(0, slash);
  key = text.substr(slash + 1);
  return true;
}

Slice is_same_collection(Context& context, Arguments arguments) {
  std::string_view collection, key;
  if (!arguments[0].is_string() || !read_identifier(arguments[1], collection, key)) {
    return wrong_type(context, "IS_SAME_COLLECTION");
  }
  return Slice::boolean(collection == arguments[0].as_string());
}

Slice parse_identifier(Context& context, Arguments arguments) {
  std::string_view collection, key;
  if (!read_identifier(arguments[0], collection, key)) return wrong_type(context, "PARSE_IDENTIFIER");
  value::Builder& builder = context.scratch();
  builder.open_object();
  builder.add("collection", collection);
  builder.add("key", key);
  builder.close();
  return context.finish();
}

Slice parse_collection(Context& context, Arguments arguments) {
  std::string_view collection, key;
  if (!read_identifier(arguments[0], collection, key)) return wrong_type(context, "PARSE_COLLECTION");
  return context.arena().string(collection);
}

Slice parse_key(Context& context, Arguments arguments) {
  std::string_view collection, key;
  if (!read_identifier(arguments[0], collection, key)) return wrong_type(context, "PARSE_KEY");
  return context.arena().string(key);
}

constexpr std::string_view kCategory = "document-object";
constexpr Function kFunctions[] = {
    {"ATTRIBUTES", kCategory, 1, 3, kDeterministic, "document: object, removeSystemAttrs?: bool, sort?: bool",
     "The names of an object's attributes.", "RETURN ATTRIBUTES({foo: 1, _key: \"1\", bar: 2}, true, true)",
     "[[\"bar\",\"foo\"]]", attributes},
    {"ENTRIES", kCategory, 1, 1, kDeterministic, "document: object",
     "An object's attributes as pairs of name and value.", "RETURN ENTRIES({a: 1})", "[[[\"a\",1]]]", entries},
    {"HAS", kCategory, 2, 2, kDeterministic, "document: object, attributeName: string",
     "Whether an object has an attribute, even if it is null.",
     "RETURN [HAS({name: null}, \"name\"), HAS({}, \"name\")]", "[[true,false]]", has},
    {"IS_SAME_COLLECTION", kCategory, 2, 2, kDeterministic | kTakesCollection,
     "collectionName: string, documentIdentifier: string|object",
     "Whether an identifier or a document belongs to a collection.",
     "RETURN IS_SAME_COLLECTION(\"users\", \"users/1\")", "[true]", is_same_collection},
    {"KEYS", kCategory, 1, 3, kDeterministic, "document: object, removeSystemAttrs?: bool, sort?: bool",
     "Another name of ATTRIBUTES.", "RETURN KEYS({a: 1})", "[[\"a\"]]", attributes},
    {"MATCHES", kCategory, 2, 3, kDeterministic, "document: object, examples: object|array, returnIndex?: bool",
     "Whether a document has all attributes of an example, or of which one of an array of examples.",
     "RETURN MATCHES({test: 1}, [{foo: 1}, {test: 1}], true)", "[1]", matches},
    {"PARSE_COLLECTION", kCategory, 1, 1, kDeterministic, "documentIdentifier: string|object",
     "The collection of an identifier or a document.", "RETURN PARSE_COLLECTION(\"_users/my-user\")", "[\"_users\"]",
     parse_collection},
    {"PARSE_IDENTIFIER", kCategory, 1, 1, kDeterministic, "documentIdentifier: string|object",
     "Collection and key of an identifier or a document.", "RETURN PARSE_IDENTIFIER(\"_users/my-user\")",
     "[{\"collection\":\"_users\",\"key\":\"my-user\"}]", parse_identifier},
    {"PARSE_KEY", kCategory, 1, 1, kDeterministic, "documentIdentifier: string|object",
     "The key of an identifier or a document.", "RETURN PARSE_KEY(\"_users/my-user\")", "[\"my-user\"]", parse_key},
    {"TRANSLATE", kCategory, 2, 3, kDeterministic, "value: string, lookupDocument: object, defaultValue?: any",
     "What an object maps a value to, else the default or the value itself.", "RETURN TRANSLATE(42, {\"42\": true})",
     "[true]", translate},
    {"VALUE", kCategory, 2, 2, kDeterministic, "document: object, path: array",
     "The value at a path of names and positions.", "RETURN VALUE({foo: [{bar: 1}, {bar: 2}]}, [\"foo\", 1, \"bar\"])",
     "[2]", value_at},
    {"VALUES", kCategory, 1, 2, kDeterministic, "document: object, removeSystemAttrs?: bool",
     "The values of an object's attributes.", "RETURN VALUES({_id: \"a/b\", name: \"Jane\"}, true)", "[[\"Jane\"]]",
     values},
    {"ZIP", kCategory, 2, 2, kDeterministic, "keys: array, values: array", "The object of these names and values.",
     "RETURN ZIP([\"a\", \"b\"], [1, 2])", "[{\"a\":1,\"b\":2}]", zip},
};

}  // namespace

std::span<const Function> object_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
