// Against a real server: what libpq and the server do together is what matters here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "stores/relational/relational_store.h"
#include "stores/relational/rows_json.h"
#include "stores/relational/transaction.h"
#include "stores/testing/temporary_server.h"
#include "value/json.h"

namespace workerdb::stores::relational {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;
using testing::TemporaryPostgres;

class RelationalTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = TemporaryPostgres::start_server();
    ASSERT_TRUE(started.has_value()) << started.error().message();
    server_ = started->release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(server_, nullptr);
    auto connected = store_.connect();
    ASSERT_TRUE(connected.has_value()) << connected.error().message();
    connection_.emplace(*std::move(connected));
  }

  static TemporaryPostgres* server_;
  RelationalStore store_{ConnectionOptions{.conninfo = server_ == nullptr ? "" : server_->conninfo()}};
  std::optional<Connection> connection_;
};

TemporaryPostgres* RelationalTest::server_ = nullptr;

TEST_F(RelationalTest, TypedRowsBecomeJson) {
  auto rows = connection_->query(
      "SELECT true AS yes, 7::bigint AS number, 0.5::float8 AS half, 12.50::numeric AS price, "
      "12345678901234567890.5::numeric AS exact, '{\"a\": [1]}'::jsonb AS doc, ARRAY['a \"b\"', NULL, 'c,d'] "
      "AS "
      "texts, ARRAY[[1,2],[3,4]] AS grid, NULL::text AS nothing, 'NaN'::float8 AS nan, "
      "timestamptz '2026-01-31 08:15:30.5+00' AT TIME ZONE 'UTC' AS at, $1::text AS said",
      std::array<Parameter, 1>{"grüße"});
  ASSERT_TRUE(rows.has_value()) << rows.error().message();
  EXPECT_EQ(value::to_json(rows_to_value(*rows).slice()),
            R"([{"yes":true,"number":7,"half":0.5,"price":12.5,"exact":"12345678901234567890.5","doc":{"a":[1]},)"
            R"("texts":["a \"b\"",null,"c,d"],"grid":[[1,2],[3,4]],"nothing":null,"nan":"NaN",)"
            R"("at":"2026-01-31T08:15:30.5","said":"grüße"}])");
}

TEST_F(RelationalTest, FailuresCarrySqlstateAndPositionButNoRowValues) {
  auto missing = connection_->query("SELECT 1,\n  nothing FROM pg_class");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(sqlstate(missing.error()), "42703");
  EXPECT_THAT(missing.error().message(), HasSubstr("line 2, column 3"));
  ASSERT_TRUE(
      connection_->execute("CREATE TEMP TABLE mails (mail text PRIMARY KEY); "
                           "INSERT INTO mails VALUES ('secret@example.com')"));
  auto duplicate = connection_->query("INSERT INTO mails VALUES ('secret@example.com')");
  ASSERT_FALSE(duplicate.has_value());
  EXPECT_EQ(duplicate.error().code(), ErrorCode::kUniqueConstraintViolated);
  EXPECT_EQ(sqlstate(duplicate.error()), "23505");
  EXPECT_THAT(duplicate.error().message(), ::testing::Not(HasSubstr("secret")));
}

TEST_F(RelationalTest, RefusesNulBytes) {
  auto refused = connection_->query("SELECT $1", std::array<Parameter, 1>{std::string("a\0b", 3)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("$1 holds a NUL byte"));
}

TEST_F(RelationalTest, ConnectFailuresSayWhat) {
  auto no_database = store_.connect("not_there");
  ASSERT_FALSE(no_database.has_value());
  EXPECT_EQ(no_database.error().code(), ErrorCode::kDatabaseNotFound);
  ASSERT_TRUE(connection_->execute("CREATE ROLE reader LOGIN PASSWORD 'right'"));
  ConnectionOptions options = store_.options();
  options.user = "reader";
  options.password = "wrong";
  auto refused = Connection::connect(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kHttpUnauthorized);
  EXPECT_THAT(refused.error().message(), ::testing::Not(HasSubstr("wrong")));
  options.password = "right";
  EXPECT_TRUE(Connection::connect(options).has_value());
  options.conninfo = "host=127.0.0.1 port=1";
  EXPECT_EQ(Connection::connect(options).error().code(), ErrorCode::kSimpleClientCouldNotConnect);
}

TEST_F(RelationalTest, ATransactionThatIsNotCommittedLeavesNothing) {
  ASSERT_TRUE(connection_->execute("CREATE TABLE steps (id int)"));
  {
    auto transaction = Transaction::begin(*connection_);
    ASSERT_TRUE(transaction.has_value());
    ASSERT_TRUE(connection_->execute("INSERT INTO steps VALUES (1)"));
  }
  EXPECT_EQ(connection_->query("SELECT count(*) FROM steps")->integer(0, 0), 0);
  auto transaction = Transaction::begin(*connection_);
  EXPECT_FALSE(connection_->execute("SELECT 1/0").has_value());
  auto committed = transaction->commit();
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().code(), ErrorCode::kTransactionAborted);
}

