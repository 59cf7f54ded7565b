// docs/schema/catalog.schema.json says what the reader reads: the same keys in every map, and the default
// catalog passes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "catalog/catalog_folder.h"
#include "catalog/load.h"
#include "value/json.h"
#include "value/order.h"

namespace workerdb::catalog {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

value::Buffer schema_file() { return value::parse_json(text_of("docs/schema/catalog.schema.json")).value(); }

struct KnownKeys {
  const char* definition;  // "" is the file itself
  const char* yaml;        // holds the unknown key "zzz" in such a map
};

class SchemaFile : public ::testing::TestWithParam<KnownKeys> {};

TEST_P(SchemaFile, NamesTheKeysThatTheReaderKnows) {
  CatalogFolder folder;
  folder.write("a.yaml", GetParam().yaml);
  std::string complaints = load_catalog(folder.path()).error().message();
  size_t start = complaints.find("unknown key 'zzz'");
  ASSERT_NE(start, std::string::npos) << complaints;
  constexpr std::string_view kList = "known are: ";
  start = complaints.find(kList, start) + kList.size();
  std::istringstream list(complaints.substr(start, complaints.find('\n', start) - start));
  std::set<std::string> known;
  for (std::string key; std::getline(list, key, ',');) known.insert(key[0] == ' ' ? key.substr(1) : key);

  value::Buffer schema = schema_file();
  value::Slice definition = schema.slice();
  if (*GetParam().definition != '\0') definition = definition.get("definitions").get(GetParam().definition);
  std::set<std::string> published;
  for (value::ObjectIterator key(definition.get("properties")); key.valid(); key.next()) published.emplace(key.name());
  EXPECT_EQ(known, published);
}

INSTANTIATE_TEST_SUITE_P(All, SchemaFile,
                         ::testing::Values(KnownKeys{"", "zzz: 1"},
                                           KnownKeys{"collection", "collections: [{name: a, zzz: 1}]"},
                                           KnownKeys{"retention", "collections: [{name: a, retention: {zzz: 1}}]"},
                                           KnownKeys{"schema", "collections: [{name: a, schema: {zzz: 1}}]"},
                                           KnownKeys{"index", "collections: [{name: a, indexes: [{name: i, zzz: 1}]}]"},
                                           KnownKeys{"document_database", "document_databases: [{zzz: 1}]"},
                                           KnownKeys{"relational_database", "relational_databases: [{zzz: 1}]"},
                                           KnownKeys{"relational_role", "relational_roles: [{zzz: 1}]"},
                                           KnownKeys{"cache", "cache: {zzz: 1}"},
                                           KnownKeys{"key_space", "cache: {environment: dev, key_spaces: [{zzz: 1}]}"},
                                           KnownKeys{"ttl", "cache: {environment: dev, key_spaces: [{ttl: {zzz: 1}}]}"},
                                           KnownKeys{"cache_user", "cache: {environment: dev, users: [{zzz: 1}]}"}));

// The keywords that the published schema uses; "" when the value passes.
std::string violation(value::Slice root, value::Slice schema, value::Slice value) {
  if (value::Slice reference = schema.get("$ref"); reference.is_string()) {
    constexpr size_t kPrefix = sizeof("#/definitions/") - 1;
    return violation(root, root.get("definitions").get(reference.as_string().substr(kPrefix)), value);
  }
  std::string_view type = schema.get("type").as_string();
  bool has_type = (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
                  (type == "string" && value.is_string()) || (type == "integer" && value.is_int64()) ||
                  (type == "boolean" && value.is_bool());
  if (!has_type) return value::to_json(value) + " is no " + std::string(type);
  if (value::Slice choices = schema.get("enum"); choices.is_array()) {
    bool chosen = false;
    for (value::ArrayIterator choice(choices); choice.valid(); choice.next()) {
      chosen = chosen || value::equal(choice.value(), value);
    }
    if (!chosen) return value::to_json(value) + " is none of " + value::to_json(choices);
  }
  for (value::ArrayIterator key(schema.get("required")); key.valid(); key.next()) {
    if (value.get(key.value().as_string()).is_none()) return "missing " + std::string(key.value().as_string());
  }
  for (value::ObjectIterator member(value); member.valid() && type == "object"; member.next()) {
    value::Slice of_member = schema.get("properties").get(member.name());
    if (of_member.is_none() && schema.get("additionalProperties").is_bool())
      return "unknown " + std::string(member.name());
    if (of_member.is_none()) continue;
    std::string inner = violation(root, of_member, member.value());
    if (!inner.empty()) return std::string(member.name()) + ": " + inner;
  }
  for (value::ArrayIterator item(value); item.valid(); item.next()) {
    std::string inner = violation(root, schema.get("items"), item.value());
    if (!inner.empty()) return inner;
  }
  return "";
}

TEST(SchemaFile, TheDefaultCatalogPasses) {
  value::Buffer schema = schema_file();
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("catalog/flowmaster")) {
    if (entry.path().extension() != ".yaml") continue;
    auto tree = yaml::parse_yaml(text_of(entry.path()), entry.path());
    ASSERT_TRUE(tree.has_value()) << tree.error().message();
    value::Builder builder;
    yaml::append_yaml(*tree, builder);
    EXPECT_EQ(violation(schema.slice(), schema.slice(), builder.slice()), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10);
}

}  // namespace
}  // namespace workerdb::catalog
