// Whole queries, without an optimizer, against a real store.
#include <thread>

#include "aql/execute/testing_database.h"

namespace workerdb::aql::execute {
namespace {

constexpr const char* kPeople = R"([
  {"_key": "a", "name": "Ann", "age": 30, "city": {"name": "Rome"}, "tags": ["x", "y"]},
  {"_key": "b", "name": "Bob", "age": 25, "city": {"name": "Oslo"}, "tags": []},
  {"_key": "c", "name": "Cid", "age": 35, "city": {"name": "Rome"}, "tags": ["y"]},
  {"_key": "d", "name": "Dan", "age": 25}])";

TEST(Execution, ScansFiltersAndReturns) {
  TestingDatabase database;
  database.create("people", kPeople);
  EXPECT_EQ(database.rows("RETURN 1"), "[1]");
  EXPECT_EQ(database.rows("FOR p IN people RETURN p._key"), R"(["a","b","c","d"])");
  EXPECT_EQ(database.rows("FOR p IN people FILTER p.age > 25 RETURN p.name"), R"(["Ann","Cid"])");
  EXPECT_EQ(database.rows("FOR p IN people LET c = p.city.name FILTER c == 'Rome' RETURN {k: p._key, c}"),
            R"([{"k":"a","c":"Rome"},{"k":"c","c":"Rome"}])");
  EXPECT_EQ(database.rows("FOR p IN people FILTER p.age > 99 RETURN p"), "[]");
  EXPECT_EQ(database.run("FOR p IN people FILTER p.age > 25 RETURN 1").statistics.scanned_full, 4u);
  EXPECT_EQ(database.run("FOR p IN people FILTER p.age > 25 RETURN 1").statistics.filtered, 2u);
}

TEST(Execution, JoinsAndLists) {
  TestingDatabase database;
  database.create("people", kPeople);
  EXPECT_EQ(database.rows("FOR p IN people FOR t IN p.tags || [] RETURN CONCAT(p._key, t)"), R"(["ax","ay","cy"])");
  EXPECT_EQ(database.rows("FOR i IN 1..3 FOR j IN i..1 RETURN [i, j]"), "[[1,1],[2,2],[2,1],[3,3],[3,2],[3,1]]");
  EXPECT_EQ(database.rows("FOR p IN people FOR q IN people FILTER p.age == q.age && p._key < q._key "
                          "RETURN [p._key, q._key]"),
            R"([["b","d"]])");
  EXPECT_EQ(database.run("FOR p IN people FOR t IN p.tags RETURN t").error, 1563);
  EXPECT_EQ(database.rows("FOR x IN 1..2500 FILTER x % 500 == 0 RETURN x"), "[500,1000,1500,2000,2500]");
}

TEST(Execution, LimitsAndCounts) {
  TestingDatabase database;
  EXPECT_EQ(database.rows("FOR x IN 1..10 LIMIT 3 RETURN x"), "[1,2,3]");
  EXPECT_EQ(database.rows("FOR x IN 1..10 LIMIT 8, 5 RETURN x"), "[9,10]");
  EXPECT_EQ(database.rows("FOR x IN 1..10 LIMIT 20, 5 RETURN x"), "[]");
  EXPECT_EQ(database.rows("FOR x IN 1..3 LIMIT 0 RETURN x"), "[]");
  EXPECT_EQ(database.rows("FOR x IN 1..5000 LIMIT 3500, 2 RETURN x"), "[3501,3502]");
  ExecutionOptions options;
  options.full_count = true;
  auto outcome = database.run("FOR x IN 1..5000 LIMIT 4000 FILTER x > 2 LIMIT 1, 2 RETURN x", options);
  EXPECT_EQ(outcome.rows, "[4,5]");
  EXPECT_TRUE(outcome.statistics.has_full_count);
  EXPECT_EQ(outcome.statistics.full_count, 3998u);
}

