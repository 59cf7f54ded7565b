// Plan and apply against real PostgreSQL and Redis servers.
#include "catalog/apply.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "catalog/catalog_folder.h"
#include "catalog/load.h"
#include "catalog/memory_documents.h"
#include "stores/relational/transaction.h"
#include "stores/testing/temporary_server.h"
#include "value/json.h"

namespace workerdb::catalog {
namespace {

using base::ErrorCode;
using stores::cache::CacheConnection;
using stores::cache::CacheOptions;
using stores::cache::CacheStore;
using stores::relational::Connection;
using stores::relational::ConnectionOptions;
using stores::relational::RelationalStore;
using stores::testing::TemporaryPostgres;
using stores::testing::TemporaryRedis;
using ::testing::HasSubstr;

constexpr std::string_view kNothingToDo = "";

class ApplyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto postgres = TemporaryPostgres::start_server();
    ASSERT_TRUE(postgres.has_value()) << postgres.error().message();
    postgres_ = *std::move(postgres);
    auto redis = TemporaryRedis::start_server();
    ASSERT_TRUE(redis.has_value()) << redis.error().message();
    redis_ = *std::move(redis);
    relational_ = std::make_unique<RelationalStore>(ConnectionOptions{.conninfo = postgres_->conninfo()});
    cache_ = std::make_unique<CacheStore>(CacheOptions{.port = redis_->port()});
    stores_ = {.documents = &documents_, .relational = relational_.get(), .cache = cache_.get()};
    passwords_.relational_roles["flowmaster_app"] = "app-password";
    for (const char* user : {"event-bus", "ai-agent", "prompt-engineering", "scheduling", "platform"}) {
      passwords_.cache_users[user] = std::string("secret-of-") + user;
    }
  }

  void load(const std::string& folder) {
    auto loaded = load_catalog(folder);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    catalog_ = *std::move(loaded);
  }
  // A catalog with one PostgreSQL database, whose migrations the test writes.
  void declare_one_database(std::string_view environment = "dev") {
    folder_.write("a.yaml", fmt::format("relational_databases:\n  - {{name: one, environment: {}, description: One, "
                                        "owner: tests, migrations: sql}}\n",
                                        environment));
    load(folder_.path());
  }
  base::Result<Plan> apply(const ApplyOptions& options = {}) {
    return apply_catalog(catalog_, stores_, passwords_, options);
  }
  std::string planned() {
    auto plan = make_plan(catalog_, stores_, passwords_);
    return plan ? plan_text(*plan) : plan.error().message();
  }
  std::string text_of(const std::string& database, const std::string& sql) {
    auto connection = relational_->connect(database);
    if (!connection) return connection.error().message();
    auto rows = connection->query(sql);
    return rows ? std::string(rows->text_or_empty(0, 0)) : rows.error().message();
  }
  base::Result<Connection> connect_as_app(const std::string& database, const std::string& password) {
    ConnectionOptions options = relational_->options();
    options.database = database;
    options.user = "flowmaster_app";
    options.password = password;
    return Connection::connect(options);
  }
  base::Result<CacheConnection> connect_as(const std::string& user) {
    return CacheConnection::connect({.port = redis_->port(), .user = user, .password = passwords_.cache_users[user]});
  }

  CatalogFolder folder_;
  MemoryDocuments documents_;
  std::unique_ptr<TemporaryPostgres> postgres_;
  std::unique_ptr<TemporaryRedis> redis_;
  std::unique_ptr<RelationalStore> relational_;
  std::unique_ptr<CacheStore> cache_;
  LiveStores stores_;
  Passwords passwords_;
  Catalog catalog_;
};

