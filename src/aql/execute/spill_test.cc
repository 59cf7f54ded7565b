// Sorts and groups that go to the disk give what they give in memory, within less memory than their rows take.
#include "aql/execute/memory_pool.h"
#include "aql/execute/testing_database.h"

namespace workerdb::aql::execute {
namespace {

ExecutionOptions on_disk(uint64_t from_rows, size_t memory_limit_bytes) {
  ExecutionOptions options;
  options.spill_folder = testing::TempDir();
  options.spill_from_rows = from_rows;
  options.memory_limit_bytes = memory_limit_bytes;
  return options;
}

TEST(Spill, GroupsComeInTheOrderInWhichTheyWereMet) {
  TestingDatabase database;
  for (const char* query :
       {"FOR x IN 1..3000 COLLECT k = x % 700 RETURN k",
        "FOR x IN 1..3000 COLLECT k = x % 7, l = x % 3 WITH COUNT INTO n RETURN [k, l, n]",
        "FOR x IN 1..3000 COLLECT k = CONCAT('group ', x % 600) INTO members RETURN [k, members]",
        "FOR x IN 1..3000 LET y = x + 1 COLLECT k = x % 50 INTO members KEEP y RETURN [k, members]",
        "FOR x IN 1..3000 COLLECT k = x % 50 INTO members = [x, x * 2] RETURN [k, members]",
        "FOR x IN 1..2000 RETURN DISTINCT x % 900",
        "FOR o IN 1..3 RETURN (FOR x IN 1..200 COLLECT k = x % 40 WITH COUNT INTO n RETURN [o, k, n])"}) {
    std::string expected = database.rows(query);
    for (uint64_t rows : {0, 1, 100, 500}) {
      EXPECT_EQ(database.run(query, on_disk(rows, 0)).rows, expected) << query << " beyond " << rows;
    }
    ExecutionOptions small = on_disk(0, 0);
    small.batch_rows = 7;
    EXPECT_EQ(database.run(query, small).rows, expected) << query;
  }
}

TEST(Spill, AggregatesGoOnWhereTheyWere) {
  TestingDatabase database;
  for (const char* aggregate :
       {"COUNT(x)", "LENGTH(x)", "SUM(x)", "SUM(x / 4)", "AVG(x)", "MIN(CONCAT('a long text ', x))", "MAX(x)",
        "MAX(null)", "BIT_AND(x)", "BIT_OR(x)", "BIT_XOR(x)", "UNIQUE(x % 5)", "SORTED_UNIQUE(x % 11)",
        "COUNT_DISTINCT(x % 13)", "PUSH(x)", "ROUND(VARIANCE(x))", "ROUND(STDDEV_SAMPLE(x))",
        "SUM(x == 77 ? 'no number' : x)", "BIT_OR(-x)"}) {
    std::string query =
        std::string("FOR x IN 1..1000 COLLECT k = x % 90 AGGREGATE a = ") + aggregate + " RETURN [k, a]";
    if (std::string_view(aggregate).starts_with("ROUND")) {
      // Sums of squares are put together in another order.
      query = std::string("FOR x IN 1..1000 COLLECT k = x % 90 AGGREGATE a = ") +
              std::string(aggregate).substr(6, std::string(aggregate).size() - 7) + " RETURN [k, ROUND(a)]";
    }
    auto expected = database.run(query, {});
    auto outcome = database.run(query, on_disk(0, 0));
    EXPECT_EQ(outcome.rows, expected.rows) << query;
    EXPECT_EQ(outcome.warnings, expected.warnings) << query;
  }
}

// 200,000 groups take some 40 MB.
TEST(Spill, HoldsLessThanItsGroupsTake) {
  TestingDatabase database;
  ExecutionOptions options = on_disk(UINT64_MAX, size_t(12) << 20);
  options.spill_from_bytes = size_t(2) << 20;
  auto outcome = database.run(
      "FOR x IN 1..400000 COLLECT k = x % 200000 AGGREGATE s = SUM(x) INTO members = x "
      "COLLECT AGGREGATE groups = COUNT(), total = SUM(s), last = MAX(k), most = MAX(LENGTH(members)) "
      "RETURN [groups, total, last, most]",
      options);
  EXPECT_EQ(outcome.error, 0) << outcome.message;
  EXPECT_EQ(outcome.rows, "[[200000,80000200000,199999,2]]");
  EXPECT_LT(outcome.statistics.peak_memory_bytes, options.memory_limit_bytes);
  options.spill_folder.clear();
  EXPECT_EQ(database.run("FOR x IN 1..400000 COLLECT k = x % 200000 AGGREGATE s = SUM(x) RETURN s", options).error, 32);
}

TEST(Spill, AGroupThatIsTooLargeIsAnError) {
  TestingDatabase database;
  ExecutionOptions options = on_disk(UINT64_MAX, size_t(4) << 20);
  options.spill_from_bytes = size_t(1) << 20;
  auto outcome = database.run("FOR x IN 1..1000000 COLLECT k = x % 2 INTO members = x RETURN LENGTH(members)", options);
  EXPECT_EQ(outcome.error, 32);
}

// Many short runs: they are put together in several steps.
TEST(Spill, SortsInSeveralSteps) {
  TestingDatabase database;
  ExecutionOptions options = on_disk(400, size_t(16) << 20);
  options.spill_from_bytes = size_t(1) << 20;
  options.batch_rows = 100;
  const char* query = "FOR x IN 1..100000 LET k = (x * 7919) % 1000 SORT k RETURN x";
  EXPECT_EQ(database.run(query, options).rows, database.rows(query));
}

TEST(Spill, AllQueriesTogether) {
  TestingDatabase database;
  MemoryPool pool(size_t(8) << 20);
  ExecutionOptions options;
  options.memory_pool = &pool;
  const char* query = "RETURN LENGTH(FOR x IN 1..1000000 SORT x DESC RETURN x)";
  auto outcome = database.run(query, options);
  EXPECT_EQ(outcome.error, 32);
  EXPECT_EQ(outcome.message, "all queries together would use more memory than allowed");
  EXPECT_EQ(pool.used_bytes(), 0u);
  EXPECT_EQ(database.run("RETURN LENGTH(FOR x IN 1..1000 SORT x DESC RETURN x)", options).rows, "[1000]");
  EXPECT_EQ(pool.used_bytes(), 0u);
}

// The array of a subquery counts while it is built, beside the copy that its row gets.
TEST(Spill, ASubqueryOfAllQueriesTogether) {
  TestingDatabase database;
  MemoryPool pool(size_t(8) << 20);
  ExecutionOptions options;
  options.memory_pool = &pool;
  const char* query =
      "RETURN LENGTH((FOR x IN 1..@n RETURN CONCAT(x, \"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst\")))";
  auto with = [&](const char* rows) { return std::string(query).replace(std::string(query).find("@n"), 2, rows); };
  EXPECT_EQ(database.run(with("100000"), options).error, 32);  // 5 MiB, twice
  EXPECT_EQ(pool.used_bytes(), 0u);
  EXPECT_EQ(database.run(with("40000"), options).rows, "[40000]");
  EXPECT_EQ(database.run("FOR y IN 1..3 RETURN LENGTH((FOR x IN 1..y * 50000 RETURN x))", options).rows,
            "[50000,100000,150000]");
  EXPECT_EQ(pool.used_bytes(), 0u);
}

}  // namespace
}  // namespace workerdb::aql::execute