TEST(Execution, Sorts) {
  TestingDatabase database;
  database.create("people", kPeople);
  EXPECT_EQ(database.rows("FOR p IN people SORT p.age, p.name DESC RETURN p._key"), R"(["d","b","a","c"])");
  EXPECT_EQ(database.rows("FOR p IN people SORT p.city.name RETURN p._key"), R"(["d","b","a","c"])");
  EXPECT_EQ(database.rows("FOR x IN [3, 'b', null, true, 2.5, [1], {a: 1}, 'a', -1, 'B'] SORT x RETURN x"),
            R"([null,true,-1,2.5,3,"B","a","b",[1],{"a":1}])");
  EXPECT_EQ(database.rows("FOR x IN 1..3000 SORT x % 10, x DESC LIMIT 2 RETURN x"), "[3000,2990]");
  auto limited = [](plan::Plan& plan) {
    for (auto& node : plan.nodes) {
      if (auto* sort = node->get_if<plan::Sort>()) sort->limit = 5;
    }
  };
  EXPECT_EQ(database.rows("FOR x IN 30000..1 LET s = CONCAT('row ', x) SORT x RETURN s", limited),
            R"(["row 1","row 2","row 3","row 4","row 5"])");
}

// Where a filter leaves few rows of each batch, those are copied together: the memory of the others goes.
TEST(Execution, KeepsOnlyWhatIsLeft) {
  TestingDatabase database;
  constexpr const char* kQuery =
      "FOR x IN 1..50000 LET s = CONCAT(x, REPEAT('long ', 50)) FILTER x % 5000 == 0 SORT x DESC RETURN [x, LENGTH(s)]";
  ExecutionOptions options;
  options.memory_limit_bytes = 4 << 20;
  auto outcome = database.run(kQuery, options);
  EXPECT_EQ(outcome.rows,
            "[[50000,255],[45000,255],[40000,255],[35000,255],[30000,255],[25000,255],[20000,255],"
            "[15000,255],[10000,255],[5000,254]]");
  EXPECT_EQ(database.rows(kQuery), outcome.rows);
  EXPECT_EQ(database.rows("FOR x IN 1..6000 FILTER x % 1500 > 1490 || x IN 2001..3000 SORT FLOOR(x / 1000) "
                          "COLLECT k = FLOOR(x / 1000) WITH COUNT INTO n RETURN [k, n]"),
            "[[1,9],[2,999],[3,1],[4,9],[5,9]]");
}

TEST(Execution, Subqueries) {
  TestingDatabase database;
  database.create("people", kPeople);
  EXPECT_EQ(database.rows("FOR p IN people LET same = (FOR q IN people FILTER q.age == p.age RETURN q._key) "
                          "RETURN same"),
            R"([["a"],["b","d"],["c"],["b","d"]])");
  EXPECT_EQ(database.rows("RETURN (FOR x IN 1..3 RETURN (FOR y IN 1..x RETURN y))"), "[[[1],[1,2],[1,2,3]]]");
  EXPECT_EQ(
      database.rows("FOR x IN 1..2 LET n = (FOR y IN 1..3 FILTER y > x * 10 COLLECT WITH COUNT INTO c RETURN [c, x]) "
                    "RETURN n[0]"),
      "[[0,1],[0,2]]");
  EXPECT_EQ(database.rows("FOR x IN 0..1 RETURN x ? (FOR y IN 1..2 RETURN y) : 'none'"), R"(["none",[1,2]])");
  EXPECT_EQ(database.rows("FOR x IN 1..3 RETURN LENGTH(FOR y IN 1..2000 FILTER y % x == 0 RETURN 1)"),
            "[2000,1000,666]");
}

