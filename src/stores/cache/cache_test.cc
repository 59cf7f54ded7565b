// Against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stores/cache/cache_store.h"
#include "stores/testing/temporary_server.h"
#include "value/json.h"

namespace workerdb::stores::cache {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;
using testing::TemporaryRedis;

class CacheTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = TemporaryRedis::start_server();
    ASSERT_TRUE(started.has_value()) << started.error().message();
    server_ = started->release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }
  static CacheOptions options() { return {.port = server_ == nullptr ? 1 : server_->port()}; }

  static TemporaryRedis* server_;
  CacheStore store_{options()};
};

TemporaryRedis* CacheTest::server_ = nullptr;

std::string json(const Reply& reply) {
  value::Builder builder;
  append_reply(reply, builder);
  return value::to_json(builder.slice());
}

TEST_F(CacheTest, EveryKindOfReply) {
  const std::string bytes("\0\xff", 2);
  EXPECT_EQ(json(*store_.command({"SET", "key", bytes})), "\"OK\"");
  EXPECT_EQ(store_.command({"GET", "key"})->text, bytes);
  EXPECT_EQ(json(*store_.command({"GET", "key"})), R"({"hex":"00ff"})");
  EXPECT_EQ(json(*store_.command({"GET", "missing"})), "null");
  EXPECT_EQ(json(*store_.command({"RPUSH", "list", "a", "b"})), "2");
  EXPECT_EQ(json(*store_.command({"LRANGE", "list", "0", "-1"})), R"(["a","b"])");
  EXPECT_THAT(json(*store_.command({"INCR", "list"})), HasSubstr(R"({"error":"WRONGTYPE)"));
  EXPECT_EQ(store_.call({"INCR", "list"}).error().code(), ErrorCode::kTypeError);
  EXPECT_EQ(store_.command(std::span<const std::string>{}).error().code(), ErrorCode::kBadParameter);
}

TEST_F(CacheTest, PipelineKeepsOrderAndErrorsInPlace) {
  std::vector<Command> commands;
  for (int number = 0; number < 2000; ++number) commands.push_back({"ECHO", std::to_string(number)});
  commands.push_back({"NOSUCH"});
  auto replies = store_.pipeline(commands);
  ASSERT_TRUE(replies.has_value()) << replies.error().message();
  ASSERT_EQ(replies->size(), 2001u);
  EXPECT_EQ((*replies)[1999].text, "1999");
  EXPECT_TRUE((*replies)[2000].is_error());
}

TEST_F(CacheTest, UsersWithPasswordsAndRules) {
  ASSERT_TRUE(store_.call({"ACL", "SETUSER", "bus", "on", ">right", "~events:*", "&events:*", "+@all"}));
  CacheOptions as_bus = options();
  as_bus.user = "bus";
  as_bus.password = "wrong";
  auto refused = CacheConnection::connect(as_bus);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kHttpUnauthorized);
  as_bus.password = "right";
  auto connected = CacheConnection::connect(as_bus);
  ASSERT_TRUE(connected.has_value());
  EXPECT_TRUE(connected->call({"SET", "events:last", "1"}).has_value());
  EXPECT_EQ(connected->call({"GET", "session:user_123"}).error().code(), ErrorCode::kForbidden);
  std::vector<std::string> foreign = {"prompts"};
  EXPECT_EQ(Subscriber::subscribe(as_bus, foreign, {}).error().code(), ErrorCode::kForbidden);
}

