// What the database knows: documents, collections, schemas, revisions.
#include <fmt/format.h>

#include <algorithm>

#include "aql/functions/civil_time.h"
#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::ObjectIterator;
using value::Slice;

// The document of a key or an identifier; none if there is none or it belongs to another collection.
Slice look_up(Context& context, std::string_view collection, Slice id) {
  if (!id.is_string() || context.data == nullptr) return Slice();
  std::string_view text = id.as_string();
  size_t slash = text.find('/');
  std::string identifier;
  if (slash == std::string_view::npos) {
    if (collection.empty()) return Slice();
    identifier = fmt::format("{}/{}", collection, text);
  } else {
    if (!collection.empty() && text.substr(0, slash) != collection) return Slice();
    identifier = text;
  }
  base::Result<Slice> document = context.data->document(identifier, context.arena());
  if (document) return *document;
  context.fail(std::move(document).error());
  return Slice();
}

Slice document(Context& context, Arguments arguments) {
  Slice id = arguments.back();
  std::string_view collection;
  if (arguments.size() == 2) {
    if (!arguments[0].is_string()) return wrong_type(context, "DOCUMENT");
    collection = arguments[0].as_string();
  }
  if (!id.is_array()) {
    Slice found = look_up(context, collection, id);
    return found.is_none() ? Slice::null() : found;
  }
  std::vector<Slice> documents;
  for (ArrayIterator item(id); item.valid() && !context.should_stop() && !context.failed(); item.next()) {
    Slice found = look_up(context, collection, item.value());
    if (!found.is_null()) documents.push_back(found);
  }
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (Slice found : documents) builder.slice(found);
  builder.close();
  return context.finish();
}

Slice collection_count(Context& context, Arguments arguments) {
  if (!arguments[0].is_string()) return wrong_type(context, "COLLECTION_COUNT");
  if (context.data == nullptr) return Slice::null();
  base::Result<uint64_t> count = context.data->collection_count(arguments[0].as_string());
  if (count) return context.arena().integer(int64_t(*count));
  context.fail(std::move(count).error());
  return Slice::null();
}

Slice collections(Context& context, Arguments) {
  std::vector<std::string> names;
  if (context.data != nullptr) names = context.data->collection_names();
  std::ranges::sort(names);
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (const std::string& name : names) {
    builder.open_object();
    builder.add("_id", fmt::format("{}", context.data->collection_id(name)));
    builder.add("name", name);
    builder.close();
  }
  builder.close();
  return context.finish();
}

Slice current_database(Context& context, Arguments) { return context.arena().string(context.database); }

Slice current_user(Context& context, Arguments) {
  return context.user.empty() ? Slice::null() : context.arena().string(context.user);
}

// On one server every document of a collection lies in the one shard that bears its name.
Slice shard_id(Context& context, Arguments arguments) {
  if (!arguments[0].is_string() || !arguments[1].is_object()) return wrong_type(context, "SHARD_ID");
  return arguments[0];
}

Slice schema_get(Context& context, Arguments arguments) {
  if (!arguments[0].is_string()) return wrong_type(context, "SCHEMA_GET");
  if (context.data == nullptr) return Slice::null();
  base::Result<Slice> schema = context.data->schema(arguments[0].as_string(), context.arena());
  if (schema) return schema->is_none() ? Slice::null() : *schema;
  context.fail(std::move(schema).error());
  return Slice::null();
}

Slice schema_validate(Context& context, Arguments arguments) {
  Slice schema = arguments[1];
  if (!arguments[0].is_object() || !(schema.is_object() || schema.is_null())) {
    return wrong_type(context, "SCHEMA_VALIDATE");
  }
  std::optional<std::string> problem;
  if (schema.is_object() && schema.size() > 0 && context.data != nullptr) {
    base::Result<std::optional<std::string>> checked = context.data->validate(arguments[0], schema);
    if (!checked) {
      context.fail(std::move(checked).error());
      return Slice::null();
    }
    problem = *std::move(checked);
  }
  value::Builder& builder = context.scratch();
  builder.open_object();
  builder.add("valid", !problem.has_value());
  if (problem) builder.add("errorMessage", *problem);
  builder.close();
  return context.finish();
}