TEST(Execution, Collects) {
  TestingDatabase database;
  database.create("people", kPeople);
  EXPECT_EQ(database.rows("FOR p IN people COLLECT WITH COUNT INTO n RETURN n"), "[4]");
  EXPECT_EQ(database.rows("FOR p IN people COLLECT age = p.age SORT age RETURN age"), "[25,30,35]");
  EXPECT_EQ(database.rows("FOR p IN people COLLECT age = p.age WITH COUNT INTO n SORT age RETURN [age, n]"),
            "[[25,2],[30,1],[35,1]]");
  EXPECT_EQ(database.rows("FOR p IN people COLLECT city = p.city.name AGGREGATE total = SUM(p.age), low = MIN(p.name) "
                          "SORT city RETURN {city, total, low}"),
            R"([{"city":null,"total":25,"low":"Dan"},{"city":"Oslo","total":25,"low":"Bob"},)"
            R"({"city":"Rome","total":65,"low":"Ann"}])");
  EXPECT_EQ(database.rows("FOR p IN people COLLECT age = p.age INTO g = p._key SORT age RETURN g"),
            R"([["b","d"],["a"],["c"]])");
  EXPECT_EQ(database.rows("FOR p IN people LET n = p.name COLLECT age = p.age INTO g KEEP n SORT age RETURN g[0].n"),
            R"(["Bob","Ann","Cid"])");
  EXPECT_EQ(database.rows("FOR p IN people FILTER p.age > 99 COLLECT AGGREGATE m = MAX(p.age), n = LENGTH() "
                          "RETURN [m, n]"),
            "[[null,0]]");
  EXPECT_EQ(database.rows("FOR p IN people RETURN DISTINCT p.age"), "[30,25,35]");
  EXPECT_EQ(database.rows("FOR x IN 1..5000 COLLECT k = x % 1000 AGGREGATE s = SUM(x) FILTER k == 7 RETURN s"),
            "[10035]");
}

TEST(Execution, Windows) {
  TestingDatabase database;
  EXPECT_EQ(database.rows("FOR x IN 1..5 WINDOW {preceding: 1, following: 1} AGGREGATE s = SUM(x) RETURN s"),
            "[3,6,9,12,9]");
  EXPECT_EQ(database.rows("FOR x IN 1..4 WINDOW {preceding: 'unbounded'} AGGREGATE s = SUM(x) RETURN s"), "[1,3,6,10]");
  EXPECT_EQ(database.rows("FOR x IN [1, 2, 10, 11, 30] WINDOW x WITH {preceding: 5, following: 1} "
                          "AGGREGATE n = LENGTH() RETURN [x, n]"),
            "[[1,2],[2,2],[10,2],[11,2],[30,1]]");
}

TEST(Execution, Inserts) {
  TestingDatabase database;
  database.create("c");
  auto outcome = database.run("FOR i IN 1..2500 INSERT {_key: TO_STRING(i), i} INTO c RETURN NEW.i");
  EXPECT_EQ(outcome.error, 0) << outcome.message;
  EXPECT_EQ(outcome.statistics.writes_executed, 2500u);
  EXPECT_EQ(database.rows("RETURN LENGTH(FOR d IN c RETURN 1)"), "[2500]");
  EXPECT_EQ(database.run("INSERT {_key: '1'} INTO c").error, 1210);
  outcome = database.run(
      "FOR k IN ['1', 'new', 'bad key'] INSERT {_key: k} INTO c OPTIONS {ignoreErrors: true} RETURN NEW._key");
  EXPECT_EQ(outcome.rows, R"(["new"])");
  EXPECT_EQ(outcome.statistics.writes_ignored, 2u);
  outcome =
      database.run("INSERT {_key: '1', j: 2} INTO c OPTIONS {overwriteMode: 'update'} RETURN [OLD.i, NEW.i, NEW.j]");
  EXPECT_EQ(outcome.rows, "[[1,1,2]]");
}

TEST(Execution, UpdatesReplacesAndRemoves) {
  TestingDatabase database;
  database.create("people", kPeople);
  EXPECT_EQ(database
                .run("FOR p IN people FILTER p.age == 25 UPDATE p WITH {age: p.age + 1} IN people "
                     "RETURN [OLD.age, NEW.age, NEW.name]")
                .rows,
            R"([[25,26,"Bob"],[25,26,"Dan"]])");
  EXPECT_EQ(database.run("UPDATE 'a' WITH {city: {zip: 1}} IN people RETURN NEW.city").rows,
            R"([{"name":"Rome","zip":1}])");
  EXPECT_EQ(database.run("REPLACE 'a' WITH {z: 1} IN people RETURN NEW.name").rows, "[null]");
  EXPECT_EQ(database.run("UPDATE {_key: 'nobody', x: 1} IN people").error, 1202);
  EXPECT_EQ(database.run("REMOVE {k: 1} IN people").error, 1226);
  EXPECT_EQ(database.run("REMOVE 'b' IN people RETURN OLD.name").rows, R"(["Bob"])");
  EXPECT_EQ(database.run("FOR p IN people REMOVE p IN people").statistics.writes_executed, 3u);
  EXPECT_EQ(database.rows("FOR p IN people RETURN p"), "[]");
}