TEST_F(ApplyTest, TheDefaultCatalogAppliesOnceAndLeastPrivilegesHold) {
  load("catalog/flowmaster");
  auto applied = apply();
  ASSERT_TRUE(applied.has_value()) << applied.error().message();
  EXPECT_EQ(planned(), kNothingToDo);

  // The seed's two queries, as written, by the role that services use.
  auto core = connect_as_app("flowmaster_core", "app-password");
  ASSERT_TRUE(core.has_value()) << core.error().message();
  ASSERT_TRUE(core->execute("INSERT INTO users (email, role) VALUES ('Admin@example.com', 'admin')").has_value());
  auto users = core->query("SELECT id, email, role FROM users WHERE role = 'admin';");
  ASSERT_TRUE(users.has_value()) << users.error().message();
  EXPECT_EQ(users->row_count(), 1);
  auto permissions = core->query(
      "SELECT p.*, r.name FROM permissions p\nJOIN roles r ON p.role_id = r.id\nWHERE p.resource = "
      "'process_design';");
  ASSERT_TRUE(permissions.has_value()) << permissions.error().message();
  EXPECT_GE(permissions->row_count(), 7);
  EXPECT_EQ(
      stores::relational::sqlstate(core->execute("INSERT INTO users (email) VALUES ('ADMIN@EXAMPLE.COM')").error()),
      "23505");
  EXPECT_EQ(core->query("SELECT user_has_permission(id, 'process_design', 'publish') FROM users")->text_or_empty(0, 0),
            "t");

  // What the role may not do.
  EXPECT_EQ(core->execute("DROP TABLE users").error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(core->execute("CREATE TABLE mine (id int)").error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(core->execute("UPDATE workerdb_environment SET class = 'dev'").error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(core->execute("DELETE FROM workerdb_migrations").error().code(), ErrorCode::kForbidden);
  EXPECT_FALSE(connect_as_app("flowmaster_core", "wrong").has_value());

  EXPECT_EQ(text_of("flowmaster_core", "SELECT class FROM workerdb_environment"), "production");
  EXPECT_THAT(text_of("flowmaster_core",
                      "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = "
                      "current_database()"),
              HasSubstr("environment: production"));
  EXPECT_EQ(text_of("flowmaster_core",
                    "SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE relkind = 'r' AND "
                    "relnamespace = 'public'::regnamespace AND obj_description(oid) IS NULL"),
            "")
      << "every table has a comment";
}

TEST_F(ApplyTest, RedisUsersSeeTheirKeySpacesAndNoOthers) {
  load("catalog/flowmaster");
  stores_ = {.cache = cache_.get()};
  ASSERT_TRUE(apply().has_value());
  EXPECT_EQ(planned(), kNothingToDo);
  EXPECT_EQ(environment_of(*cache_).value(), EnvironmentClass::kProduction);

  auto platform = connect_as("platform");
  ASSERT_TRUE(platform.has_value()) << platform.error().message();
  EXPECT_TRUE(platform->call({"SET", "session:user_123", "{}", "EX", "60"}).has_value());
  EXPECT_EQ(platform->call({"GET", "session:user_123"})->text, "{}");
  EXPECT_TRUE(platform->call({"PUBLISH", "events:workflow", R"({"type":"started","id":"123"})"}).has_value());
  EXPECT_EQ(platform->call({"GET", "workerdb:environment"})->text, "production");
  for (const stores::cache::Command& refused : std::vector<stores::cache::Command>{
           {"FLUSHALL"}, {"SET", "workerdb:environment", "dev"}, {"GET", "other:key"}, {"CONFIG", "GET", "*"}}) {
    EXPECT_EQ(platform->call(refused).error().code(), ErrorCode::kForbidden) << refused[0];
  }
  auto bus = connect_as("event-bus");
  ASSERT_TRUE(bus.has_value());
  EXPECT_TRUE(bus->call({"GET", "session:user_123"}).has_value()) << "declared as reader";
  EXPECT_EQ(bus->call({"SET", "session:user_123", "x"}).error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(bus->call({"GET", "prompt:1"}).error().code(), ErrorCode::kForbidden);
  EXPECT_TRUE(bus->call({"LPUSH", "events:queue", "x"}).has_value());

  // A new password and a changed rule are found; without a password the old one stays.
  passwords_.cache_users["event-bus"] = "new";
  EXPECT_EQ(planned(), "+ redis: set password and rules of user 'event-bus'\n");
  ASSERT_TRUE(apply().has_value());
  EXPECT_TRUE(connect_as("event-bus").has_value());
  ASSERT_TRUE(cache_->call({"ACL", "SETUSER", "event-bus", "~*"}).has_value());
  Passwords given;
  given.cache_users = {};
  auto plan = make_plan(catalog_, stores_, given);
  ASSERT_TRUE(plan.has_value()) << plan.error().message();
  EXPECT_EQ(plan->steps.size(), 1u);
  ASSERT_TRUE(apply_catalog(catalog_, stores_, given).has_value());
  EXPECT_TRUE(connect_as("event-bus").has_value());
  EXPECT_EQ(connect_as("event-bus")->call({"GET", "prompt:1"}).error().code(), ErrorCode::kForbidden);
}

TEST_F(ApplyTest, ARolesPasswordAndAttributesAreBroughtBack) {
  load("catalog/flowmaster");
  stores_ = {.relational = relational_.get()};
  Passwords none;
  EXPECT_THAT(make_plan(catalog_, stores_, none).error().message(),
              HasSubstr("no password was given for the new role 'flowmaster_app'"));
  ASSERT_TRUE(apply().has_value());
  passwords_.relational_roles["flowmaster_app"] = "second 'password'";
  EXPECT_EQ(planned(), "+ postgres: set the password of role 'flowmaster_app'\n");
  ASSERT_TRUE(apply().has_value());
  EXPECT_TRUE(connect_as_app("flowmaster_users", "second 'password'").has_value());
  ASSERT_TRUE(relational_->lease().value()->execute("ALTER ROLE flowmaster_app SUPERUSER").has_value());
  ASSERT_TRUE(relational_->lease("flowmaster_users")
                  .value()
                  ->execute("REVOKE SELECT ON profiles FROM flowmaster_app")
                  .has_value());
  ASSERT_TRUE(apply().has_value());
  EXPECT_THAT(text_of("", "SELECT rolsuper FROM pg_roles WHERE rolname = 'flowmaster_app'"), "f");
  // A superuser holds every privilege, so the missing grant shows once it is none any more.
  ASSERT_TRUE(apply().has_value());
  EXPECT_TRUE(connect_as_app("flowmaster_users", "second 'password'")->query("SELECT * FROM profiles").has_value());
  EXPECT_EQ(planned(), kNothingToDo);
}

TEST_F(ApplyTest, AnInterruptionBetweenOrInsideMigrationsIsContinued) {
  folder_.write("sql/0001_first.sql", "CREATE TABLE first (id int);");
  folder_.write("sql/0002_second.sql", "CREATE TABLE second (id int);\nSELECT pg_terminate_backend(pg_backend_pid());");
  folder_.write("sql/0003_third.sql", "CREATE TABLE third (id int);");
  declare_one_database();
  ApplyOptions stop_before_first;
  stop_before_first.before_step = [](const Step& step, size_t, size_t) -> base::Result<> {
    if (step.version == 1) return base::Error(ErrorCode::kRequestCanceled, "interrupted");
    return {};
  };
  EXPECT_EQ(apply(stop_before_first).error().message(), "interrupted");
  auto killed = apply();  // the second migration loses its session half-way
  ASSERT_FALSE(killed.has_value());
  EXPECT_THAT(killed.error().message(), HasSubstr("postgres one: run migration 0002_second: sql/0002_second.sql"));
  EXPECT_EQ(text_of("one", "SELECT string_agg(name, ' ') FROM workerdb_migrations"), "first");
  EXPECT_EQ(text_of("one", "SELECT to_regclass('second') IS NULL"), "t") << "nothing of it stayed";

  folder_.write("sql/0002_second.sql", "CREATE TABLE second (id int);");  // it never ran, so it may be edited
  load(folder_.path());
  EXPECT_EQ(planned(), "+ postgres one: run migration 0002_second\n+ postgres one: run migration 0003_third\n");
  ASSERT_TRUE(apply().has_value());
  EXPECT_EQ(planned(), kNothingToDo);
  EXPECT_EQ(text_of("one",
                    "SELECT string_agg(version || ' ' || length(checksum) || ' ' || (duration_ms >= 0), ', ' ORDER BY "
                    "version) FROM workerdb_migrations"),
            "1 64 true, 2 64 true, 3 64 true");
}

TEST_F(ApplyTest, AnEditedOrMissingMigrationIsRefused) {
  folder_.write("sql/0001_first.sql", "CREATE TABLE first (id int);");
  folder_.write("sql/0002_second.sql", "CREATE TABLE second (id int);");
  declare_one_database();
  ASSERT_TRUE(apply().has_value());
  folder_.write("sql/0001_first.sql", "CREATE TABLE first (id bigint);");
  load(folder_.path());
  EXPECT_THAT(planned(), HasSubstr("sql/0001_first.sql was edited after database 'one' ran it"));
  EXPECT_EQ(apply().error().code(), ErrorCode::kIllegalState);
  folder_.write("sql/0001_first.sql", "CREATE TABLE first (id int);");
  folder_.remove("sql/0002_second.sql");
  load(folder_.path());
  EXPECT_THAT(planned(), HasSubstr("has run migration 0002_second, but the catalog has no such file"));
}

TEST_F(ApplyTest, ADestructiveMigrationOnProductionIsAskedAbout) {
  folder_.write("sql/0001_first.sql", "CREATE TABLE first (id int);");
  declare_one_database("production");
  ASSERT_TRUE(apply().has_value());
  folder_.write("sql/0002_second.sql", "CREATE TABLE second (id int);\nDROP TABLE first;");
  load(folder_.path());
  EXPECT_EQ(planned(), "! postgres one: run migration 0002_second\n    destroys: DROP TABLE (line 2)\n");
  auto refused = apply();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kForbidden);
  EXPECT_THAT(refused.error().message(), HasSubstr("'one', which is production"));
  ASSERT_TRUE(apply({.allow = [](const auto&) -> base::Result<> { return {}; }}).has_value());
  EXPECT_EQ(planned(), kNothingToDo);
}

TEST_F(ApplyTest, ConcurrentAppliesTakeTurns) {
  folder_.write("sql/0001_first.sql", "CREATE TABLE first (id int);");
  declare_one_database();
  std::vector<std::thread> threads;
  std::atomic<size_t> steps = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      RelationalStore store(relational_->options());
      auto applied = apply_catalog(catalog_, {.relational = &store}, passwords_);
      ASSERT_TRUE(applied.has_value()) << applied.error().message();
      steps += applied->steps.size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(steps, 4u) << "one did everything (database, records, class, migration), the others found nothing to do";

  auto holder = relational_->connect();
  auto lock = stores::relational::AdvisoryLock::acquire(*holder, "workerdb:catalog:apply", 0);
  ASSERT_TRUE(lock.has_value());
  auto refused = apply({.lock_timeout_ms = 10});
  EXPECT_EQ(refused.error().code(), ErrorCode::kLockTimeout);
  EXPECT_THAT(refused.error().message(), HasSubstr("another apply is running"));
}

TEST_F(ApplyTest, NoTwoWorkersClaimTheSameExecution) {
  load("catalog/flowmaster");
  stores_ = {.relational = relational_.get()};
  ASSERT_TRUE(apply().has_value());
  auto workflow = connect_as_app("flowmaster_workflow", "app-password");
  ASSERT_TRUE(workflow.has_value());
  ASSERT_TRUE(workflow
                  ->execute("INSERT INTO executions (process_instance_key, node_id, priority) "
                            "SELECT 'i' || n, 'task', n % 3 FROM generate_series(1, 300) n")
                  .has_value());

  // While one worker's claim is still uncommitted, another one does not wait for it.
  auto first = connect_as_app("flowmaster_workflow", "app-password");
  auto held = stores::relational::Transaction::begin(*first);
  auto mine = first->query("SELECT id, priority FROM claim_executions('first', '{default}', 10)");
  ASSERT_TRUE(mine.has_value()) << mine.error().message();
  EXPECT_EQ(mine->row_count(), 10);
  EXPECT_EQ(mine->integer(0, 1), 2) << "the highest priority first";

  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      auto connection = connect_as_app("flowmaster_workflow", "app-password");
      ASSERT_TRUE(connection.has_value());
      std::string claim = fmt::format(
          "SELECT complete_execution(id, lease_token, '{{\"by\": {0}}}') "
          "FROM claim_executions('worker{0}', '{{default}}', 7)",
          worker);
      while (true) {
        auto done = connection->query(claim);
        ASSERT_TRUE(done.has_value()) << done.error().message();
        if (done->row_count() == 0) break;
        for (int row = 0; row < done->row_count(); ++row) EXPECT_TRUE(done->is_true(row, 0));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  ASSERT_TRUE(held->commit().has_value());
  EXPECT_EQ(
      text_of("flowmaster_workflow", "SELECT count(*) FROM executions WHERE state = 'succeeded' AND attempts = 1"),
      "290");
  EXPECT_EQ(text_of("flowmaster_workflow", "SELECT count(*) FROM execution_history"), "890")
      << "300 ready, 300 running, 290 succeeded";
}

TEST_F(ApplyTest, LeasesExpireRetriesEndAndTimersRepeat) {
  load("catalog/flowmaster");
  stores_ = {.relational = relational_.get()};
  ASSERT_TRUE(apply().has_value());
  auto session = connect_as_app("flowmaster_workflow", "app-password");
  ASSERT_TRUE(session.has_value());
  auto one = [&](const std::string& sql) {
    auto rows = session->query(sql);
    return rows ? std::string(rows->text_or_empty(0, 0)) : rows.error().message();
  };
  ASSERT_TRUE(
      session->execute("INSERT INTO executions (process_instance_key, node_id, max_attempts) VALUES ('i', 'task', 2)"));
  EXPECT_EQ(one("SELECT attempts FROM claim_executions('w', '{default}', 5, '-1 second')"), "1");
  EXPECT_EQ(one("SELECT release_expired_leases()"), "1");
  EXPECT_EQ(one("SELECT state || ': ' || last_error FROM executions"), "ready: lease of worker w expired");
  EXPECT_EQ(one("SELECT complete_execution(id, gen_random_uuid()) FROM executions"), "f") << "a stranger's token";
  EXPECT_EQ(one("SELECT attempts FROM claim_executions('w')"), "2");
  EXPECT_EQ(one("SELECT extend_lease(id, lease_token, '1 hour') FROM executions"), "t");
  EXPECT_EQ(one("SELECT fail_execution(id, lease_token, 'boom') FROM executions"), "failed");
  EXPECT_EQ(one("SELECT count(*) FROM claim_executions('w')"), "0");
  EXPECT_EQ(one("SELECT string_agg(to_state, ' ' ORDER BY id) FROM execution_history"),
            "ready running ready running failed");

  ASSERT_TRUE(
      session->execute("INSERT INTO timers (process_instance_key, node_id, due_at, repeat_every, repetitions_left) "
                       "VALUES ('i', 'once', now() - interval '1 hour', NULL, NULL),"
                       "('i', 'endless', now() - interval '90 minutes', '1 hour', NULL),"
                       "('i', 'last', now() - interval '1 minute', '1 hour', 0),"
                       "('i', 'later', now() + interval '1 hour', NULL, NULL)"));
  EXPECT_EQ(one("SELECT count(*) FROM fire_due_timers()"), "3");
  EXPECT_EQ(one("SELECT count(*) FROM fire_due_timers()"), "0");
  EXPECT_EQ(one("SELECT string_agg(node_id || ' ' || state || ' ' || (due_at > now()), ', ' ORDER BY "
                "node_id) FROM timers"),
            "endless scheduled true, last fired false, later scheduled true, once fired false");
  EXPECT_EQ(one("SELECT repetitions_left IS NULL FROM timers WHERE node_id = 'endless'"), "t");
}

}  // namespace
}  // namespace workerdb::catalog
