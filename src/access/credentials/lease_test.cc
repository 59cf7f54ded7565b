// Leases against real servers.
#include "access/credentials/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/testing/temporary_server.h"

namespace workerdb::access {
namespace {

using base::ErrorCode;
using stores::cache::CacheOptions;
using stores::cache::CacheStore;
using stores::relational::Connection;
using stores::relational::ConnectionOptions;
using stores::relational::RelationalStore;
using stores::testing::TemporaryPostgres;
using stores::testing::TemporaryRedis;
using ::testing::HasSubstr;

class LeaseTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto postgres = TemporaryPostgres::start_server();
    ASSERT_TRUE(postgres.has_value()) << postgres.error().message();
    postgres_ = postgres->release();
    auto redis = TemporaryRedis::start_server();
    ASSERT_TRUE(redis.has_value()) << redis.error().message();
    redis_ = redis->release();
    RelationalStore store(ConnectionOptions{.conninfo = postgres_->conninfo()});
    auto connection = store.connect();
    ASSERT_TRUE(connection.has_value());
    ASSERT_TRUE(connection->execute("CREATE DATABASE shop").has_value());
    auto shop = store.connect("shop");
    ASSERT_TRUE(
        shop->run_script(
                "CREATE TABLE orders (id serial PRIMARY KEY, text text); INSERT INTO orders (text) VALUES ('one');"
                "CREATE TABLE salaries (id int); INSERT INTO salaries VALUES (1);"
                "CREATE SCHEMA \"Odd Schema\"; CREATE TABLE \"Odd Schema\".\"Odd Table\" (id int)")
            .has_value());
    ASSERT_TRUE(close_to_public(store).has_value());
    ASSERT_TRUE(close_to_public(store).has_value());
  }
  static void TearDownTestSuite() {
    delete postgres_;
    delete redis_;
    postgres_ = nullptr;
    redis_ = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(postgres_, nullptr);
    ASSERT_NE(redis_, nullptr);
  }

  static base::Result<Connection> log_in(const Lease& lease, const std::string& database = "shop") {
    ConnectionOptions options{.conninfo = "host=127.0.0.1 port=" + std::to_string(postgres_->port())};
    options.database = database;
    options.user = lease.credential.user;
    options.password = lease.credential.secret.expose();
    return Connection::connect(options);
  }
  static CacheOptions cache_login(const Lease& lease) {
    CacheOptions options{.port = redis_->port()};
    options.user = lease.credential.user;
    options.password = lease.credential.secret.expose();
    return options;
  }

  static TemporaryPostgres* postgres_;
  static TemporaryRedis* redis_;
  RelationalStore tables_{ConnectionOptions{.conninfo = postgres_ == nullptr ? "" : postgres_->conninfo()}};
  CacheStore keys_{CacheOptions{.port = redis_ == nullptr ? 1 : redis_->port()}};
};

TemporaryPostgres* LeaseTest::postgres_ = nullptr;
TemporaryRedis* LeaseTest::redis_ = nullptr;

