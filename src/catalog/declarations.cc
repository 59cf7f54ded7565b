#include "catalog/declarations.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/json_schema.h"
#include "catalog/migrations.h"

namespace workerdb::catalog {
namespace {

using stores::documents::CollectionType;

constexpr int64_t kLongestTime = int64_t{100} * 366 * 24 * 3600;  // a century of seconds: beyond is a mistake

EnvironmentClass read_environment(MapReader& reader) {
  return reader.choice<EnvironmentClass>("environment", {{"local", EnvironmentClass::kLocal},
                                                         {"dev", EnvironmentClass::kDev},
                                                         {"test", EnvironmentClass::kTest},
                                                         {"production", EnvironmentClass::kProduction}});
}

Presence read_presence(MapReader& reader) {
  return reader.choice<Presence>("state", {{"present", Presence::kPresent}, {"absent", Presence::kAbsent}},
                                 Presence::kPresent);
}

// Letters, digits, '_' and '-', beginning with a letter: what all three stores take without quoting rules.
std::string read_name(MapReader& reader, size_t longest) {
  std::string name = reader.required_text("name");
  bool is_good =
      name.size() <= longest &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos &&
      (name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) != 0);
  if (!is_good) {
    reader.complain("name", fmt::format("'{}' is no name: letters, digits, '_' and '-', beginning with a letter, at "
                                        "most {} bytes",
                                        name, longest));
  }
  return name;
}

void append_texts(value::Builder& builder, std::string_view key, const std::vector<std::string>& texts) {
  builder.key(key);
  builder.open_array();
  for (const std::string& text : texts) builder.string(text);
  builder.close();
}

enum class IndexKind { kPersistent, kTtl };

value::Buffer read_index_definition(MapReader& reader, const std::string& name) {
  auto kind = reader.choice<IndexKind>("type", {{"persistent", IndexKind::kPersistent}, {"ttl", IndexKind::kTtl}});
  std::vector<std::string> fields = reader.texts("fields");
  std::vector<std::string> stored = reader.texts("stored_values");
  bool unique = reader.flag("unique", false);
  bool sparse = reader.flag("sparse", false);
  std::optional<int64_t> expire_after_s = reader.integer("expire_after_s", 0, kLongestTime);
  if (fields.empty()) reader.complain("fields", "an index needs 'fields'");
  bool is_ttl = kind == IndexKind::kTtl;
  if (is_ttl && (fields.size() != 1 || unique || reader.has("sparse") || !stored.empty() || !expire_after_s)) {
    reader.complain("type", "a ttl index has exactly one field and 'expire_after_s', and nothing else");
  }
  if (!is_ttl && expire_after_s) reader.complain("expire_after_s", "only a ttl index has 'expire_after_s'");
  value::Builder builder;
  builder.open_object();
  builder.add("type", is_ttl ? "ttl" : "persistent");
  builder.add("name", name);
  append_texts(builder, "fields", fields);
  if (is_ttl) {
    builder.add("expireAfter", expire_after_s.value_or(0));
  } else {
    builder.add("unique", unique);
    builder.add("sparse", sparse);
    if (!stored.empty()) append_texts(builder, "storedValues", stored);
  }
  builder.close();
  return builder.take();
}

IndexDeclaration read_index(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "an index", complaints);
  IndexDeclaration index{.place = value.place};
  index.name = read_name(reader, 256);
  index.presence = read_presence(reader);
  if (index.presence == Presence::kPresent) index.definition = read_index_definition(reader, index.name);
  reader.finish();
  return index;
}

std::optional<int> read_retention(MapReader& owner) {
  const YamlValue* value = owner.map("retention");
  if (value == nullptr) {
    if (!owner.has("retention"))
      owner.complain("retention", "a collection needs 'retention': {keep: forever} or {days: N}");
    return std::nullopt;
  }
  MapReader reader(*value, "a retention", owner.complaints());
  std::optional<int64_t> days = reader.integer("days", 1, 36'600);
  bool keeps = reader.has("keep");
  reader.choice<bool>("keep", {{"forever", true}}, true);
  reader.text("reason");
  if (keeps == reader.has("days")) reader.complain("days", "a retention has either 'keep: forever' or 'days'");
  reader.finish();
  return days ? std::optional<int>(static_cast<int>(*days)) : std::nullopt;
}

value::Buffer read_schema(MapReader& owner) {
  const YamlValue* value = owner.map("schema");
  if (value == nullptr) return value::Buffer(value::Slice::null());
  MapReader reader(*value, "a schema", owner.complaints());
  enum class Level { kNone, kNew, kModerate, kStrict };
  auto level = reader.choice<Level>(
      "level",
      {{"none", Level::kNone}, {"new", Level::kNew}, {"moderate", Level::kModerate}, {"strict", Level::kStrict}},
      Level::kStrict);
  constexpr std::string_view kLevels[] = {"none", "new", "moderate", "strict"};
  std::string message = reader.required_text("message");
  const YamlValue* rule = reader.map("rule");
  if (rule == nullptr) {
    reader.complain("rule", "a schema needs 'rule'");
  } else {
    check_json_schema(*rule, owner.complaints());
  }
  reader.finish();
  value::Builder builder;
  builder.open_object();
  builder.key("rule");
  rule == nullptr ? builder.null() : append_yaml(*rule, builder);
  builder.add("level", kLevels[static_cast<size_t>(level)]);
  builder.add("message", message);
  builder.close();
  return builder.take();
}

}  // namespace

