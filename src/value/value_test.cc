#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "value/arena.h"
#include "value/builder.h"
#include "value/collation.h"
#include "value/json.h"
#include "value/order.h"

namespace workerdb::value {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

Buffer parse(std::string_view text) {
  auto result = parse_json(text);
  EXPECT_TRUE(result.has_value()) << text;
  return result ? *result : Buffer();
}

std::string round_trip(std::string_view text) { return to_json(parse(text).slice()); }

// The format is persisted: these bytes never change.
TEST(Format, GoldenBytes) {
  EXPECT_EQ(hex(parse("null").bytes()), "18");
  EXPECT_EQ(hex(parse("-7").bytes()), "20f9");
  EXPECT_EQ(hex(parse("300").bytes()), "212c01");
  EXPECT_EQ(hex(parse("18446744073709551615").bytes()), "2fffffffffffffffff");
  EXPECT_EQ(hex(parse("1.5").bytes()), "1b000000000000f83f");
  EXPECT_EQ(hex(parse("\"abc\"").bytes()), "43616263");
  EXPECT_EQ(hex(parse("[1,2,3]").bytes()), "0205313233");
  EXPECT_EQ(hex(parse("[1,\"a\"]").bytes()), "0608023141610304");
  EXPECT_EQ(hex(parse("{\"a\":1}").bytes()), "0b070141613103");
  EXPECT_EQ(hex(parse("{\"b\":1,\"a\":2}").bytes()),
            "0b0b0241623141613206"
            "03");
  EXPECT_EQ(hex(parse("{\"_key\":\"x\"}").bytes()),
            "0b0701314178"
            "03");
}

TEST(Json, RoundTrips) {
  for (const char* text : {"null", "true", "[]", "{}", "[[],{},\"\"]", "{\"b\":1,\"a\":[1,2.5,-3,\"x\\n\\u0001\"]}",
                           "9223372036854775807", "-9223372036854775808", "18446744073709551615", "0.1", "1e+300",
                           "\"\xc3\xa4\xe2\x82\xac\"", "{\"_key\":\"1\",\"_id\":\"c/1\",\"_rev\":\"x\",\"a\":null}"}) {
    EXPECT_EQ(round_trip(text), text);
  }
  EXPECT_EQ(round_trip("9007199254740992.0"), "9007199254740992.0");
  EXPECT_EQ(round_trip("3.0"), "3");
  EXPECT_EQ(round_trip("123456789012345678901234567890"), "1.2345678901234568e+29");
  EXPECT_EQ(round_trip("{\"a\":1,\"b\":2,\"a\":3}"), "{\"b\":2,\"a\":3}");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"",        " ",     "{",    "[1,",        "nul", "01",   "1.",       "[1 2]",
                           "{\"a\"}", "{a:1}", "\"a",  "'a'",        "1 2", "[1]]", "\"\xff\"", "\"\xed\xa0\x80\"",
                           "1e999",   "-",     "[1,]", "{\"a\":1,}", "NaN", "tru",  "nullx"}) {
    auto result = parse_json(text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().number(), 600) << text;
  }
}

TEST(Json, BoundsNesting) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(kMaxNesting)).has_value());
  EXPECT_FALSE(parse_json(nested(kMaxNesting + 1)).has_value());
  EXPECT_FALSE(parse_json(nested(1000000)).has_value());
}

TEST(Slice, FindsEveryAttributeAtEveryWidth) {
  for (size_t count : {1, 2, 30, 100, 300, 20000}) {
    Builder builder;
    builder.open_object();
    for (size_t i = 0; i < count; ++i) builder.add(fmt::format("name{}", (i * 7919) % 100003), int64_t(i));
    builder.close();
    Slice object = builder.slice();
    ASSERT_EQ(object.size(), count);
    EXPECT_EQ(object.byte_size(), builder.byte_size());
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(object.get(fmt::format("name{}", (i * 7919) % 100003)).as_int64(), int64_t(i));
    }
    EXPECT_TRUE(object.get("missing").is_none());
  }
}

