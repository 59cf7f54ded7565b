#include "mcp/stdio_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "mcp/fake_door_testing.h"

namespace workerdb::mcp {
namespace {

constexpr const char* kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                              R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string request(int id, const std::string& method, const std::string& params = kMeta) {
  return "{\"jsonrpc\":\"2.0\",\"id\":" + std::to_string(id) + ",\"method\":\"" + method + "\",\"params\":{" + params +
         "}}\n";
}
std::string sleeping(int id) {
  return request(id, "tools/call", std::string(kMeta) + R"(,"name":"query_documents","arguments":{"query":"SLEEP"})");
}

// A client's side of the two pipes.
class StdioTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(::pipe(to_), 0);
    ASSERT_EQ(::pipe(from_), 0);
    options_.drain_ms = 100;
    thread_ = std::thread([this] {
      done_ = bool(serve_stdio(to_[0], from_[1], protocol_, principal_, options_));
      ::close(from_[1]);
    });
  }
  void TearDown() override {
    end_input();
    thread_.join();
    EXPECT_TRUE(done_);
    ::close(to_[0]);
    if (from_[0] >= 0) ::close(from_[0]);
  }
  void send(const std::string& text) {
    ASSERT_EQ(::write(to_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void end_input() {
    if (to_[1] >= 0) ::close(to_[1]);
    to_[1] = -1;
  }
  // The next line, or "" at the end.
  std::string line() {
    std::string text;
    char byte;
    while (::read(from_[0], &byte, 1) == 1) {
      if (byte == '\n') return text;
      text += byte;
    }
    return text;
  }
  int error_of_or_zero(const std::string& text) {
    return json(text).slice().get("error").is_none() ? 0 : error_of(text);
  }
  int error_of(const std::string& text) {
    return static_cast<int>(json(text).slice().get("error").get("code").as_int64());
  }

  FakeDoor door_;
  Protocol protocol_{door_};
  access::Principal principal_{access::PrincipalKind::kAgent, "tester"};
  StdioOptions options_;
  int to_[2], from_[2];
  std::thread thread_;
  bool done_ = false;
};

TEST_F(StdioTest, StatelessFromTheFirstMessage) {
  send(request(1, "server/discover"));
  EXPECT_NE(line().find("supportedVersions"), std::string::npos);
  send(request(2, "tools/list", ""));
  EXPECT_EQ(error_of(line()), -32602);
}

TEST_F(StdioTest, HandshakeThenRequests) {
  send(request(1, "ping", ""));
  EXPECT_EQ(line(), R"({"jsonrpc":"2.0","id":1,"result":{}})");
  send(request(2, "initialize", R"("protocolVersion":"2025-06-18","capabilities":{})"));
  EXPECT_NE(line().find("\"protocolVersion\":\"2025-06-18\""), std::string::npos);
  send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
  send(request(3, "tools/list", ""));
  EXPECT_EQ(line().find("resultType"), std::string::npos);
  // Both generations in one process.
  send(request(4, "tools/list"));
  EXPECT_NE(line().find("resultType"), std::string::npos);
}

TEST_F(StdioTest, BrokenLinesDoNotEndTheConversation) {
  send("{\n");
  EXPECT_EQ(error_of(line()), -32700);
  send("\n  \r\n[" + request(1, "ping", "").substr(0, request(1, "ping", "").size() - 1) + "]\n");
  EXPECT_EQ(error_of(line()), -32600);
  std::thread writer([this] { send("{\"x\":\"" + std::string(3 << 20, 'x') + "\"}\n"); });
  EXPECT_EQ(error_of(line()), -32600);
  writer.join();
  send(request(2, "ping", ""));
  EXPECT_EQ(line(), R"({"jsonrpc":"2.0","id":2,"result":{}})");
}

TEST_F(StdioTest, OldestVersionSendsBatches) {
  send(request(1, "initialize", R"("protocolVersion":"2025-03-26","capabilities":{})"));
  line();
  send(R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":"b","method":"ping"}])"
       "\n");
  EXPECT_EQ(line(), R"([{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":"b","result":{}}])");
}

TEST_F(StdioTest, CancelledRequestGetsNoAnswer) {
  send(sleeping(1));
  send(request(2, "server/discover"));
  EXPECT_NE(line().find("\"id\":2"), std::string::npos);  // overtakes the one that waits
  send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}})"
       "\n");
  send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"
       "\n");
  send(request(3, "server/discover"));
  EXPECT_NE(line().find("\"id\":3"), std::string::npos);
  end_input();
  EXPECT_EQ(line(), "");
  EXPECT_TRUE(door_.was_cancelled);
}

TEST_F(StdioTest, AnIdInUseIsRefused) {
  send(sleeping(1) + sleeping(1));
  EXPECT_EQ(error_of(line()), -32600);
}

TEST_F(StdioTest, AnIdMayBeUsedAgainOnceItsAnswerIsThere) {
  for (int n = 0; n < 300; ++n) {
    send(request(1, "server/discover"));
    ASSERT_EQ(error_of_or_zero(line()), 0);
  }
}

TEST_F(StdioTest, EndOfInputEndsWhatRuns) {
  send(sleeping(1));
  end_input();
  EXPECT_EQ(line(), "");
}

TEST_F(StdioTest, AnswersInFlightArriveAfterTheEndOfInput) {
  std::string all;
  for (int id = 0; id < 20; ++id) all += request(id, "server/discover");
  send(all.substr(0, all.size() - 1));  // also without the last line break
  end_input();
  std::set<int64_t> ids;
  for (std::string text = line(); !text.empty(); text = line()) ids.insert(json(text).slice().get("id").as_int64());
  EXPECT_EQ(ids.size(), 20u);
}

TEST_F(StdioTest, AReaderThatLeftEndsTheServer) {
  ::close(from_[0]);
  from_[0] = -1;
  send(request(1, "ping", ""));
  thread_.join();
  thread_ = std::thread([] {});
}

}  // namespace
}  // namespace workerdb::mcp