TEST_F(CacheTest, SubscriberHearsChannelsAndPatternsAndGivesUpInTime) {
  std::vector<std::string> channels = {"events:workflow"};
  std::vector<std::string> patterns = {"jobs:*"};
  auto subscriber = store_.subscribe(channels, patterns);
  ASSERT_TRUE(subscriber.has_value()) << subscriber.error().message();
  EXPECT_FALSE(subscriber->next(0)->has_value());
  EXPECT_EQ(store_.call({"PUBLISH", "events:workflow", R"({"type":"started","id":"123"})"})->integer, 1);
  EXPECT_EQ(store_.call({"PUBLISH", "jobs:nightly", "go"})->integer, 1);
  auto first = subscriber->next(60'000);
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_EQ((*first)->payload, R"({"type":"started","id":"123"})");
  auto second = subscriber->next(60'000);
  ASSERT_TRUE(second.has_value() && second->has_value());
  EXPECT_EQ((*second)->pattern, "jobs:*");
  EXPECT_EQ((*second)->channel, "jobs:nightly");
}

TEST_F(CacheTest, ALateAnswerIsNeverTakenForTheNextOne) {
  CacheOptions hasty = options();
  hasty.command_timeout_ms = 20;
  CacheStore store(hasty);
  EXPECT_EQ(store.command({"BLPOP", "nothing", "5"}).error().code(), ErrorCode::kHttpRequestTimeout);
  EXPECT_EQ(store.command({"PING"})->text, "PONG");
}

TEST_F(CacheTest, ReconnectsAfterALostConnection) {
  auto id = store_.call({"CLIENT", "ID"});
  ASSERT_TRUE(id.has_value());
  CacheStore other(options());
  ASSERT_TRUE(other.call({"CLIENT", "KILL", "ID", std::to_string(id->integer)}));
  EXPECT_FALSE(store_.command({"PING"}).has_value());
  EXPECT_TRUE(store_.command({"PING"}).has_value());
}

TEST(CacheUrl, ReadsPartsAndRefusesTheRest) {
  auto options = options_from_url("redis://bus:p%40ss@cache.example:6380/3");
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->user, "bus");
  EXPECT_EQ(options->password, "p@ss");
  EXPECT_EQ(options->host, "cache.example");
  EXPECT_EQ(options->port, 6380);
  EXPECT_EQ(options->database, 3);
  EXPECT_EQ(options_from_url("redis://[::1]:7000")->host, "::1");
  EXPECT_EQ(options_from_url("unix:///run/redis.sock")->unix_socket, "/run/redis.sock");
  // The password comes from elsewhere.
  EXPECT_EQ(options_from_url("redis://u@h")->user, "u");
  auto watched = options_from_url("redis-sentinel://bus:p%40ss@h1,h2:7,[::1]:8/my%20master/3");
  ASSERT_TRUE(watched.has_value()) << watched.error().message();
  EXPECT_EQ(watched->topology, CacheTopology::kSentinel);
  EXPECT_EQ(watched->endpoints, (std::vector<CacheEndpoint>{{"h1", 26379}, {"h2", 7}, {"::1", 8}}));
  EXPECT_EQ(watched->master_name, "my master");
  EXPECT_EQ(watched->password, "p@ss");
  EXPECT_EQ(watched->database, 3);
  auto cluster = options_from_url("redis-cluster://h1:7000,h2");
  ASSERT_TRUE(cluster.has_value());
  EXPECT_EQ(cluster->topology, CacheTopology::kCluster);
  EXPECT_EQ(cluster->endpoints, (std::vector<CacheEndpoint>{{"h1", 7000}, {"h2", 6379}}));
  EXPECT_THAT(options_from_url("rediss://h").error().message(), HasSubstr("TLS"));
  EXPECT_THAT(options_from_url("rediss-sentinel://h/m").error().message(), HasSubstr("TLS"));
  for (const char* bad :
       {"redis-sentinel://h", "redis-sentinel://h/", "redis-sentinel://h,,g/m", "redis-sentinel://h/m/x",
        "redis-cluster://h/1", "redis-cluster://", "redis-cluster://h1,h2:x", "http://x", "redis://", "redis://h:99999",
        "redis://h:1x", "redis://h/x", "redis://u:%4@h", "redis://[::1", "rediss://h"}) {
    auto refused = options_from_url(bad);
    ASSERT_FALSE(refused.has_value()) << bad;
    EXPECT_EQ(refused.error().code(), ErrorCode::kBadParameter) << bad;
  }
}

TEST(Cache, NobodyListens) {
  CacheStore store({.port = 1});
  EXPECT_EQ(store.command({"PING"}).error().code(), ErrorCode::kSimpleClientCouldNotConnect);
}

}  // namespace
}  // namespace workerdb::stores::cache