TEST(Execution, Upserts) {
  TestingDatabase database;
  database.create("c", R"([{"_key": "1", "name": "x", "n": 1}])");
  constexpr const char* kUpsert =
      "FOR k IN ['x', 'y', 'x', 'y'] UPSERT {name: k} INSERT {name: k, n: 1} "
      "UPDATE {n: OLD.n + 1} IN c RETURN [OLD ? OLD.n : null, NEW.n]";
  EXPECT_EQ(database.run(kUpsert).rows, "[[1,2],[null,1],[2,3],[1,2]]");
  EXPECT_EQ(database.rows("FOR d IN c SORT d.name RETURN [d.name, d.n]"), R"([["x",3],["y",2]])");
}

// A query does not see its own writes, however its loops are nested.
TEST(Execution, DoesNotMeetItsOwnWrites) {
  for (size_t batch_rows : {1, 2, 1000}) {
    TestingDatabase database;
    database.create("c", R"([{"_key": "a"}, {"_key": "b"}, {"_key": "c"}])");
    ExecutionOptions options;
    options.batch_rows = batch_rows;
    EXPECT_EQ(database.run("FOR d IN c INSERT {x: 1} INTO c", options).statistics.writes_executed, 3u);
    EXPECT_EQ(database.run("FOR i IN 1..2 FOR d IN c INSERT {x: 2} INTO c", options).statistics.writes_executed, 12u);
    EXPECT_EQ(database.rows("RETURN LENGTH(FOR d IN c RETURN 1)"), "[18]");
  }
}

TEST(Execution, FailedQueryLeavesNothing) {
  TestingDatabase database;
  database.create("c", R"([{"_key": "5"}])");
  auto transaction = database.store().begin();
  EXPECT_EQ(database.run_in(*transaction, "INSERT {_key: 'before'} INTO c").error, 0);
  EXPECT_EQ(database.run_in(*transaction, "FOR i IN 1..9 INSERT {_key: TO_STRING(i)} INTO c").error, 1210);
  EXPECT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(database.rows("FOR d IN c RETURN d._key"), R"(["5","before"])");
}

TEST(Execution, LimitDoesNotLimitWrites) {
  TestingDatabase database;
  database.create("c");
  auto outcome = database.run("FOR i IN 1..2000 INSERT {i} INTO c LIMIT 2 RETURN NEW.i");
  EXPECT_EQ(outcome.rows, "[1,2]");
  EXPECT_EQ(outcome.statistics.writes_executed, 2000u);
}

TEST(Execution, ScansAnIndex) {
  TestingDatabase database;
  database.create("people", kPeople);
  database.index("people", R"({"type": "persistent", "fields": ["age", "name"], "name": "by_age"})");
  auto by_age = [&](plan::IndexCondition condition, bool covers) {
    return [&, shared = std::make_shared<plan::IndexCondition>(std::move(condition)), covers](plan::Plan& plan) {
      auto& scan = std::get<plan::EnumerateCollection>(plan.nodes[1]->kind);
      plan::IndexScan index;
      index.collection = scan.collection;
      index.index = scan.collection->indexes[1];
      index.output.variable = scan.output.variable;
      index.covers = covers;
      plan::IndexCondition copy;
      for (auto& value : shared->equal) copy.equal.push_back(syntax::clone(*value));
      copy.in_position = shared->in_position;
      if (shared->lower) copy.lower = syntax::clone(*shared->lower);
      index.conditions.push_back(std::move(copy));
      plan.nodes[1]->kind = std::move(index);
    };
  };
  auto constant = [](const char* json) { return syntax::make_expression(syntax::Constant{*value::parse_json(json)}); };
  plan::IndexCondition equal;
  equal.equal.push_back(constant("25"));
  EXPECT_EQ(database.rows("FOR p IN people RETURN p.name", by_age(std::move(equal), false)), R"(["Bob","Dan"])");
  plan::IndexCondition members;
  members.equal.push_back(constant("[35, 25, 25, 99]"));
  members.in_position = 0;
  EXPECT_EQ(database.rows("FOR p IN people RETURN p._key", by_age(std::move(members), false)), R"(["b","d","c"])");
  plan::IndexCondition lower;
  lower.lower = constant("30");
  EXPECT_EQ(database.rows("FOR p IN people RETURN p._key", by_age(std::move(lower), false)), R"(["a","c"])");
}

