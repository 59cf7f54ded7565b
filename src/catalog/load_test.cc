#include "catalog/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog_folder.h"
#include "value/json.h"

namespace workerdb::catalog {
namespace {

using ::testing::HasSubstr;

// The complaints about a catalog of one file.
std::string complaints_about(const std::string& text) {
  CatalogFolder folder;
  folder.write("a.yaml", text);
  auto loaded = load_catalog(folder.path());
  return loaded ? "none" : loaded.error().message();
}

struct BadFile {
  const char* text;
  const char* complaint;
};

class BadFiles : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadFiles, AreRefusedWithTheirPlace) {
  EXPECT_THAT(complaints_about(GetParam().text), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadFiles,
    ::testing::Values(
        BadFile{"a: [1, 2", "a.yaml:1:"},
        BadFile{"collections: []\ncollections: []", "a.yaml:2:1: the key 'collections' stands here twice"},
        BadFile{"collections: &x []", "a.yaml:1:14: anchors are not allowed"}, BadFile{"collections: !set []", "tags"},
        BadFile{"- 1", "a.yaml:1:1: expected a catalog file as a map, found a list"},
        BadFile{"colections: []", "a.yaml:1:13: unknown key 'colections' in a catalog file; known are: collections,"},
        BadFile{"collections: 7", "a.yaml:1:14: 'collections' of a catalog file is a whole number, expected a list"},
        BadFile{"collections: []\n---\ncollections: []", "more than one YAML document"},
        BadFile{"collections: [\xff]", "not UTF-8"}));

INSTANTIATE_TEST_SUITE_P(
    Declarations, BadFiles,
    ::testing::Values(
        BadFile{"collections:\n  - type: document\n", "a.yaml:2:5: a collection needs 'name'"},
        BadFile{"collections:\n  - name: 12\n",
                "a.yaml:2:11: 'name' of a collection is a whole number, expected a text; put it in quotes"},
        BadFile{"collections:\n  - name: a b\n", "'a b' is no name"},
        BadFile{"collections:\n  - name: a\n    type: graph\n",
                "a.yaml:3:11: 'type' of a collection is 'graph', expected one of: document, edge"},
        BadFile{"collections:\n  - name: a\n    readers: [x, x]\n", "a.yaml:3:18: 'x' stands twice in 'readers'"},
        BadFile{"collections:\n  - name: a\n    retention: {keep: forever, days: 3}\n",
                "either 'keep: forever' or 'days'"},
        BadFile{"collections:\n  - name: a\n    retention: {days: 0}\n",
                "'days' of a retention is 0, expected 1 to 36600"},
        BadFile{"collections:\n  - name: a\n    schema: {message: m, rule: {type: text}}\n",
                "a.yaml:3:39: 'text' is no type of JSON Schema"},
        BadFile{"collections:\n  - name: a\n    schema: {message: m, rule: {$ref: 'http://x'}}\n",
                "'$ref' is no keyword"},
        BadFile{"collections:\n  - name: a\n    schema: {message: m, rule: {minLength: x}}\n",
                "'minLength' is a text, expected a whole number"},
        BadFile{"collections:\n  - name: a\n    indexes: [{name: i, type: ttl, fields: [a]}]\n",
                "a ttl index has exactly one field and 'expire_after_s'"},
        BadFile{"collections:\n  - name: a\n    indexes: [{name: i, type: persistent}]\n", "an index needs 'fields'"},
        BadFile{"collections:\n  - {name: a, state: absent}\n  - {name: a, state: absent}\n",
                "a.yaml:3:5: collection 'a' is declared twice; first at a.yaml:2:5"},
        BadFile{"document_databases:\n  - {name: d, environment: prod, description: x}\n",
                "expected one of: local, dev, test, production"},
        BadFile{"document_databases:\n  - {name: d, environment: dev, description: x, collections: [c]}\n",
                "a.yaml:2:5: 'c' is no declared collection"},
        BadFile{"relational_databases:\n  - {name: d, environment: dev, description: x, owner: o, "
                "migrations: ../x}\n",
                "inside the catalog's folder"},
        BadFile{"relational_databases:\n  - {name: d, environment: dev, description: x, owner: o, "
                "migrations: none}\n",
                "the migrations folder 'none' cannot be read"},
        BadFile{"relational_roles:\n  - {name: r, description: x, privileges: read-only, databases: [d]}\n",
                "'d' is no declared relational database"},
        BadFile{"cache:\n  environment: dev\n  key_spaces:\n    - {name: k, description: d, owner: nobody, "
                "keys: ['a:'], ttl: {rule: none}}\n",
                "'nobody' is no declared cache user"},
        BadFile{"cache:\n  environment: dev\n  key_spaces:\n    - {name: k, description: d, owner: o, keys: "
                "['a*'], ttl: {rule: required}}\n",
                "'a*' is no prefix"},
        BadFile{"cache:\n  environment: dev\n  users:\n    - {name: u, description: d, commands: ['+@all']}\n",
                "+@all is never given"}));

TEST(Load, ShowsAllComplaintsAtOnce) {
  std::string complaints = complaints_about("collections:\n  - {name: a, type: x}\n  - {name: b, kind: y}\n");
  EXPECT_THAT(complaints, HasSubstr("a.yaml:2:21"));
  EXPECT_THAT(complaints, HasSubstr("unknown key 'kind'"));
}

TEST(Load, OverlappingKeySpacesAreRefused) {
  EXPECT_THAT(complaints_about("cache:\n  environment: dev\n  users: [{name: u, description: d, commands: ['+get']}]\n"
                               "  key_spaces:\n"
                               "    - {name: k, description: d, owner: u, keys: ['a:'], ttl: {rule: none}}\n"
                               "    - {name: l, description: d, owner: u, keys: ['a:b:'], ttl: {rule: none}}\n"),
              HasSubstr("the prefix 'a:b:' overlaps 'a:' of key space 'k'"));
}

TEST(Load, MigrationFilesAreChecked) {
  CatalogFolder folder;
  folder.write("a.yaml",
               "relational_databases:\n  - {name: d, environment: dev, description: x, owner: o, migrations: sql}\n");
  folder.write("sql/0001_first.sql", "CREATE TABLE a (id int);\nCOMMIT;");
  folder.write("sql/0003_third.sql", "SELECT 1;\n\nCREATE TABEL b ()");
  folder.write("sql/0003_again.sql", "-- nothing");
  folder.write("sql/notes.txt", "x");
  auto loaded = load_catalog(folder.path());
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message(), HasSubstr("sql/0001_first.sql:2:1: COMMIT is not allowed"));
  EXPECT_THAT(loaded.error().message(), HasSubstr("sql/0003_third.sql:3:1: syntax error at or near \"TABEL\""));
  EXPECT_THAT(loaded.error().message(), HasSubstr("migration 0002 is missing"));
  EXPECT_THAT(loaded.error().message(), HasSubstr("a second migration with version 0003"));
  EXPECT_THAT(loaded.error().message(), HasSubstr("sql/0003_again.sql:1:1: a migration needs at least one statement"));
  EXPECT_THAT(loaded.error().message(), HasSubstr("sql/notes.txt:1:1: no migration"));
}

TEST(Load, WhatAMigrationDestroysIsRemembered) {
  CatalogFolder folder;
  folder.write("a.yaml",
               "relational_databases:\n  - {name: d, environment: dev, description: x, owner: o, migrations: sql}\n");
  folder.write("sql/0001_first.sql", "UPDATE a SET b = 1;\n-- destructive \nDROP TABLE a;\n");
  auto loaded = load_catalog(folder.path());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
  const auto& found = loaded->relational_databases.at(0).migrations.at(0).destructive;
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].what, "DROP TABLE");
  EXPECT_EQ(found[0].line, 3);
  EXPECT_EQ(found[1].what, "marked as destructive");
  EXPECT_EQ(found[1].line, 2);
}