TEST(Slice, ArraysAtEveryWidthByPositionAndByIterator) {
  for (size_t count : {1, 2, 100, 300, 70000}) {
    for (bool equal_sizes : {false, true}) {
      Builder builder;
      builder.open_array();
      for (size_t i = 0; i < count; ++i) builder.integer(equal_sizes ? int64_t(i + 100000) : int64_t(i * i));
      builder.close();
      Slice array = builder.slice();
      ASSERT_EQ(array.size(), count);
      size_t i = 0;
      for (ArrayIterator item(array); item.valid(); item.next(), ++i) {
        ASSERT_EQ(item.value().as_int64(), equal_sizes ? int64_t(i + 100000) : int64_t(i * i));
      }
      EXPECT_EQ(i, count);
      EXPECT_EQ(array.at(count - 1).as_int64(),
                equal_sizes ? int64_t(count + 99999) : int64_t((count - 1) * (count - 1)));
    }
  }
}

TEST(Slice, ReadsCompactForms) {
  const uint8_t array[] = {0x13, 0x06, 0x31, 0x28, 0x10, 0x02};
  Slice compact(array);
  ASSERT_EQ(compact.size(), 2u);
  EXPECT_EQ(to_json(compact), "[1,16]");
  EXPECT_EQ(compact.at(1).as_int64(), 16);
  const uint8_t object[] = {0x14, 0x06, 0x41, 0x61, 0x31, 0x01};
  EXPECT_EQ(to_json(Slice(object)), "{\"a\":1}");
  EXPECT_EQ(Slice(object).get("a").as_int64(), 1);
}