TEST_F(RelationalTest, PipelineIsAllOrNothing) {
  ASSERT_TRUE(connection_->execute("CREATE TABLE numbers (id int PRIMARY KEY)"));
  std::vector<Statement> statements;
  for (int id = 0; id < 5000; ++id) {
    statements.push_back({"INSERT INTO numbers VALUES ($1)", {std::to_string(id)}});
  }
  auto answers = connection_->pipeline(statements);
  ASSERT_TRUE(answers.has_value()) << answers.error().message();
  EXPECT_EQ(answers->size(), statements.size());
  std::vector<Statement> failing = {{"INSERT INTO numbers VALUES (9001)", {}},
                                    {"INSERT INTO numbers VALUES (1)", {}},
                                    {"INSERT INTO numbers VALUES (9002)", {}}};
  auto refused = connection_->pipeline(failing);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("statement 2: "));
  EXPECT_EQ(connection_->query("SELECT count(*) FROM numbers")->integer(0, 0), 5000);
}

TEST_F(RelationalTest, CopyLoadsAllRowsOrNone) {
  ASSERT_TRUE(connection_->execute("CREATE TABLE lines (id int, said text)"));
  std::string rows = copy_line(std::array<Parameter, 2>{"1", "tab\tand\nline\\"}) +
                     copy_line(std::array<Parameter, 2>{"2", std::nullopt});
  size_t at = 0;
  auto loaded = connection_->copy_in("COPY lines FROM STDIN", [&]() -> base::Result<std::optional<std::string_view>> {
    if (at >= rows.size()) return std::nullopt;
    return std::string_view(rows).substr(at++, 1);
  });
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
  EXPECT_EQ(*loaded, 2);
  EXPECT_EQ(connection_->query("SELECT said FROM lines WHERE id = 1")->text_or_empty(0, 0), "tab\tand\nline\\");
  int calls = 0;
  auto stopped = connection_->copy_in("COPY lines FROM STDIN", [&]() -> base::Result<std::optional<std::string_view>> {
    if (++calls > 1) return base::Error(ErrorCode::kCorruptedCsv, "record 2 is bad");
    return std::string_view("3\tx\n");
  });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().message(), "record 2 is bad");
  EXPECT_EQ(connection_->query("SELECT count(*) FROM lines")->integer(0, 0), 2);
}

TEST_F(RelationalTest, CancelTimeoutAndLock) {
  Canceller canceller = connection_->canceller();
  std::thread other([&] {
    auto watcher = store_.connect();
    const char* waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while (watcher->query(waits)->integer(0, 0) == 0) std::this_thread::yield();
    EXPECT_TRUE(canceller.cancel().has_value());
  });
  auto cancelled = connection_->query("SELECT pg_sleep(60)");
  other.join();
  ASSERT_FALSE(cancelled.has_value());
  EXPECT_EQ(cancelled.error().code(), ErrorCode::kRequestCanceled);

  ASSERT_TRUE(connection_->set_statement_timeout_ms(20));
  EXPECT_EQ(sqlstate(connection_->query("SELECT pg_sleep(60)").error()), "57014");

  auto second = store_.connect();
  auto held = AdvisoryLock::acquire(*connection_, "apply", 0);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(AdvisoryLock::acquire(*second, "apply", 0).error().code(), ErrorCode::kLockTimeout);
  EXPECT_EQ(AdvisoryLock::acquire(*second, "apply", 10).error().code(), ErrorCode::kLockTimeout);
  ASSERT_TRUE(held->release().has_value());
  EXPECT_TRUE(AdvisoryLock::acquire(*second, "apply", 0).has_value());
}

TEST_F(RelationalTest, ScriptsStopAtTheFirstFailureAndRefuseCopy) {
  auto answers = connection_->run_script("SELECT 1; SELECT 2");
  ASSERT_EQ(answers->size(), 2u);
  EXPECT_EQ((*answers)[1].integer(0, 0), 2);
  EXPECT_FALSE(connection_->run_script("CREATE TABLE half (id int); SELECT 1/0").has_value());
  EXPECT_FALSE(connection_->query("SELECT * FROM half").has_value());
  EXPECT_THAT(connection_->execute("COPY (SELECT 1) TO STDOUT").error().message(), HasSubstr("no part of a script"));
  EXPECT_TRUE(connection_->query("SELECT 1").has_value());
}

TEST_F(RelationalTest, StreamHandsRowsOutOneByOneAndStopsOnRequest) {
  int64_t seen = 0;
  auto stopped =
      connection_->stream("SELECT generate_series(1, 100000000)", {}, [&](const Rows& row) -> base::Result<> {
        seen = row.integer(0, 0).value_or(-1);
        if (seen == 3) return base::Error(ErrorCode::kRequestCanceled, "enough");
        return {};
      });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().message(), "enough");
  EXPECT_EQ(seen, 3);
  EXPECT_TRUE(connection_->query("SELECT 1").has_value());
}

TEST_F(RelationalTest, ThePoolKeepsCleanSessionsOnly) {
  std::string first;
  {
    auto lease = store_.lease();
    first = (*lease)->query("SELECT pg_backend_pid()")->text_or_empty(0, 0);
  }
  auto again = store_.lease();
  EXPECT_EQ((*again)->query("SELECT pg_backend_pid()")->text_or_empty(0, 0), first);
  {
    auto dirty = store_.lease();
    ASSERT_TRUE((*dirty)->execute("BEGIN").has_value());
    first = (*dirty)->query("SELECT pg_backend_pid()")->text_or_empty(0, 0);
  }
  auto fresh = store_.lease();
  EXPECT_NE((*fresh)->query("SELECT pg_backend_pid()")->text_or_empty(0, 0), first);
}

TEST(Quoting, HostileNamesStayNames) {
  EXPECT_EQ(quote_identifier("a\"; DROP"), "\"a\"\"; DROP\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\'"), "E'a\\\\'''");
}

}  // namespace
}  // namespace workerdb::stores::relational
