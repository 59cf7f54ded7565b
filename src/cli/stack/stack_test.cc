// Real PostgreSQL and real Redis on free ports in a temporary folder, initialised once for all tests here.
#include "cli/stack/stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <condition_variable>
#include <fstream>
#include <sstream>

#include "cli/stack/doctor.h"
#include "cli/stack/down.h"
#include "cli/stack/env.h"
#include "cli/stack/logs.h"
#include "cli/stack/ports.h"
#include "cli/stack/stack_testing.h"
#include "cli/stack/status.h"
#include "cli/stack/up.h"

namespace workerdb::cli {
namespace {

using supervise::ServiceStatus;
using supervise::State;
using ::testing::HasSubstr;

constexpr int64_t kLongMs = 60'000;

template <typename T>
std::string message(const base::Result<T>& result) {
  return result ? "no error" : result.error().message();
}

class StackTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { folder_ = new testing::TemporaryFolder(); }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static StackOptions options() {
    StackOptions options{.data_folder = folder_->inside("data")};
    options.ports = testing::free_ports();
    options.redis_spaces = {{"event-bus", {"event:"}, {"events:"}}};
    return options;
  }
  // A shell script with what `workerdb env` prints in front.
  static std::string run_with_env(const StackOptions& options, const std::string& script) {
    std::ostringstream exports;
    if (!env({.data_folder = options.data_folder}, {exports, exports})) return "env failed";
    supervise::ProcessSpec spec{.executable = "/bin/sh", .arguments = {"-c", exports.str() + script}};
    auto completed = supervise::run_to_end(spec, kLongMs);
    return completed ? completed->output : message(completed);
  }
  static ServiceStatus status_of(const Stack& stack, const std::string& name) {
    for (const ServiceStatus& status : const_cast<Stack&>(stack).supervisor().status()) {
      if (status.name == name) return status;
    }
    return {};
  }