TEST(Order, IsTheDocumentedTotalOrder) {
  const char* ascending[] = {"null",
                             "false",
                             "true",
                             "-1.5e300",
                             "-9223372036854775808",
                             "-1",
                             "-0.5",
                             "0",
                             "0.5",
                             "1",
                             "9007199254740992",
                             "9007199254740993",
                             "9223372036854775807",
                             "9223372036854775808.0",
                             "9223372036854775809",
                             "18446744073709551615",
                             "1e300",
                             "\"\"",
                             "\" \"",
                             "\"A\"",
                             "\"Z\"",
                             "\"a\"",
                             "\"ab\"",
                             "\"b\"",
                             "\"\xc3\xa9\"",
                             "[]",
                             "[false]",
                             "[1]",
                             "[1,2]",
                             "[2]",
                             "{}",
                             "{\"b\":1}",
                             "{\"a\":1}",
                             "{\"a\":1,\"b\":1}"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      int order = compare(parse(ascending[i]).slice(), parse(ascending[j]).slice());
      EXPECT_EQ(order < 0, i < j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(order > 0, i > j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Order, EqualValuesHaveEqualHashes) {
  std::pair<const char*, const char*> same[] = {
      {"1", "1.0"},  {"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}"},    {"{\"a\":null}", "{}"}, {"[1,null]", "[1]"},
      {"0", "-0.0"}, {"9223372036854775808", "9223372036854775808.0"}};
  for (auto [left, right] : same) {
    EXPECT_TRUE(equal(parse(left).slice(), parse(right).slice())) << left << " " << right;
    EXPECT_EQ(hash(parse(left).slice()), hash(parse(right).slice())) << left << " " << right;
  }
  EXPECT_FALSE(equal(parse("\"e\\u0301\"").slice(), parse("\"\\u00e9\"").slice()));
}

TEST(Collation, SortKeysOrderAsTheStringsDo) {
  std::mt19937 random(42);
  std::vector<std::string> words = {"", " ", "\t", "a\tb", "\xc3\xa4", "\xf0\x9f\x98\x80", "\xe4\xb8\xad"};
  for (int i = 0; i < 400; ++i) {
    std::string word;
    for (size_t length = random() % 6; length > 0; --length) word += char(0x20 + random() % 0x5f);
    if (random() % 4 == 0) word += "\xc3\xa9";
    words.push_back(word);
  }
  for (const auto& left : words) {
    for (const auto& right : words) {
      std::string left_key, right_key;
      append_sort_key(left, left_key);
      append_sort_key(right, right_key);
      int by_key = left_key.compare(right_key);
      if (by_key == 0) by_key = left.compare(right);
      ASSERT_EQ(by_key < 0, compare_strings(left, right) < 0) << left << " | " << right;
    }
    EXPECT_EQ(left.find('\0'), left.npos);
  }
}

TEST(Truth, FollowsAql) {
  for (const char* text : {"null", "false", "0", "0.0", "-0.0", "\"\""})
    EXPECT_FALSE(is_truthy(parse(text).slice())) << text;
  for (const char* text : {"true", "1", "-1", "0.1", "\" \"", "[]", "{}"})
    EXPECT_TRUE(is_truthy(parse(text).slice())) << text;
}

// What AQL can make although no text holds it: a value around a value, again and again.
Buffer nested(size_t levels, bool objects) {
  Builder builder;
  for (size_t i = 0; i < levels; ++i) {
    if (!objects) {
      builder.open_array();
    } else {
      builder.open_object();
      builder.add("before", 1);
      builder.key("inner");
    }
  }
  builder.integer(1);
  for (size_t i = 0; i < levels; ++i) builder.close();
  return builder.take();
}

TEST(Nesting, IsCountedUpToABound) {
  EXPECT_EQ(parse("1").slice().nesting(10), 0u);
  EXPECT_EQ(parse("[]").slice().nesting(10), 1u);
  EXPECT_EQ(parse("[1,[2,[3]],[4,[[5]]]]").slice().nesting(10), 4u);
  EXPECT_EQ(parse("{\"a\":{},\"b\":[{\"c\":[]}]}").slice().nesting(10), 4u);
  for (bool objects : {false, true}) {
    for (size_t levels : {1, 2, 60, 130, 199, 200}) {
      EXPECT_EQ(nested(levels, objects).slice().nesting(300), levels);
      EXPECT_EQ(nested(levels, objects).slice().nesting(50), std::min<size_t>(levels, 50));
    }
  }
  // Deeper than the stack would carry.
  EXPECT_EQ(nested(100'000, false).slice().nesting(200), 200u);
}

TEST(Format, ReadsEightByteWidths) {
  // [1,"a"] and {"a":1,"b":[]} as they are written beyond 4 GiB: length, items, index table, count.
  auto number = [](uint64_t value) { return std::string(reinterpret_cast<const char*>(&value), 8); };
  Buffer array(std::string("\x09") + number(36) +
               "\x31\x41"
               "a" +
               number(9) + number(10) + number(2));
  EXPECT_EQ(array.bytes().size(), 36u);
  EXPECT_EQ(to_json(array.slice()), "[1,\"a\"]");
  EXPECT_EQ(array.slice().at(1).as_string(), "a");
  Buffer object(std::string("\x0e") + number(39) +
                "\x41"
                "a\x31\x41"
                "b\x01" +
                number(9) + number(12) + number(2));
  EXPECT_EQ(object.bytes().size(), 39u);
  EXPECT_EQ(to_json(object.slice()), "{\"a\":1,\"b\":[]}");
  EXPECT_TRUE(object.slice().get("b").is_array());
  Buffer equal(std::string("\x05") + number(11) + "\x31\x32");
  EXPECT_EQ(to_json(equal.slice()), "[1,2]");
}

TEST(Arena, CopiesValuesAndCountsItsMemory) {
  struct Counter : MemoryObserver {
    size_t bytes = 0;
    void grew(size_t more) override { bytes += more; }
    void shrank(size_t less) override { bytes -= less; }
  } counter;
  {
    Arena arena(&counter);
    Buffer document = parse("{\"a\":[1,2,3]}");
    Slice copy = arena.copy(document.slice());
    EXPECT_NE(copy.start(), document.slice().start());
    EXPECT_EQ(to_json(copy), "{\"a\":[1,2,3]}");
    EXPECT_EQ(arena.integer(-6).as_int64(), -6);
    EXPECT_EQ(arena.integer(INT64_MIN).as_int64(), INT64_MIN);
    EXPECT_EQ(arena.string(std::string(200, 'x')).as_string().size(), 200u);
    arena.allocate(5 << 20);
    EXPECT_GT(counter.bytes, size_t(5 << 20));
  }
  EXPECT_EQ(counter.bytes, 0u);
}

}  // namespace
}  // namespace workerdb::value
