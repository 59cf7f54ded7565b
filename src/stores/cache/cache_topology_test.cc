// Against real sentinels and a real cluster.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "stores/cache/cache_store.h"
#include "stores/testing/temporary_server.h"

namespace workerdb::stores::cache {
namespace {

using base::ErrorCode;
using testing::TemporaryRedis;
using testing::TemporarySentinel;

constexpr int kRounds = 3000;

// Waits for what other processes do in their own time.
bool becomes_true(const std::function<bool()>& condition) {
  for (int round = 0; round < kRounds; ++round) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

CacheConnection connect_to(int port) {
  auto connected = CacheConnection::connect({.port = port});
  EXPECT_TRUE(connected) << connected.error().message();
  return *std::move(connected);
}

std::string info(CacheConnection& connection, const std::string& section) {
  auto reply = connection.call({"INFO", section});
  return reply ? reply->text : "";
}

TEST(CacheSentinel, CommandsFlowAgainAfterTheMasterDied) {
  auto master = *TemporaryRedis::start_server();
  auto replica = *TemporaryRedis::start_server({"--replicaof", "127.0.0.1", std::to_string(master->port())});
  std::vector<std::unique_ptr<TemporarySentinel>> sentinels;
  CacheOptions options;
  options.topology = CacheTopology::kSentinel;
  options.master_name = "mymaster";
  options.endpoints.push_back({"127.0.0.1", 1});  // nobody is there
  for (int number = 0; number < 3; ++number) {
    sentinels.push_back(*TemporarySentinel::start_server("mymaster", master->port()));
    options.endpoints.push_back({"127.0.0.1", sentinels.back()->port()});
  }
  for (auto& sentinel : sentinels) {
    auto connection = connect_to(sentinel->port());
    ASSERT_TRUE(becomes_true([&] {
      return info(connection, "sentinel").find("status=ok") != std::string::npos &&
             info(connection, "sentinel").find("slaves=1,sentinels=3") != std::string::npos;
    }));
  }
  CacheStore store(options);
  ASSERT_TRUE(store.call({"SET", "before", "1"}));
  ASSERT_EQ(store.call({"WAIT", "1", "10000"})->integer, 1);
  std::vector<Command> commands = {{"INCR", "n"}, {"INCR", "n"}};
  EXPECT_EQ(store.pipeline(commands)->at(1).integer, 2);

  master->kill_now();
  // What was under way may have run: it fails. All later ones wait for the new master.
  (void)store.command({"PING"});
  auto written = store.call({"SET", "after", "2"});
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(store.call({"GET", "before"})->text, "1");
  EXPECT_EQ(store.connect()->call({"GET", "after"})->text, "2");
  EXPECT_EQ(connect_to(replica->port()).call({"GET", "after"})->text, "2");
  std::vector<std::string> channels = {"news"};
  EXPECT_TRUE(store.subscribe(channels, {}));
}

TEST(CacheSentinel, ADemotedMasterIsLeft) {
  auto first = *TemporaryRedis::start_server();
  auto second = *TemporaryRedis::start_server();
  auto sentinel = *TemporarySentinel::start_server("m", first->port());
  CacheOptions options;
  options.topology = CacheTopology::kSentinel;
  options.master_name = "m";
  options.endpoints = {{"127.0.0.1", sentinel->port()}};
  CacheStore store(options);
  ASSERT_TRUE(store.call({"SET", "where", "first"}));
  // As a failover does it, while the store keeps its connection.
  ASSERT_TRUE(connect_to(first->port()).call({"REPLICAOF", "127.0.0.1", std::to_string(second->port())}));
  auto watched = connect_to(sentinel->port());
  ASSERT_TRUE(watched.call({"SENTINEL", "REMOVE", "m"}));
  ASSERT_TRUE(watched.call({"SENTINEL", "MONITOR", "m", "127.0.0.1", std::to_string(second->port()), "1"}));
  auto written = store.call({"SET", "where", "second"});
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(connect_to(second->port()).call({"GET", "where"})->text, "second");

  options.master_name = "other";
  EXPECT_EQ(CacheStore(options).command({"PING"}).error().code(), ErrorCode::kCollectionNotFound);
}

class CacheClusterTest : public ::testing::Test {
 protected:
  static constexpr int kNodes = 3, kSlots = 16384;

  static void SetUpTestSuite() {
    nodes_ = new std::vector<std::unique_ptr<TemporaryRedis>>;
    for (int number = 0; number < kNodes; ++number) {
      auto started = TemporaryRedis::start_cluster_node();
      ASSERT_TRUE(started) << started.error().message();
      nodes_->push_back(*std::move(started));
    }
    for (int number = 0; number < kNodes; ++number) {
      auto node = connect_to(port(number));
      ASSERT_TRUE(node.call({"CONFIG", "SET", "cluster-require-full-coverage", "no"}));
      ASSERT_TRUE(node.call({"CLUSTER", "ADDSLOTSRANGE", std::to_string(number * kSlots / kNodes),
                             std::to_string((number + 1) * kSlots / kNodes - 1)}));
      // Distinct epochs, as the tool that makes clusters sets them.
      ASSERT_TRUE(node.call({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(number + 1)}));
      auto bus = connect_to(port(0)).call({"CONFIG", "GET", "cluster-port"});
      ASSERT_TRUE(bus);
      if (number == 0) continue;
      ASSERT_TRUE(node.call({"CLUSTER", "MEET", "127.0.0.1", std::to_string(port(0)), bus->elements[1].text}));
    }
    for (int number = 0; number < kNodes; ++number) {
      auto node = connect_to(port(number));
      ASSERT_TRUE(becomes_true([&] {
        std::string state = node.call({"CLUSTER", "INFO"})->text;
        return state.find("cluster_state:ok") != std::string::npos &&
               state.find("cluster_slots_ok:16384") != std::string::npos &&
               state.find("cluster_known_nodes:3") != std::string::npos;
      }));
    }
  }
  static void TearDownTestSuite() {
    delete nodes_;
    nodes_ = nullptr;
  }
  static int port(int number) { return (*nodes_)[size_t(number)]->port(); }
  static CacheOptions options() {
    CacheOptions options;
    options.topology = CacheTopology::kCluster;
    options.endpoints = {{"127.0.0.1", 1}, {"127.0.0.1", port(1)}};
    return options;
  }
  static int owner_of(std::string_view key) {
    int slot = cluster_slot(key);
    for (int number = kNodes - 1; number > 0; --number) {
      if (slot >= number * kSlots / kNodes) return number;
    }
    return 0;
  }
  static std::string id_of(int number) { return connect_to(port(number)).call({"CLUSTER", "MYID"})->text; }

  static std::vector<std::unique_ptr<TemporaryRedis>>* nodes_;
};

std::vector<std::unique_ptr<TemporaryRedis>>* CacheClusterTest::nodes_ = nullptr;

TEST_F(CacheClusterTest, KeysGoToTheirNodes) {
  CacheStore store(options());
  for (int number = 0; number < 200; ++number) {
    std::string key = fmt::format("key:{}", number);
    ASSERT_TRUE(store.call({"SET", key, std::to_string(number)}));
    auto node = connect_to(port(owner_of(key)));
    EXPECT_EQ(node.call({"GET", key})->text, std::to_string(number));
    EXPECT_EQ(node.call({"CLUSTER", "KEYSLOT", key})->integer, cluster_slot(key));
  }
  for (const char* key : {"", "{}", "{a}b", "x{a}b", "{}{a}", "a{b", "a}b{c}", "{{a}}"}) {
    EXPECT_EQ(connect_to(port(0)).call({"CLUSTER", "KEYSLOT", key})->integer, cluster_slot(key)) << key;
  }
  EXPECT_EQ(cluster_slot("123456789"), 0x31C3 % kSlots);
}

TEST_F(CacheClusterTest, CommandsWhoseKeysStandElsewhere) {
  CacheStore store(options());
  ASSERT_TRUE(store.call({"EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "made:by:script", "yes"}));
  EXPECT_EQ(store.call({"GET", "made:by:script"})->text, "yes");
  EXPECT_EQ(store.call({"OBJECT", "ENCODING", "made:by:script"})->text, "embstr");
  ASSERT_TRUE(store.call({"XADD", "jobs", "*", "id", "1"}));
  ASSERT_TRUE(store.call({"XGROUP", "CREATE", "jobs", "workers", "0"}));
  auto read = store.call({"XREADGROUP", "GROUP", "workers", "me", "COUNT", "1", "STREAMS", "jobs", ">"});
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->elements.size(), 1u);
  EXPECT_EQ(store.call({"PING"})->text, "PONG");
  EXPECT_TRUE(store.command({"NOSUCHCOMMAND", "a"})->is_error());
  EXPECT_TRUE(store.command({"MGET", "a", "b"})->text.starts_with("CROSSSLOT"));
  auto own = store.connect("jobs");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->call({"XLEN", "jobs"})->integer, 1);
}

TEST_F(CacheClusterTest, PipelinesAreDividedAndTransactionsAreNot) {
  CacheStore store(options());
  std::vector<Command> commands;
  for (int number = 0; number < 500; ++number)
    commands.push_back({"INCRBY", fmt::format("p:{}", number), std::to_string(number)});
  commands.push_back({"NOSUCH"});
  auto replies = store.pipeline(commands);
  ASSERT_TRUE(replies) << replies.error().message();
  for (int number = 0; number < 500; ++number) EXPECT_EQ((*replies)[size_t(number)].integer, number);
  EXPECT_TRUE(replies->back().is_error());
  std::vector<Command> together = {{"MULTI"}, {"SET", "{t}a", "1"}, {"INCR", "{t}a"}, {"EXEC"}};
  replies = store.pipeline(together);
  ASSERT_TRUE(replies) << replies.error().message();
  ASSERT_EQ(replies->back().elements.size(), 2u);
  EXPECT_EQ(replies->back().elements[1].integer, 2);
}

TEST_F(CacheClusterTest, SlotsThatMoveAreFollowed) {
  const std::string key = "{moving}key", late = "{moving}late";
  const int from = owner_of(key), to = (from + 1) % kNodes;
  const std::string slot = std::to_string(cluster_slot(key));
  CacheStore store(options()), bystander(options());
  ASSERT_TRUE(store.call({"SET", key, "1"}));
  ASSERT_TRUE(bystander.call({"GET", key}));
  auto source = connect_to(port(from)), target = connect_to(port(to));
  ASSERT_TRUE(target.call({"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(from)}));
  ASSERT_TRUE(source.call({"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(to)}));
  // A key that is not there any more is asked for where it goes: ASK, for one command alone.
  ASSERT_TRUE(source.command({"GET", late})->text.starts_with("ASK "));
  ASSERT_TRUE(store.call({"SET", late, "2"}));
  EXPECT_EQ(store.call({"GET", late})->text, "2");
  EXPECT_EQ(store.call({"GET", key})->text, "1");
  std::vector<Command> both = {{"GET", key}, {"GET", late}};
  auto replies = store.pipeline(both);
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[1].text, "2");
  // The move ends: MOVED, for good.
  ASSERT_TRUE(source.call({"MIGRATE", "127.0.0.1", std::to_string(port(to)), key, "0", "5000"}));
  ASSERT_TRUE(target.call({"CLUSTER", "SETSLOT", slot, "NODE", id_of(to)}));
  ASSERT_TRUE(source.call({"CLUSTER", "SETSLOT", slot, "NODE", id_of(to)}));
  ASSERT_TRUE(source.command({"GET", key})->text.starts_with("MOVED "));
  EXPECT_EQ(bystander.call({"GET", key})->text, "1");
  EXPECT_EQ(store.pipeline(both)->at(0).text, "1");
  EXPECT_EQ(store.call({"INCR", key})->integer, 2);
}

TEST(CacheCluster, NobodyIsThere) {
  CacheOptions options;
  options.topology = CacheTopology::kCluster;
  options.endpoints = {{"127.0.0.1", 1}};
  options.failover_timeout_ms = 50;
  EXPECT_EQ(CacheStore(options).command({"PING"}).error().code(), ErrorCode::kSimpleClientCouldNotConnect);
}

}  // namespace
}  // namespace workerdb::stores::cache