TEST(Execution, StaysWithinItsMemory) {
  TestingDatabase database;
  ExecutionOptions options;
  options.memory_limit_bytes = 1 << 20;
  auto outcome = database.run("RETURN LENGTH(FOR x IN 1..1000000 SORT x DESC RETURN x)", options);
  EXPECT_EQ(outcome.error, 32);
  EXPECT_EQ(outcome.message, "query would use more memory than allowed");
  EXPECT_EQ(database.run("FOR x IN 1..1000000 COLLECT k = x RETURN k", options).error, 32);
  auto function = database.run("FOR x IN 200000..200001 RETURN LENGTH(RANGE(1, x, 1))", options);
  EXPECT_EQ(function.error, 32);
  EXPECT_EQ(function.message, "a function's result is larger than 1048576 bytes");
  EXPECT_EQ(database.run("FOR x IN 1..1000000 COLLECT WITH COUNT INTO n RETURN n", options).rows, "[1000000]");
  options.memory_limit_bytes = 8 << 20;
  EXPECT_EQ(database
                .run("FOR x IN 1..1000000 SORT x DESC LIMIT 2 RETURN x", options,
                     [](plan::Plan& plan) {
                       for (auto& node : plan.nodes) {
                         if (auto* sort = node->get_if<plan::Sort>()) sort->limit = 2;
                       }
                     })
                .rows,
            "[1000000,999999]");
}

TEST(Execution, EndsWhenItIsKilledOrLate) {
  TestingDatabase database;
  auto transaction = database.store().begin();
  auto program = database.compile_text("FOR x IN 1..1000000000000 FILTER x < 0 RETURN x");
  ASSERT_TRUE(program.has_value()) << program.error().message();
  auto execution = Execution::create(*program, database.store(), database.database(), *transaction);
  std::thread killer([&] { (*execution)->kill(); });
  auto rows = (*execution)->next(10);
  killer.join();
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().number(), 1500);
  ExecutionOptions options;
  options.deadline_ns = 1;
  EXPECT_EQ(database.run("FOR x IN 1..1000000000000 SORT x RETURN x", options).error, 1500);
}

TEST(Execution, WarnsOrFails) {
  TestingDatabase database;
  auto outcome = database.run("FOR x IN 0..3 RETURN 1 / (x - x)");
  EXPECT_EQ(outcome.rows, "[null,null,null,null]");
  EXPECT_EQ(outcome.warnings, 4u);
  ExecutionOptions options;
  options.fail_on_warning = true;
  EXPECT_EQ(database.run("FOR x IN 0..3 RETURN 1 / (x - x)", options).error, 1562);
}

TEST(Execution, MeasuresNodes) {
  TestingDatabase database;
  ExecutionOptions options;
  options.profile = 2;
  auto outcome = database.run("FOR x IN 1..10 FILTER x > 4 RETURN x", options);
  ASSERT_GE(outcome.statistics.nodes.size(), 4u);
  EXPECT_EQ(outcome.statistics.nodes[1].items, 10u);
  EXPECT_EQ(outcome.statistics.nodes.back().items, 6u);
}

}  // namespace
}  // namespace workerdb::aql::execute