TEST_F(LeaseTest, ARoleReadsItsTablesAndNothingElse) {
  auto lease = lease_relational(
      tables_, {.database = "shop", .objects = {"orders", "Odd Schema.Odd Table"}, .channels = {}}, 60);
  ASSERT_TRUE(lease.has_value()) << lease.error().message();
  auto session = log_in(*lease);
  ASSERT_TRUE(session.has_value()) << session.error().message();
  EXPECT_EQ(session->query("SELECT text FROM orders")->text(0, 0), "one");
  EXPECT_TRUE(session->query("SELECT * FROM \"Odd Schema\".\"Odd Table\"").has_value());
  ASSERT_TRUE(session->execute("SET default_transaction_read_only = off; SET statement_timeout = 0").has_value());
  for (const char* attempt : {"SELECT * FROM salaries",
                              "INSERT INTO orders (text) VALUES ('x')",
                              "UPDATE orders SET text = 'x'",
                              "DELETE FROM orders",
                              "TRUNCATE orders",
                              "DROP TABLE orders",
                              "CREATE TABLE mine (id int)",
                              "CREATE SCHEMA mine",
                              "SELECT pg_read_file('/etc/passwd')",
                              "SELECT pg_ls_dir('/')",
                              "COPY orders TO '/tmp/x'",
                              "COPY orders FROM PROGRAM 'id'",
                              "SELECT lo_import('/etc/passwd')",
                              "SELECT lo_create(0)",
                              "SELECT lo_from_bytea(0, 'x')",
                              "SELECT lo_creat(-1)",
                              "CREATE ROLE other",
                              "SET ROLE postgres",
                              "SET SESSION AUTHORIZATION postgres",
                              "CREATE EXTENSION dblink",
                              "ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'",
                              "SELECT setval('orders_id_seq', 1)",
                              "SELECT nextval('orders_id_seq')",
                              "SELECT rolpassword FROM pg_authid",
                              "ALTER SYSTEM SET work_mem = '1GB'",
                              "SELECT pg_reload_conf()",
                              "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                              "LOCK TABLE orders IN EXCLUSIVE MODE"}) {
    EXPECT_FALSE(session->execute(attempt).has_value()) << attempt;
  }
  EXPECT_THAT(lease->beyond_scope, ::testing::Not(::testing::Contains(HasSubstr("large objects"))));
  ASSERT_TRUE(end_relational_lease(tables_, lease->credential.user).has_value());
}

TEST_F(LeaseTest, ARoleThatMayWriteWritesItsTables) {
  auto lease = lease_relational(
      tables_, {.database = "shop", .objects = {"public.orders"}, .channels = {}, .may_write = true}, 60);
  ASSERT_TRUE(lease.has_value()) << lease.error().message();
  auto session = log_in(*lease);
  EXPECT_TRUE(
      session->execute("INSERT INTO orders (text) VALUES ('two'); DELETE FROM orders WHERE text = 'two'").has_value());
  EXPECT_FALSE(session->execute("TRUNCATE orders").has_value());
  EXPECT_FALSE(session->execute("INSERT INTO salaries VALUES (2)").has_value());
  EXPECT_FALSE(session->execute("ALTER TABLE orders ADD COLUMN x int").has_value());
}

TEST_F(LeaseTest, ARoleEndsWithItsSessions) {
  auto lease = lease_relational(tables_, {.database = "shop", .objects = {"orders"}, .channels = {}}, 60);
  auto other = lease_relational(tables_, {.database = "shop", .objects = {}, .channels = {}}, 120);
  ASSERT_TRUE(lease.has_value() && other.has_value());
  auto session = log_in(*lease), kept = log_in(*other);
  ASSERT_TRUE(session.has_value() && kept.has_value());
  EXPECT_EQ(sweep_relational(tables_, lease->expires_unix_s - 1).value(), 0u);
  EXPECT_GE(sweep_relational(tables_, lease->expires_unix_s).value(), 1u);
  EXPECT_FALSE(session->query("SELECT 1").has_value());
  EXPECT_FALSE(log_in(*lease).has_value());
  EXPECT_TRUE(kept->query("SELECT * FROM salaries").has_value());
  EXPECT_EQ(end_relational_lease(tables_, "postgres").error().code(), ErrorCode::kBadParameter);
  EXPECT_GE(sweep_relational(tables_, 0, true).value(), 1u);
  EXPECT_TRUE(list_relational_leases(tables_)->empty());
  EXPECT_TRUE(end_relational_lease(tables_, lease->credential.user).has_value());
}

TEST_F(LeaseTest, WhatCannotBeLeasedLeavesNothing) {
  EXPECT_EQ(lease_relational(tables_, {.database = "shop", .objects = {"nothing"}, .channels = {}}, 60).error().code(),
            ErrorCode::kCollectionNotFound);
  EXPECT_EQ(lease_relational(tables_, {.database = "nowhere", .objects = {}, .channels = {}}, 60).error().code(),
            ErrorCode::kDatabaseNotFound);
  EXPECT_EQ(
      lease_relational(tables_, {.database = "shop", .objects = {}, .channels = {}}, kLongestLeaseS + 1).error().code(),
      ErrorCode::kBadParameter);
  EXPECT_EQ(lease_relational(tables_, {.database = "shop", .objects = {}, .channels = {}}, 0).error().code(),
            ErrorCode::kBadParameter);
  EXPECT_TRUE(list_relational_leases(tables_)->empty());
  // A login without the right to make others.
  auto lease =
      lease_relational(tables_, {.database = "shop", .objects = {"orders"}, .channels = {}, .may_write = true}, 60);
  ConnectionOptions options{.conninfo = "host=127.0.0.1 port=" + std::to_string(postgres_->port())};
  options.user = lease->credential.user;
  options.password = lease->credential.secret.expose();
  RelationalStore weak(options);
  EXPECT_EQ(lease_relational(weak, {.database = "shop", .objects = {}, .channels = {}}, 60).error().code(),
            ErrorCode::kForbidden);
  EXPECT_GE(sweep_relational(tables_, 0, true).value(), 1u);
}

TEST_F(LeaseTest, AnAclUserSeesItsKeysAndNothingElse) {
  ASSERT_TRUE(keys_.call({"SET", "session:1", "one"}).has_value());
  ASSERT_TRUE(keys_.call({"SET", "other", "two"}).has_value());
  auto lease = lease_cache(keys_, {.database = "", .objects = {"session:*"}, .channels = {"events:*"}}, 60);
  ASSERT_TRUE(lease.has_value()) << lease.error().message();
  CacheStore session(cache_login(*lease));
  EXPECT_EQ(session.call({"GET", "session:1"})->text, "one");
  const std::vector<stores::cache::Command> kAttempts = {{"GET", "other"},
                                                         {"SET", "session:1", "x"},
                                                         {"DEL", "session:1"},
                                                         {"KEYS", "*"},
                                                         {"SCAN", "0"},
                                                         {"RANDOMKEY"},
                                                         {"DBSIZE"},
                                                         {"EVAL", "return redis.call('GET', 'other')", "0"},
                                                         {"FCALL", "f", "0"},
                                                         {"CONFIG", "GET", "*"},
                                                         {"MODULE", "LIST"},
                                                         {"ACL", "LIST"},
                                                         {"FLUSHALL"},
                                                         {"SHUTDOWN"},
                                                         {"DEBUG", "SLEEP", "0"},
                                                         {"SELECT", "1"},
                                                         {"MOVE", "session:1", "1"},
                                                         {"COPY", "session:1", "session:2", "DB", "1"},
                                                         {"CLIENT", "LIST"},
                                                         {"CLIENT", "KILL", "TYPE", "normal"},
                                                         {"MONITOR"},
                                                         {"PUBLISH", "events:a", "x"},
                                                         {"RENAME", "session:1", "session:2"},
                                                         {"MEMORY", "USAGE", "other"},
                                                         {"SAVE"},
                                                         {"REPLICAOF", "NO", "ONE"},
                                                         {"GETDEL", "session:1"},
                                                         {"OBJECT", "ENCODING", "other"},
                                                         {"SORT", "session:1"},
                                                         {"INFO"},
                                                         {"CLUSTER", "NODES"},
                                                         {"SLOWLOG", "GET"}};
  for (const auto& attempt : kAttempts) EXPECT_FALSE(session.call(attempt).has_value()) << attempt[0];
  EXPECT_EQ(keys_.call({"GET", "session:1"})->text, "one");
  auto listener = session.subscribe({}, std::vector<std::string>{"events:*"});
  EXPECT_TRUE(listener.has_value());
  EXPECT_EQ(session.subscribe(std::vector<std::string>{"secrets"}, {}).error().code(), ErrorCode::kForbidden);
  auto users = keys_.call({"ACL", "LIST"});
  for (const auto& line : users->elements) {
    EXPECT_THAT(line.text, ::testing::Not(HasSubstr(std::string(lease->credential.secret.expose()))));
  }
  EXPECT_EQ(sweep_cache(keys_, lease->expires_unix_s - 1).value(), 0u);
  EXPECT_EQ(sweep_cache(keys_, lease->expires_unix_s).value(), 1u);
  EXPECT_FALSE(session.call({"GET", "session:1"}).has_value());
  EXPECT_FALSE(CacheStore(cache_login(*lease)).call({"PING"}).has_value());
  EXPECT_EQ(end_cache_lease(keys_, "default").error().code(), ErrorCode::kBadParameter);
}

TEST_F(LeaseTest, AnAclUserThatMayWriteWritesItsKeys) {
  auto lease =
      lease_cache(keys_, {.database = "2", .objects = {"jobs:*"}, .channels = {"jobs"}, .may_write = true}, 60);
  ASSERT_TRUE(lease.has_value()) << lease.error().message();
  CacheOptions options = cache_login(*lease);
  options.database = 2;
  CacheStore session(options);
  EXPECT_TRUE(session.call({"SET", "jobs:1", "x", "EX", "60"}).has_value());
  EXPECT_TRUE(session.call({"PUBLISH", "jobs", "x"}).has_value());
  EXPECT_FALSE(session.call({"SET", "other", "x"}).has_value());
  EXPECT_FALSE(session.call({"SELECT", "0"}).has_value());
  EXPECT_FALSE(session.call({"FLUSHDB"}).has_value());
  EXPECT_EQ(lease_cache(keys_, {.database = "", .objects = {}, .channels = {}}, 60).error().code(),
            ErrorCode::kBadParameter);
  EXPECT_EQ(lease_cache(keys_, {.database = "", .objects = {"a +@all"}, .channels = {}}, 60).error().code(),
            ErrorCode::kBadParameter);
  EXPECT_EQ(list_cache_leases(keys_)->size(), 1u);
  ASSERT_TRUE(end_cache_lease(keys_, lease->credential.user).has_value());
  EXPECT_TRUE(list_cache_leases(keys_)->empty());
}

}  // namespace
}  // namespace workerdb::access
