#include "aql/execute/join_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "value/builder.h"
#include "value/json.h"

namespace workerdb::aql::execute {
namespace {

using value::Slice;

struct Counter : value::MemoryObserver {
  void grew(size_t more) override { bytes += more; }
  void shrank(size_t less) override { bytes -= less; }
  std::atomic<size_t> bytes = 0;
};

value::Buffer json(std::string_view text) { return *value::parse_json(text); }

// A row for each member of an array of [key, value].
std::unique_ptr<JoinTablePart> part_of(std::string_view rows, Counter* counter) {
  auto part = std::make_unique<JoinTablePart>(1, counter);
  value::Buffer buffer = json(rows);
  for (value::ArrayIterator row(buffer.slice()); row.valid(); row.next()) {
    Slice values[] = {row.value().at(1)};
    part->add(row.value().at(0), values);
  }
  return part;
}

std::string rows_of(const JoinTable& table, Slice key) {
  uint32_t row = 0;
  table.find({&key, 1}, &row);
  std::string text;
  for (; row != JoinTable::kNone; row = table.next(row)) text += value::to_json(table.value(row, 0)) + " ";
  return text;
}

std::string rows_of(const JoinTable& table, std::string_view key) { return rows_of(table, json(key).slice()); }

TEST(JoinTable, GivesTheRowsOfAKeyInTheOrderOfPartsAndWithinThem) {
  Counter counter;
  std::vector<std::unique_ptr<JoinTablePart>> parts;
  parts.push_back(part_of(R"([["a", 1], ["b", 2], ["a", 3]])", &counter));
  parts.push_back(part_of(R"([["c", 4], ["a", 5]])", &counter));
  JoinTable table(1, &counter, std::move(parts));
  EXPECT_EQ(table.rows(), 5u);
  EXPECT_EQ(rows_of(table, R"("a")"), "1 3 5 ");
  EXPECT_EQ(rows_of(table, R"("b")"), "2 ");
  EXPECT_EQ(rows_of(table, R"("d")"), "");
}

TEST(JoinTable, KeysAreEqualAsValuesAreAndMissingOnesAreNull) {
  Counter counter;
  std::vector<std::unique_ptr<JoinTablePart>> parts;
  parts.push_back(part_of(R"([[1, "int"], [1.0, "double"], [null, "null"], [[1], "array"], ["1", "text"]])", &counter));
  Slice none;
  Slice value = Slice::boolean(true);
  parts[0]->add(none, {&value, 1});
  JoinTable table(1, &counter, std::move(parts));
  EXPECT_EQ(rows_of(table, "1.0"), R"("int" "double" )");
  EXPECT_EQ(rows_of(table, "[1.0]"), R"("array" )");
  EXPECT_EQ(rows_of(table, "null"), R"("null" true )");
  EXPECT_EQ(rows_of(table, none), R"("null" true )");
}

// More keys than a block of the search has, so many that they share slots, and values that repeat.
TEST(JoinTable, FindsEachOfManyKeys) {
  constexpr int kKeys = 20'000;
  Counter counter;
  auto part = std::make_unique<JoinTablePart>(2, &counter);
  std::vector<value::Buffer> keys;
  for (int i = 0; i < 2 * kKeys; ++i) keys.push_back(json("\"key" + std::to_string(i) + "\""));
  std::vector<value::Buffer> values = {json("\"one of a few\""), json("1"), json("1.0")};
  for (int i = 0; i < kKeys; ++i) {
    Slice row[] = {keys[size_t(i)].slice(), values[size_t(i) % values.size()].slice()};
    part->add(keys[size_t(i)].slice(), row);
  }
  std::vector<std::unique_ptr<JoinTablePart>> parts;
  parts.push_back(std::move(part));
  JoinTable table(2, &counter, std::move(parts));
  std::vector<Slice> wanted;
  for (const auto& key : keys) wanted.push_back(key.slice());
  std::vector<uint32_t> rows(wanted.size());
  table.find(wanted, rows.data());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (i >= kKeys) {
      ASSERT_EQ(rows[i], JoinTable::kNone);
      continue;
    }
    ASSERT_NE(rows[i], JoinTable::kNone) << i;
    ASSERT_EQ(table.value(rows[i], 0).bytes(), wanted[i].bytes());
    ASSERT_EQ(table.value(rows[i], 1).bytes(), values[i % values.size()].slice().bytes());
    ASSERT_EQ(table.next(rows[i]), JoinTable::kNone);
  }
}

TEST(JoinTable, CountsItsMemoryAndGivesAllOfItBack) {
  Counter counter;
  {
    std::vector<std::unique_ptr<JoinTablePart>> parts;
    parts.push_back(part_of(R"([["a", "x"], ["b", "y"]])", &counter));
    EXPECT_GT(counter.bytes, 0u);
    JoinTable table(1, &counter, std::move(parts));
    EXPECT_GT(counter.bytes, 0u);
  }
  EXPECT_EQ(counter.bytes, 0u);
}

TEST(JoinTables, ThreadsMakeOneTableTogether) {
  Counter counter;
  JoinTables tables(counter);
  std::atomic<int> splits = 0, reads = 0;
  std::vector<std::shared_ptr<const JoinTable>> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : found) {
      threads.emplace_back([&] {
        JoinTables::Source source;
        source.width = 1;
        source.split = [&]() -> base::Result<std::vector<std::string>> {
          ++splits;
          return std::vector<std::string>{"1", "2", "3"};
        };
        source.read = [&](std::string_view lower, std::string_view) -> base::Result<std::unique_ptr<JoinTablePart>> {
          ++reads;
          return part_of("[[\"a\", \"" + std::string(lower) + "\"]]", &counter);
        };
        source.should_stop = [] { return false; };
        auto table = tables.get(7, source);
        if (table) mine = *table;
      });
    }
  }
  EXPECT_EQ(splits, 1);
  EXPECT_EQ(reads, 4);
  for (const auto& table : found) {
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table, found[0]);
    EXPECT_EQ(rows_of(*table, R"("a")"), R"("" "1" "2" "3" )");
  }
}

TEST(JoinTables, AnErrorOrAPartThatIsTooLargeLeavesNoTable) {
  Counter counter;
  JoinTables tables(counter);
  JoinTables::Source source;
  source.width = 1;
  source.split = []() -> base::Result<std::vector<std::string>> { return std::vector<std::string>{"m"}; };
  source.should_stop = [] { return false; };
  source.read = [](std::string_view, std::string_view) -> base::Result<std::unique_ptr<JoinTablePart>> {
    return base::Error(base::ErrorCode::kIoError);
  };
  EXPECT_FALSE(tables.get(1, source).has_value());
  auto again = tables.get(1, source);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, nullptr);
  source.read = [](std::string_view, std::string_view) -> base::Result<std::unique_ptr<JoinTablePart>> {
    return nullptr;
  };
  auto too_large = tables.get(2, source);
  ASSERT_TRUE(too_large.has_value());
  EXPECT_EQ(*too_large, nullptr);
}

}  // namespace
}  // namespace workerdb::aql::execute