TEST(Load, AMissingOrEmptyFolderIsNoCatalog) {
  CatalogFolder folder;
  EXPECT_EQ(load_catalog(folder.path()).error().code(), base::ErrorCode::kFileNotFound);
  EXPECT_EQ(load_catalog(folder.path() + "/none").error().code(), base::ErrorCode::kFileNotFound);
}

TEST(Load, TheDefaultCatalogIsComplete) {
  auto catalog = load_catalog("catalog/flowmaster");
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message();
  ASSERT_EQ(catalog->document_databases.size(), 3u);
  EXPECT_EQ(find_named(catalog->document_databases, "flowmaster")->environment, EnvironmentClass::kProduction);
  EXPECT_EQ(find_named(catalog->document_databases, "flowmaster_test")->environment, EnvironmentClass::kTest);
  EXPECT_EQ(find_named(catalog->document_databases, "flowmaster_dev")->environment, EnvironmentClass::kDev);
  for (const DocumentDatabaseDeclaration& database : catalog->document_databases) {
    EXPECT_EQ(database.collections.size(), 9u);
  }
  const CollectionDeclaration* definitions = find_named(catalog->collections, "process_definitions");
  ASSERT_NE(definitions, nullptr);
  EXPECT_EQ(value::to_json(definitions->schema.slice().get("rule").get("required")),
            R"(["name","version","type","definition"])");
  EXPECT_EQ(value::to_json(find_named(definitions->indexes, "by_type")->definition.slice()),
            R"({"type":"persistent","name":"by_type","fields":["type","status"],"unique":false,"sparse":false})");
  EXPECT_EQ(find_named(catalog->collections, "process_flows")->type, stores::documents::CollectionType::kEdge);
  EXPECT_EQ(catalog->relational_databases.size(), 3u);
  for (const RelationalDatabaseDeclaration& database : catalog->relational_databases) {
    ASSERT_FALSE(database.migrations.empty());
    for (const Migration& migration : database.migrations) EXPECT_TRUE(migration.destructive.empty()) << migration.file;
  }
  EXPECT_EQ(catalog->cache.key_spaces.size(), 4u);
}

}  // namespace
}  // namespace workerdb::catalog