CollectionDeclaration read_collection(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a collection", complaints);
  CollectionDeclaration collection{.place = value.place};
  collection.name = read_name(reader, 256);
  collection.presence = read_presence(reader);
  if (collection.presence == Presence::kPresent) {
    collection.type = reader.choice<CollectionType>(
        "type", {{"document", CollectionType::kDocument}, {"edge", CollectionType::kEdge}});
    collection.description = reader.required_text("description");
    collection.owner = reader.required_text("owner");
    collection.readers = reader.texts("readers");
    collection.retention_days = read_retention(reader);
    collection.schema = read_schema(reader);
    for (const YamlValue* index : reader.maps("indexes")) collection.indexes.push_back(read_index(*index, complaints));
  }
  reader.finish();
  return collection;
}

DocumentDatabaseDeclaration read_document_database(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a document database", complaints);
  DocumentDatabaseDeclaration database{.place = value.place};
  database.name = read_name(reader, 64);
  database.environment = read_environment(reader);
  database.description = reader.required_text("description");
  database.collections = reader.texts("collections");
  reader.finish();
  return database;
}

RelationalDatabaseDeclaration read_relational_database(const YamlValue& value, const std::string& catalog_folder,
                                                       Complaints& complaints) {
  MapReader reader(value, "a relational database", complaints);
  RelationalDatabaseDeclaration database{.place = value.place};
  database.name = read_name(reader, 63);
  database.environment = read_environment(reader);
  database.description = reader.required_text("description");
  database.owner = reader.required_text("owner");
  database.migrations_folder = reader.required_text("migrations");
  if (database.migrations_folder.starts_with('/') || database.migrations_folder.find("..") != std::string::npos) {
    reader.complain("migrations", "the migrations folder stands inside the catalog's folder");
  } else if (!database.migrations_folder.empty()) {
    database.migrations =
        read_migrations(catalog_folder, database.migrations_folder, reader.place_of("migrations"), complaints);
  }
  reader.finish();
  return database;
}

RelationalRoleDeclaration read_relational_role(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a relational role", complaints);
  RelationalRoleDeclaration role{.place = value.place};
  role.name = read_name(reader, 63);
  role.description = reader.required_text("description");
  role.privileges = reader.choice<Privileges>(
      "privileges", {{"read-only", Privileges::kReadOnly}, {"read-write", Privileges::kReadWrite}});
  role.databases = reader.texts("databases");
  reader.finish();
  return role;
}

namespace {

std::vector<std::string> read_prefixes(MapReader& reader, std::string_view key) {
  std::vector<std::string> prefixes = reader.texts(key);
  for (const std::string& prefix : prefixes) {
    bool is_plain = prefix.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:.") ==
                    std::string::npos;
    if (!is_plain || !prefix.ends_with(':')) {
      reader.complain(key,
                      fmt::format("'{}' is no prefix: letters, digits, '_', '-', '.' and ':', ending in ':'", prefix));
    }
  }
  return prefixes;
}

KeySpaceDeclaration read_key_space(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a key space", complaints);
  KeySpaceDeclaration space{.place = value.place};
  space.name = read_name(reader, 64);
  space.description = reader.required_text("description");
  space.owner = reader.required_text("owner");
  space.readers = reader.texts("readers");
  space.prefixes = read_prefixes(reader, "keys");
  space.channels = read_prefixes(reader, "channels");
  if (space.prefixes.empty() && space.channels.empty())
    reader.complain("keys", "a key space needs 'keys' or 'channels'");
  if (const YamlValue* ttl = reader.map("ttl")) {
    MapReader rule(*ttl, "a ttl", complaints);
    space.ttl_rule = rule.choice<TtlRule>(
        "rule", {{"required", TtlRule::kRequired}, {"optional", TtlRule::kOptional}, {"none", TtlRule::kNone}});
    space.ttl_default_s = rule.integer("default_s", 1, kLongestTime);
    space.ttl_longest_s = rule.integer("longest_s", 1, kLongestTime);
    if (space.ttl_rule == TtlRule::kRequired && (!space.ttl_default_s || !space.ttl_longest_s)) {
      rule.complain("rule", "a required ttl has 'default_s' and 'longest_s'");
    }
    if (space.ttl_default_s && space.ttl_longest_s && *space.ttl_default_s > *space.ttl_longest_s) {
      rule.complain("default_s", "'default_s' is longer than 'longest_s'");
    }
    rule.finish();
  } else if (!reader.has("ttl")) {
    reader.complain("ttl", "a key space needs 'ttl'");
  }
  reader.finish();
  return space;
}

CacheUserDeclaration read_cache_user(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a cache user", complaints);
  CacheUserDeclaration user{.place = value.place};
  user.name = read_name(reader, 64);
  user.description = reader.required_text("description");
  user.every_key_space = reader.flag("every_key_space", false);
  user.commands = reader.texts("commands");
  if (user.commands.empty()) reader.complain("commands", "a cache user needs 'commands'");
  for (const std::string& command : user.commands) {
    bool is_rule = command.size() > 1 && (command[0] == '+' || command[0] == '-') &&
                   command.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789@|-_", 1) == std::string::npos;
    if (!is_rule || command == "+@all") {
      reader.complain("commands", fmt::format("'{}' is no rule: '+' or '-', then a command or @category in lower case; "
                                              "+@all is never given",
                                              command));
    }
  }
  reader.finish();
  return user;
}

}  // namespace

CacheDeclaration read_cache(const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "the cache", complaints);
  CacheDeclaration cache{.is_declared = true, .place = value.place};
  cache.environment = read_environment(reader);
  for (const YamlValue* space : reader.maps("key_spaces"))
    cache.key_spaces.push_back(read_key_space(*space, complaints));
  for (const YamlValue* user : reader.maps("users")) cache.users.push_back(read_cache_user(*user, complaints));
  reader.finish();
  return cache;
}

}  // namespace workerdb::catalog
