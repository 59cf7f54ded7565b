// Two servers, one of which may be written: libpq finds it, and the pool notices when it is another one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stores/relational/relational_store.h"
#include "stores/testing/temporary_server.h"

namespace workerdb::stores::relational {
namespace {

using base::Result;
using testing::TemporaryPostgres;

class FailoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (auto* server : {&first_, &second_}) {
      auto started = TemporaryPostgres::start_server();
      ASSERT_TRUE(started) << started.error().message();
      *server = *std::move(started);
    }
    ConnectionOptions options;
    options.conninfo = fmt::format(
        "postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/"
        "postgres?sslmode=disable&target_session_attrs=read-write",
        first_->port(), second_->port());
    store_ = std::make_unique<RelationalStore>(options);
    for (auto* server : {first_.get(), second_.get()}) {
      auto own = Connection::connect({.conninfo = server->conninfo()});
      ASSERT_TRUE(own && own->execute("CREATE TABLE steps (id int PRIMARY KEY)"));
    }
  }
  // A server whose sessions only read, as one that a failover made a standby.
  static void demote(const TemporaryPostgres& server) {
    auto own = Connection::connect({.conninfo = server.conninfo()});
    ASSERT_TRUE(own && own->execute("ALTER SYSTEM SET default_transaction_read_only = on"));
    ASSERT_TRUE(own->execute("SELECT pg_reload_conf()"));
    while (!own->query("SHOW default_transaction_read_only")->text_or_empty(0, 0).starts_with("on")) {
    }
  }
  int port_of_lease() {
    auto session = store_->lease();
    EXPECT_TRUE(session) << session.error().message();
    if (!session) return 0;
    return int((*session)->query("SELECT inet_server_port()")->integer(0, 0).value_or(0));
  }

  std::unique_ptr<TemporaryPostgres> first_, second_;
  std::unique_ptr<RelationalStore> store_;
};

TEST_F(FailoverTest, ThePoolLeavesAServerThatMayNotBeWrittenAnyMore) {
  EXPECT_EQ(port_of_lease(), first_->port());
  demote(*first_);
  EXPECT_EQ(port_of_lease(), second_->port());
}

TEST_F(FailoverTest, RepeatableWorkGoesOnWithTheOtherServer) {
  ASSERT_EQ(port_of_lease(), first_->port());
  int runs = 0;
  auto done = store_->run_repeatably("", [&](Connection& session) -> Result<> {
    // The first server dies under the session that it was given.
    if (++runs == 1) first_->kill_now();
    return session.execute("INSERT INTO steps VALUES (1) ON CONFLICT DO NOTHING");
  });
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_GE(runs, 2);
  EXPECT_EQ(port_of_lease(), second_->port());
  // What is wrong with the work itself is not tried twice.
  runs = 0;
  done = store_->run_repeatably("", [&](Connection& session) -> Result<> {
    ++runs;
    return session.execute("INSERT INTO steps VALUES (1)");
  });
  EXPECT_EQ(sqlstate(done.error()), "23505");
  EXPECT_EQ(runs, 1);
}

TEST_F(FailoverTest, AServerThatBecameReadOnlyMeanwhile) {
  int runs = 0;
  auto done = store_->run_repeatably("", [&](Connection& session) -> Result<> {
    if (++runs == 1) {
      demote(*first_);
      while (!session.query("SHOW default_transaction_read_only")->text_or_empty(0, 0).starts_with("on")) {
      }
    }
    return session.execute("INSERT INTO steps VALUES (7) ON CONFLICT DO NOTHING");
  });
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(runs, 2);
  auto second = Connection::connect({.conninfo = second_->conninfo()});
  EXPECT_EQ(second->query("SELECT count(*) FROM steps")->integer(0, 0), 1);
}

TEST(Failover, WhichErrorsLetAnotherServerTry) {
  for (const char* state : {"57P01", "57P02", "57P03", "25006", "08006"}) {
    EXPECT_TRUE(is_failover(error_with_sqlstate(state, "x"))) << state;
  }
  for (const char* state : {"57014", "23505", "28P01", "40001"}) {
    EXPECT_FALSE(is_failover(error_with_sqlstate(state, "x"))) << state;
  }
}

}  // namespace
}  // namespace workerdb::stores::relational