  static testing::TemporaryFolder* folder_;
};

testing::TemporaryFolder* StackTest::folder_ = nullptr;

TEST_F(StackTest, ServesTheOrdinaryClients) {
  StackOptions chosen = options();
  auto stack = Stack::prepare(chosen, {});
  ASSERT_TRUE(stack.has_value()) << message(stack);
  (*stack)->start();
  auto ready = (*stack)->supervisor().wait_until_ready(kLongMs);
  ASSERT_TRUE(ready.has_value()) << message(ready);

  EXPECT_EQ(run_with_env(chosen,
                         "redis-cli -p $REDIS_PORT SET session:user_123 hello\n"
                         "redis-cli -p $REDIS_PORT GET session:user_123\n"
                         "redis-cli -p $REDIS_PORT CONFIG GET dir | cut -c1-6\n"
                         "unset REDISCLI_AUTH; redis-cli -p $REDIS_PORT GET session:user_123"),
            "OK\nhello\nNOPERM\n\nNOAUTH Authentication required.\n\n");
  EXPECT_EQ(run_with_env(chosen,
                         "psql -w -At -U postgres -d postgres -c 'SHOW data_checksums' -c "
                         "'SHOW server_encoding' -c 'SHOW password_encryption'"),
            "on\nUTF8\nscram-sha-256\n");
  EXPECT_THAT(run_with_env(chosen, "PGPASSFILE=/dev/null psql -w -At -U postgres -d postgres -c 'SELECT 1'"),
              HasSubstr("no password supplied"));
  // A key space's user sees its own keys and no others.
  EXPECT_THAT(run_with_env(chosen,
                           "export REDISCLI_AUTH=$(cat \"$WORKERDB_DATA/secrets/redis-space-event-bus\")\n"
                           "redis-cli --user event-bus -p $REDIS_PORT SET event:1 x\n"
                           "redis-cli --user event-bus -p $REDIS_PORT GET session:user_123"),
              ::testing::AllOf(HasSubstr("OK"), HasSubstr("NOPERM")));
  auto answer = exchange(
      "127.0.0.1", chosen.ports.control, "GET /ready HTTP/1.0\r\n\r\n",
      [](std::string_view text) { return text.find("]}") != std::string_view::npos; }, kLongMs);
  ASSERT_TRUE(answer.has_value()) << message(answer);
  EXPECT_THAT(*answer, HasSubstr("\"ready\":true"));
  // Neither server runs as root, and what they and we write is private.
  for (const char* name : {"postgres", "redis"}) {
    struct stat found {};
    std::string process = "/proc/" + std::to_string(status_of(**stack, name).process.pid);
    ASSERT_EQ(::stat(process.c_str(), &found), 0);
    EXPECT_NE(found.st_uid, 0u) << name;
  }
  for (const char* file : {"redis/redis.conf", "redis/users.acl", "run/state.json", "secrets/pgpass",
                           "postgres/pg_hba.conf", "logs/postgres.log"}) {
    EXPECT_EQ(testing::mode_of(folder_->inside("data/") + file), 0600u) << file;
  }
}

TEST_F(StackTest, ACrashedRedisComesBackWithItsData) {
  StackOptions chosen = options();
  chosen.with_postgres = false;
  auto stack = Stack::prepare(chosen, {});
  ASSERT_TRUE(stack.has_value()) << message(stack);
  (*stack)->start();
  ASSERT_TRUE((*stack)->supervisor().wait_until_ready(kLongMs).has_value());
  run_with_env(chosen, "redis-cli -p $REDIS_PORT SET kept yes");
  ServiceStatus before = status_of(**stack, "redis");
  ASSERT_TRUE(supervise::signal_process(before.process, SIGKILL));
  while (status_of(**stack, "redis").restarts == 0) std::this_thread::yield();
  ASSERT_TRUE((*stack)->supervisor().wait_until_ready(kLongMs).has_value());
  EXPECT_NE(status_of(**stack, "redis").process.pid, before.process.pid);
  EXPECT_EQ(run_with_env(chosen, "redis-cli -p $REDIS_PORT GET kept"), "yes\n");
}

TEST_F(StackTest, ASecondStackOnTheFolderIsRefused) {
  StackOptions chosen = options();
  chosen.with_postgres = false;
  auto stack = Stack::prepare(chosen, {});
  ASSERT_TRUE(stack.has_value()) << message(stack);
  EXPECT_THAT(message(Stack::prepare(chosen, {})),
              HasSubstr("already up on '" + folder_->inside("data") + "' (pid " + std::to_string(::getpid()) + ")"));
}

TEST_F(StackTest, ATakenPortIsRefusedBeforeAnythingStarts) {
  testing::Listener listener;
  StackOptions chosen = options();
  chosen.ports.postgres = listener.port();
  EXPECT_THAT(message(Stack::prepare(chosen, {})), HasSubstr("for PostgreSQL is taken by another program"));
}

TEST_F(StackTest, ComposesServicesAndHooksOfTheCaller) {
  std::vector<std::string> seen;
  std::mutex mutex;
  auto note = [&](const std::string& what) {
    std::lock_guard lock(mutex);
    seen.push_back(what);
  };
  StackOptions chosen = options();
  chosen.with_postgres = false;
  auto composer = [&](const StackContext& context) -> base::Result<StackParts> {
    EXPECT_EQ(context.secrets.documents_root.size(), 32u);
    StackParts parts;
    parts.services.push_back({.name = "engine",
                              .depends_on = {"redis"},
                              .start = [&]() -> base::Result<> { return note("engine opens"), base::Result<>{}; },
                              .stop = [&] { note("engine closes"); }});
    parts.hooks["redis"] = {{"catalog", [&]() -> base::Result<> { return note("catalog"), base::Result<>{}; }}};
    return parts;
  };
  auto stack = Stack::prepare(chosen, composer);
  ASSERT_TRUE(stack.has_value()) << message(stack);
  (*stack)->start();
  ASSERT_TRUE((*stack)->supervisor().wait_until_ready(kLongMs).has_value());
  stack->reset();
  EXPECT_EQ(seen, (std::vector<std::string>{"catalog", "engine opens", "engine closes"}));
}

TEST_F(StackTest, GoesUpAndDownInTheBackground) {
  UpOptions chosen{.stack = options(), .detach = true};
  std::string data = chosen.stack.data_folder;
  std::ostringstream out;
  Output output{out, out};
  auto upped = up(chosen, {}, output);
  ASSERT_TRUE(upped.has_value()) << message(upped);
  EXPECT_THAT(out.str(), HasSubstr("workerdb is up (pid "));
  EXPECT_THAT(message(up(chosen, {}, output)), HasSubstr("already up"));

  std::ostringstream table;
  EXPECT_EQ(status({.data_folder = data}, {table, table}).value(), 0);
  EXPECT_THAT(table.str(), ::testing::AllOf(HasSubstr("postgres    ready"), HasSubstr("redis       ready")));
  std::ostringstream lines;
  EXPECT_EQ(status({.data_folder = data, .json = true}, {lines, lines}).value(), 0);
  EXPECT_THAT(lines.str(), HasSubstr("{\"name\":\"control\",\"state\":\"ready\""));
  std::ostringstream log;
  EXPECT_EQ(logs({.data_folder = data, .service = "redis"}, {log, log}).value(), 0);
  EXPECT_THAT(log.str(), HasSubstr("Ready to accept connections"));
  EXPECT_THAT(message(logs({.data_folder = data, .service = "mongo"}, {log, log})),
              HasSubstr("there is no log of 'mongo'; there are: control, "));
  std::ostringstream examined;
  EXPECT_EQ(doctor({.stack = chosen.stack}, {examined, examined}).value(), 0) << examined.str();

  EXPECT_EQ(down({.data_folder = data}, output).value(), 0);
  EXPECT_EQ(status({.data_folder = data}, {table, table}).value(), kStatusDown);
  EXPECT_EQ(down({.data_folder = data}, output).value(), 0);
  EXPECT_THAT(out.str(), ::testing::EndsWith("workerdb is down\nworkerdb was not up\n"));
}

TEST_F(StackTest, AKilledSupervisorTakesItsServersAlongAndTheNextOneStarts) {
  UpOptions chosen{.stack = options(), .detach = true};
  std::ostringstream out;
  Output output{out, out};
  ASSERT_TRUE(up(chosen, {}, output).has_value());
  DataFolder folder{chosen.stack.data_folder};
  StackState state = read_state(folder).value();
  ASSERT_TRUE(supervise::signal_process(state.process, SIGKILL));
  for (const ServiceStatus& service : state.services) {
    EXPECT_TRUE(service.in_process || supervise::wait_until_gone(service.process, kLongMs)) << service.name;
  }
  auto again = up(chosen, {}, output);
  ASSERT_TRUE(again.has_value()) << message(again);
  EXPECT_EQ(down({.data_folder = chosen.stack.data_folder}, output).value(), 0);
}

TEST_F(StackTest, AFailureInTheBackgroundIsReportedByTheForeground) {
  UpOptions chosen{.stack = options(), .detach = true};
  chosen.stack.with_postgres = false;
  auto composer = [](const StackContext&) -> base::Result<StackParts> {
    StackParts parts;
    parts.services.push_back({.name = "engine",
                              .start = []() -> base::Result<> {
                                return base::Error(base::ErrorCode::kCorruptedDatafile, "file 7 is damaged");
                              },
                              .stop = [] {}});
    return parts;
  };
  std::ostringstream out;
  auto upped = up(chosen, composer, {out, out});
  ASSERT_FALSE(upped.has_value());
  EXPECT_THAT(upped.error().message(), HasSubstr("file 7 is damaged"));
  EXPECT_EQ(status({.data_folder = chosen.stack.data_folder}, {out, out}).value(), kStatusDown);
}

TEST_F(StackTest, DoctorFindsWhatWouldFail) {
  testing::Listener listener;
  DoctorOptions chosen{.stack = options(), .json = true};
  chosen.stack.ports.redis = listener.port();
  std::ostringstream out;
  EXPECT_EQ(doctor(chosen, {out, out}).value(), 1);
  EXPECT_THAT(out.str(), HasSubstr("{\"check\":\"ports\",\"outcome\":\"bad\",\"sentence\":\"port "));
}

}  // namespace
}  // namespace workerdb::cli
