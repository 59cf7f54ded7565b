#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "cli/stack/control_port.h"
#include "cli/stack/live_view.h"
#include "cli/stack/programs.h"
#include "cli/stack/redis_service.h"

namespace workerdb::cli {
namespace {

using supervise::ServiceStatus;
using supervise::State;
using ::testing::HasSubstr;

TEST(Redis, UsersAreWrittenWithDigestsAndKeepWhatRedisSaved) {
  StackOptions options;
  options.redis_spaces = {{"bus", {"event:", "a[b"}, {"events:*"}}, {"known", {"x:"}, {}}, {"bare", {}, {}}};
  Secrets secrets{.redis_default = "one", .redis_admin = "two", .redis_spaces = {{"bus", "three"}, {"known", "four"}}};
  auto users = redis_users(options, secrets, "user default on nopass +@all\nuser known on #old ~x:* +get\nnoise\n");
  ASSERT_TRUE(users.has_value());
  EXPECT_EQ(*users, "user default on #" + base::sha256_hex("one") +
                        " ~* &* +@all -@admin\n"
                        "user workerdb_admin on #" +
                        base::sha256_hex("two") +
                        " ~* &* +@all\n"
                        "user known on #old ~x:* +get\n"
                        "user bus on #" +
                        base::sha256_hex("three") +
                        " resetkeys resetchannels ~event:* ~a\\[b* &events:* +@all -@admin -@dangerous +info\n");
}

TEST(Redis, APrefixCannotSmuggleRulesIn) {
  StackOptions options;
  Secrets secrets{.redis_spaces = {{"bus", "three"}}};
  for (const char* prefix : {"a ~*", "a\nuser evil on nopass ~* +@all", "a\t"}) {
    options.redis_spaces = {{"bus", {prefix}, {}}};
    EXPECT_FALSE(redis_users(options, secrets, "").has_value()) << prefix;
  }
}

TEST(Redis, TheConfigurationIsDurableAndClosed) {
  StackOptions options;
  std::string text = redis_configuration(options, DataFolder{"/data"});
  for (const char* line : {"bind 127.0.0.1\n", "port 6379\n", "appendonly yes\n", "appendfsync everysec\n",
                           "maxmemory-policy noeviction\n", "enable-debug-command no\n", "protected-mode yes\n",
                           "aclfile \"/data/redis/users.acl\"\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Programs, VersionsAreReadBehindTheirPrefix) {
  EXPECT_EQ(major_version("Redis server v=7.0.15 sha=00000000:0", "v="), 7);
  EXPECT_EQ(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0)", "PostgreSQL) "), 15);
  EXPECT_EQ(major_version("something else", "v="), -1);
}

std::vector<ServiceStatus> two_services(State second) {
  ServiceStatus postgres{.name = "postgres", .state = State::kReady, .started_ms = 1000, .restarts = 2};
  ServiceStatus redis{.name = "redis", .state = second, .reason = "secret row in a log line"};
  return {postgres, redis};
}

std::string answer(State second, net::HttpMethod method, std::string_view target) {
  ControlHandler handler([second] { return two_services(second); }, 0);
  handler.add_metrics([](std::string& text) { text += "extra_metric 1\n"; });
  auto request = net::HttpRequest::create(method, target);
  net::HttpResponse response = handler.handle(*request);
  return std::to_string(response.status) + " " + response.body;
}

TEST(ControlPort, ReadyMeansEveryServiceAndGivesNoReasonsAway) {
  EXPECT_THAT(answer(State::kReady, net::HttpMethod::kGet, "/ready"), HasSubstr("200 {\"ready\":true"));
  std::string not_ready = answer(State::kBackoff, net::HttpMethod::kGet, "/ready");
  EXPECT_THAT(not_ready, HasSubstr("503 {\"ready\":false"));
  EXPECT_THAT(not_ready, HasSubstr("\"state\":\"backoff\""));
  EXPECT_EQ(not_ready.find("secret"), std::string::npos);
}

TEST(ControlPort, KnowsThreePathsAndTwoMethods) {
  EXPECT_EQ(answer(State::kFailed, net::HttpMethod::kGet, "/health"), "200 {\"healthy\":true}\n");
  EXPECT_THAT(answer(State::kReady, net::HttpMethod::kPost, "/ready"), HasSubstr("405 "));
  EXPECT_THAT(answer(State::kReady, net::HttpMethod::kGet, "/secrets"), HasSubstr("404 "));
}

TEST(ControlPort, MetricsNameStatesRestartsAndUptime) {
  std::string text = service_metrics(two_services(State::kFailed), 500, 3500);
  for (const char* line : {"workerdb_uptime_seconds 3.000\n", "workerdb_service_ready{service=\"postgres\"} 1\n",
                           "workerdb_service_ready{service=\"redis\"} 0\n",
                           "workerdb_service_state{service=\"redis\",state=\"failed\"} 1\n",
                           "workerdb_service_restarts_total{service=\"postgres\"} 2\n",
                           "workerdb_service_uptime_seconds{service=\"postgres\"} 2.500\n",
                           "# TYPE workerdb_service_restarts_total counter\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(answer(State::kReady, net::HttpMethod::kGet, "/metrics"), HasSubstr("extra_metric 1\n"));
}

TEST(LiveView, SaysWhatChangedInAPipe) {
  std::ostringstream out;
  Output output{out, out, false};
  LiveView view(output, {}, "127.0.0.1");
  ServiceStatus ready{.name = "postgres", .state = State::kReady, .ready_after_ms = 412};
  ServiceStatus failed{.name = "redis", .state = State::kFailed, .reason = "redis exited with code 1"};
  view.show({ready, failed}, {ready, failed});
  view.show({}, {ready, failed});
  EXPECT_EQ(out.str(), "postgres is ready after 412 ms\nredis is failed: redis exited with code 1\n");
}

TEST(LiveView, DrawsOverItselfOnATerminal) {
  std::ostringstream out;
  Output output{out, out, true};
  LiveView view(output, {}, "127.0.0.1");
  ServiceStatus status{.name = "postgres", .state = State::kReady, .ready_after_ms = 412};
  status.process.pid = 7;
  view.show({status}, {status});
  EXPECT_EQ(out.str(), "postgres    ready      pid 7           0.41 s  127.0.0.1:5432\n");
  view.show({status}, {status});
  EXPECT_THAT(out.str(), HasSubstr("\x1b[1A\x1b[J"));
}

}  // namespace
}  // namespace workerdb::cli
