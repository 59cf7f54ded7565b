// Names, keys, paths, index definitions, generated keys and revisions.
#include "storage/schema.h"

#include <set>

#include "storage/key_source.h"
#include "storage/revision.h"
#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

TEST(Names, FollowTheRules) {
  for (const char* good : {"a", "Ünïcode", "with space", "a-b_c.d"})
    EXPECT_TRUE(check_collection_name(good, false)) << good;
  for (const char* bad : {"", "_x", "1a", ".a", "a/b", "a:b", " a", "a ", "a\n", "e\u0301", "\xff"}) {
    EXPECT_EQ(error_number(check_collection_name(bad, false)), 1208) << bad;
  }
  EXPECT_TRUE(check_collection_name("_x", true));
  EXPECT_EQ(error_number(check_collection_name(std::string(257, 'a'), false)), 1208);
  EXPECT_TRUE(check_database_name("_system"));
  EXPECT_EQ(error_number(check_database_name("_other")), 1229);
  EXPECT_EQ(error_number(check_database_name(std::string(129, 'a'))), 1229);
}

TEST(Names, KeysAndIds) {
  EXPECT_TRUE(is_valid_key("aZ09_-.@()+,=;$!*'%:"));
  EXPECT_TRUE(is_valid_key(std::string(254, 'a')));
  EXPECT_FALSE(is_valid_key(std::string(255, 'a')));
  for (const char* bad : {"", "a/b", "a b", "ä", "a\"b", "a#"}) EXPECT_FALSE(is_valid_key(bad)) << bad;
  auto parts = parse_document_id("people/ada");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->collection, "people");
  EXPECT_EQ(parts->key, "ada");
  for (const char* bad : {"", "people", "/ada", "people/", "a/b/c"})
    EXPECT_EQ(error_number(parse_document_id(bad)), 1205);
}

TEST(Paths, ReadAndWrite) {
  auto path = parse_path("a.b[*].c");
  ASSERT_TRUE(path);
  ASSERT_EQ(path->size(), 3u);
  EXPECT_TRUE((*path)[1].expand);
  EXPECT_EQ(to_string(*path), "a.b[*].c");
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "[*]", "a[*].b[*]", "a[*]b", ":a", "a:", "a.:b"}) {
    EXPECT_EQ(error_number(parse_path(bad)), 1220) << bad;
  }
}

TEST(IndexDefinitions, ReadAndWrite) {
  auto index = parse_index_definition(
      json(R"({"type":"hash","name":"n","fields":["a","b.c"],"storedValues":["d"],"unique":true})").slice());
  ASSERT_TRUE(index);
  index->id = 7;
  Collection collection;
  collection.name = "c";
  value::Builder builder;
  append_index_definition(collection, *index, builder);
  EXPECT_EQ(value::to_json(builder.slice()),
            R"({"id":"c/7","type":"persistent","name":"n","fields":["a","b.c"],"unique":true,"sparse":false,)"
            R"("deduplicate":true,"estimates":true,"cacheEnabled":false,"storedValues":["d"]})");
  for (const char* bad :
       {R"({"fields":["a"]})", R"({"type":"zkd2","fields":["a"]})", R"({"type":"persistent"})",
        R"({"type":"persistent","fields":[]})", R"({"type":"persistent","fields":["a"],"unique":"yes"})",
        R"({"type":"persistent","fields":["a","a"]})", R"({"type":"persistent","fields":["a"],"storedValues":["a"]})",
        R"({"type":"persistent","fields":["a[*]","b[*]"]})", R"({"type":"ttl","fields":["a"]})",
        R"({"type":"ttl","fields":["a","b"],"expireAfter":1})", R"({"type":"ttl","fields":["a"],"expireAfter":-1})"}) {
    EXPECT_EQ(error_number(parse_index_definition(json(bad).slice())), 10) << bad;
  }
  for (const char* bad : {R"({"type":"persistent","fields":["_id"]})", R"({"type":"persistent","fields":["a..b"]})",
                          R"({"type":"persistent","fields":["a"],"storedValues":["b[*]"]})"}) {
    EXPECT_EQ(error_number(parse_index_definition(json(bad).slice())), 1220) << bad;
  }
}

TEST(Revisions, HaveTheDocumentedForm) {
  auto decoded = decode_revision("_YU0HOEG---");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->unix_ms, 1552320905314) << "the documentation of DECODE_REV says 2019-03-11T16:15:05.314Z";
  EXPECT_EQ(decoded->count, 0u);
  uint64_t tick = uint64_t(1552320905314) << 20;
  EXPECT_EQ(encode_revision(tick), "_YU0HOEG---");
  EXPECT_EQ(decode_revision(encode_revision(tick + 5))->count, 5u);
  for (const char* bad : {"", "a b", "____________", "zzzzzzzzzzz"}) EXPECT_FALSE(decode_revision(bad)) << bad;
}

TEST(Revisions, ClocksDoNotGoBack) {
  uint64_t reserved = uint64_t(1) << 62, limit = 0;
  TickClock clock(reserved, [&](uint64_t to) -> base::Result<> {
    limit = to;
    return {};
  });
  uint64_t tick = clock.next();
  EXPECT_GT(tick, reserved);
  EXPECT_GT(limit, tick) << "what is given out is reserved first";
}

TEST(Keys, Generators) {
  KeySource traditional({}, 5);
  EXPECT_EQ(traditional.next().value(), "6");
  traditional.saw("100");
  traditional.saw("7");
  traditional.saw("x200");
  EXPECT_EQ(traditional.next().value(), "101");
  KeySource stepped({.generator = KeyGenerator::kAutoincrement, .increment = 10, .offset = 3}, 0);
  EXPECT_EQ(stepped.next().value(), "3");
  EXPECT_EQ(stepped.next().value(), "13");
  stepped.saw("50");
  EXPECT_EQ(stepped.next().value(), "53");
  KeySource padded({.generator = KeyGenerator::kPadded}, 254);
  EXPECT_EQ(padded.next().value(), "00000000000000ff");
  EXPECT_EQ(padded.next().value(), "0000000000000100");
  KeySource uuid({.generator = KeyGenerator::kUuid}, 0);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string key = uuid.next().value();
    EXPECT_EQ(key.size(), 36u);
    EXPECT_EQ(key[14], '4');
    EXPECT_TRUE(is_valid_key(key) && seen.insert(key).second);
  }
  KeySource full({}, UINT64_MAX);
  EXPECT_EQ(error_number(full.next()), 1225);
}

TEST_F(StoreTest, GeneratedKeysGoOnAfterARestart) {
  CollectionPtr plain = create("plain");
  Collection definition;
  definition.name = "counted";
  definition.key_options = {.generator = KeyGenerator::kAutoincrement, .allow_user_keys = false, .increment = 5};
  CollectionPtr counted = store->create_collection(*database, definition).value();
  EXPECT_EQ(insert(*plain, "{}")->key, "1");
  ASSERT_TRUE(insert(*plain, R"({"_key":"41"})"));
  EXPECT_EQ(insert(*plain, "{}")->key, "42");
  EXPECT_EQ(insert(*counted, "{}")->key, "5");
  EXPECT_EQ(error_number(insert(*counted, R"({"_key":"6"})")), 1222);
  reopen();
  EXPECT_EQ(insert(*find("plain"), "{}")->key, "43");
  EXPECT_EQ(insert(*find("counted"), "{}")->key, "10");
}

}  // namespace
}  // namespace workerdb::storage