// A revision is a number of base 64 with these digits: milliseconds since 1970 and 20 bits of a count. It is
// the format that the store writes (storage/revision.h); the example of the documentation is its test.
bool decode_revision(std::string_view text, int64_t& ms, int64_t& count) {
  constexpr std::string_view kDigits = "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (text.empty() || text.size() > 11) return false;
  uint64_t tick = 0;
  for (char c : text) {
    size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos || tick >> 58 != 0) return false;
    tick = tick << 6 | digit;
  }
  ms = int64_t(tick >> 20);
  count = int64_t(tick & 0xfffff);
  return ms <= kLastMs;
}

Slice decode_rev(Context& context, Arguments arguments) {
  int64_t ms, count;
  if (!arguments[0].is_string() || !decode_revision(arguments[0].as_string(), ms, count)) {
    return wrong_type(context, "DECODE_REV");
  }
  value::Builder& builder = context.scratch();
  builder.open_object();
  builder.add("date", format_civil(ms) + "Z");
  builder.add("count", count);
  builder.close();
  return context.finish();
}

// False where an object at any level has one name twice.
bool has_unique_names(Slice value) {
  if (value.is_array()) {
    for (ArrayIterator item(value); item.valid(); item.next()) {
      if (!has_unique_names(item.value())) return false;
    }
  } else if (value.is_object()) {
    std::vector<std::string_view> names;
    for (ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
      if (!has_unique_names(attribute.value())) return false;
      names.push_back(attribute.name());
    }
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) == names.end();
  }
  return true;
}

Slice check_document(Context&, Arguments arguments) {
  return Slice::boolean(arguments[0].is_object() && has_unique_names(arguments[0]));
}

constexpr std::string_view kCategory = "miscellaneous";
constexpr Function kFunctions[] = {
    {"CHECK_DOCUMENT", kCategory, 1, 1, kDeterministic, "document: object",
     "Whether the value is an object without repeated names.", "RETURN CHECK_DOCUMENT({a: 1, b: {c: 2}})", "[true]",
     check_document},
    {"COLLECTIONS", kCategory, 0, 0, kReadsDocuments | kNeedsServer, "", "Name and _id of all collections.",
     "RETURN IS_ARRAY(COLLECTIONS())", "[true]", collections},
    {"COLLECTION_COUNT", kCategory, 1, 1, kReadsDocuments | kTakesCollection | kNeedsServer, "coll: collection",
     "The number of a collection's documents.", "RETURN COLLECTION_COUNT(places)", "[2]", collection_count},
    {"CURRENT_DATABASE", kCategory, 0, 0, kNeedsServer, "", "The name of the query's database.",
     "RETURN IS_STRING(CURRENT_DATABASE())", "[true]", current_database},
    {"CURRENT_USER", kCategory, 0, 0, kNeedsServer, "", "The name of the user, null where nobody logged in.",
     "RETURN TYPENAME(CURRENT_USER()) IN [\"null\", \"string\"]", "[true]", current_user},
    {"DECODE_REV", kCategory, 1, 1, kDeterministic, "revision: string", "Date and count of a document's _rev.",
     "RETURN DECODE_REV(\"_YU0HOEG---\")", "[{\"date\":\"2019-03-11T16:15:05.314Z\",\"count\":0}]", decode_rev},
    {"DOCUMENT", kCategory, 1, 2, kReadsDocuments | kTakesCollection | kNeedsServer,
     "collection?: string, id: string|array",
     "The document of an identifier, or of a key in a collection; for an array of them those that exist.",
     "RETURN [DOCUMENT(\"places/rome\").country, DOCUMENT(places, \"berlin\").country, "
     "DOCUMENT(\"places/none\")]",
     "[[\"IT\",\"DE\",null]]", document},
    {"SCHEMA_GET", kCategory, 1, 1, kReadsDocuments | kTakesCollection | kNeedsServer, "collection: string",
     "The validation schema of a collection.", "RETURN SCHEMA_GET(\"places\")", "[null]", schema_get},
    {"SCHEMA_VALIDATE", kCategory, 2, 2, kReadsDocuments | kNeedsServer, "doc: object, schema: object",
     "Whether a document meets a schema, and if not, why.",
     "RETURN SCHEMA_VALIDATE({a: \"x\"}, {rule: {properties: {a: {type: \"number\"}}}, message: \"a is a "
     "number\"})",
     "[{\"valid\":false,\"errorMessage\":\"a is a number\"}]", schema_validate},
    {"SHARD_ID", kCategory, 2, 2, kTakesCollection, "collection: string, shardKeys: object",
     "The shard of these keys: on one server the collection.", "RETURN SHARD_ID(\"users\", {_key: \"1\"})",
     "[\"users\"]", shard_id},
};

}  // namespace

std::span<const Function> document_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
