#include "mcp/protocol.h"

#include <gtest/gtest.h>

#include "mcp/argument_check.h"
#include "mcp/fake_door_testing.h"
#include "value/order.h"

namespace workerdb::mcp {
namespace {

constexpr const char* kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                              R"("io.modelcontextprotocol/clientCapabilities":{}})";

class ProtocolTest : public testing::Test {
 protected:
  value::Buffer ask(const std::string& method, const std::string& params = "") {
    return reply(
        protocol.answer_stateless(message(method, std::string(kMeta) + (params.empty() ? "" : "," + params)), agent));
  }
  value::Buffer ask_old(const std::string& method, const std::string& params = "",
                        std::string_view version = "2025-11-25") {
    return reply(protocol.answer_handshake(message(method, params), version, agent));
  }
  // The result of a call of a tool.
  value::Buffer call(const std::string& tool, const std::string& arguments) {
    auto answer = ask("tools/call", "\"name\":\"" + tool + "\",\"arguments\":" + arguments);
    return value::Buffer(answer.slice().get("result"));
  }
  static std::string text_of(const value::Buffer& result) {
    return std::string(result.slice().get("content").at(0).get("text").as_string());
  }
  static bool failed(const value::Buffer& result) { return result.slice().get("isError").is_true(); }
  static Message message(const std::string& method, const std::string& params) {
    return decode_message("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":{" + params + "}}")
        .value();
  }
  value::Buffer reply(const Answer& given) {
    answer = given;
    return json(given.response);
  }
  static int code(const value::Buffer& response) {
    return static_cast<int>(response.slice().get("error").get("code").as_int64());
  }

  FakeDoor door;
  Protocol protocol{door};
  Sender agent{{access::PrincipalKind::kAgent, "tester"}, nullptr};
  Sender service{{access::PrincipalKind::kService, "scheduling"}, nullptr};
  Answer answer;
};

TEST_F(ProtocolTest, DiscoverNamesVersionsAndItself) {
  auto response = ask("server/discover");
  value::Slice result = response.slice().get("result");
  EXPECT_EQ(result.get("resultType").as_string(), "complete");
  EXPECT_EQ(value::to_json(result.get("supportedVersions")),
            R"(["2026-07-28","2025-11-25","2025-06-18","2025-03-26"])");
  EXPECT_EQ(value::to_json(result.get("capabilities")), R"({"tools":{}})");
  EXPECT_GE(result.get("ttlMs").as_int64(), 0);
  EXPECT_EQ(result.get("cacheScope").as_string(), "public");
  EXPECT_EQ(result.get("_meta").get("io.modelcontextprotocol/serverInfo").get("name").as_string(), "workerdb");
}

TEST_F(ProtocolTest, EnvelopeErrors) {
  auto send = [&](const char* params) {
    return code(reply(protocol.answer_stateless(message("tools/list", params), agent)));
  };
  EXPECT_EQ(send(""), -32602);
  EXPECT_EQ(send(R"("_meta":{"io.modelcontextprotocol/protocolVersion":7})"), -32602);
  EXPECT_EQ(send(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})"), -32602);
  EXPECT_TRUE(answer.is_envelope_error);
  EXPECT_EQ(send(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01"})"), -32022);
  value::Buffer response = json(answer.response);
  EXPECT_EQ(response.slice().get("error").get("data").get("requested").as_string(), "1900-01-01");
  EXPECT_EQ(response.slice().get("error").get("data").get("supported").at(0).as_string(), "2026-07-28");
  // A known version of the other generation is no version of this one.
  EXPECT_EQ(send(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"})"), -32022);
}

TEST_F(ProtocolTest, UnknownMethods) {
  for (const char* method : {"ping", "initialize", "resources/list", "logging/setLevel", "x"}) {
    EXPECT_EQ(code(ask(method)), -32601) << method;
  }
  EXPECT_EQ(code(ask_old("resources/list")), -32601);
}

TEST_F(ProtocolTest, HandshakeNegotiates) {
  auto version = [&](const char* wanted) {
    auto response = ask_old("initialize", std::string("\"protocolVersion\":\"") + wanted + "\",\"capabilities\":{}");
    return std::string(response.slice().get("result").get("protocolVersion").as_string());
  };
  EXPECT_EQ(version("2025-11-25"), "2025-11-25");
  EXPECT_EQ(version("2025-06-18"), "2025-06-18");
  EXPECT_EQ(version("2025-03-26"), "2025-03-26");
  EXPECT_EQ(version("2024-11-05"), "2025-11-25");
  EXPECT_EQ(version("2026-07-28"), "2025-11-25");
  EXPECT_EQ(code(ask_old("initialize")), -32602);
  EXPECT_EQ(value::to_json(ask_old("ping").slice().get("result")), "{}");
}

TEST_F(ProtocolTest, GenerationsListTheSameToolsInTheirOwnForm) {
  auto now = ask("tools/list"), old = ask_old("tools/list"), oldest = ask_old("tools/list", "", "2025-03-26");
  EXPECT_EQ(now.slice().get("result").get("cacheScope").as_string(), "private");
  EXPECT_TRUE(old.slice().get("result").get("resultType").is_none());
  EXPECT_TRUE(old.slice().get("result").get("ttlMs").is_none());
  EXPECT_TRUE(value::equal(now.slice().get("result").get("tools"), old.slice().get("result").get("tools")));
  EXPECT_TRUE(old.slice().get("result").get("tools").at(0).get("outputSchema").is_object());
  EXPECT_TRUE(oldest.slice().get("result").get("tools").at(0).get("outputSchema").is_none());
  EXPECT_EQ(code(ask("tools/list", R"("cursor":"x")")), -32602);
}

TEST_F(ProtocolTest, PublishingIsShownToWhomMay) {
  auto names = [&](const Sender& sender) {
    auto response = reply(protocol.answer_stateless(message("tools/list", kMeta), sender));
    std::string joined;
    for (value::ArrayIterator tool(response.slice().get("result").get("tools")); tool.valid(); tool.next()) {
      joined += std::string(tool.value().get("name").as_string()) + " ";
    }
    return joined;
  };
  EXPECT_EQ(names(agent),
            "get_context_databases describe query_documents query_relational explain cache_get get_credential ");
  EXPECT_NE(names(service).find("publish_event"), std::string::npos);
  std::string event =
      std::string(kMeta) + R"(,"name":"publish_event","arguments":{"channel":"events:x","payload":{"a":1}})";
  EXPECT_EQ(code(reply(protocol.answer_stateless(message("tools/call", event), agent))), -32602);
  auto sent = reply(protocol.answer_stateless(message("tools/call", event), service));
  EXPECT_EQ(value::to_json(sent.slice().get("result").get("structuredContent")),
            R"({"channel":"events:x","receivers":2})");
  EXPECT_EQ(door.last_published, "events:x {\"a\":1}");
}

TEST_F(ProtocolTest, RowsComeAsDataInPages) {
  auto first = call("query_documents", R"({"query":"q","limit":30})");
  ASSERT_FALSE(failed(first)) << text_of(first);
  value::Slice data = first.slice().get("structuredContent");
  EXPECT_NE(data.get("notice").as_string().find("not instructions"), std::string::npos);
  EXPECT_EQ(data.get("row_count").as_int64(), 30);
  EXPECT_EQ(first.slice().get("content").at(1).get("text").as_string(), value::to_json(data));
  std::string cursor(data.get("next_cursor").as_string());
  auto second = call("query_documents", R"({"query":"q","limit":80,"cursor":")" + cursor + "\"}");
  EXPECT_EQ(second.slice().get("structuredContent").get("rows").at(0).get("n").as_int64(), 30);
  EXPECT_TRUE(second.slice().get("structuredContent").get("next_cursor").is_none());
  auto foreign = call("query_documents", R"({"query":"another","cursor":")" + cursor + "\"}");
  EXPECT_TRUE(failed(foreign));
  EXPECT_NE(text_of(foreign).find("other arguments"), std::string::npos);
  EXPECT_TRUE(failed(call("query_documents", R"({"query":"q","cursor":"!!"})")));
  EXPECT_TRUE(failed(call("query_documents", R"({"query":"q","cursor":"AAAA"})")));
}

TEST_F(ProtocolTest, AnswersAreCutByBytes) {
  door.padding = std::string(10'000, 'x');
  auto page = call("query_documents", R"({"query":"q","limit":50})");
  uint64_t count = static_cast<uint64_t>(page.slice().get("structuredContent").get("row_count").as_int64());
  EXPECT_GT(count, 0u);
  EXPECT_LT(count, 7u);
  EXPECT_TRUE(page.slice().get("structuredContent").get("next_cursor").is_string());
  EXPECT_LT(value::to_json(page.slice().get("structuredContent")).size(), 64u * 1024);
  door.padding = std::string(100'000, 'x');
  auto none = call("query_documents", R"({"query":"q"})");
  EXPECT_TRUE(failed(none));
  EXPECT_NE(text_of(none).find("fewer attributes"), std::string::npos);
}

TEST_F(ProtocolTest, ErrorsTellHowToMendTheCall) {
  auto misspelt = call("query_documents", R"({"qury":"q"})");
  EXPECT_TRUE(failed(misspelt));
  EXPECT_NE(text_of(misspelt).find("did you mean 'query'?"), std::string::npos);
  EXPECT_NE(text_of(misspelt).find("Example: {"), std::string::npos);
  auto absent = call("describe", R"({"store":"documents","database":"flowmaster","object":"proces_definitions"})");
  EXPECT_NE(text_of(absent).find("error 1203"), std::string::npos);
  EXPECT_NE(text_of(absent).find("Allowed: process_definitions, process_flows"), std::string::npos);
  auto unknown = call("get_context_databases", R"({"database":"nowhere"})");
  EXPECT_NE(text_of(unknown).find("Allowed: flowmaster, flowmaster_core, cache"), std::string::npos);
  auto writes = call("query_documents", R"({"query":"REMOVE 1 IN c"})");
  EXPECT_NE(text_of(writes).find("Rule: These tools read"), std::string::npos);
  EXPECT_TRUE(absent.slice().get("structuredContent").is_none());
  auto thrown = call("query_documents", R"({"query":"THROW"})");
  EXPECT_EQ(text_of(thrown), "Not done: an internal error.");
}

TEST_F(ProtocolTest, ProtocolErrorsOfCalls) {
  EXPECT_EQ(code(ask("tools/call", R"("name":"no_such_tool")")), -32602);
  EXPECT_EQ(code(ask("tools/call", R"("name":7)")), -32602);
  EXPECT_EQ(code(ask("tools/call", R"("name":"describe","arguments":[])")), -32602);
}

TEST_F(ProtocolTest, EveryToolAnswersItsExampleInTheShapeItDeclares) {
  for (const Tool& tool : tools()) {
    auto sent = reply(protocol.answer_stateless(
        message("tools/call",
                std::string(kMeta) + ",\"name\":\"" + std::string(tool.name) + "\",\"arguments\":" +
                    (tool.name == "describe"
                         ? R"({"store":"documents","database":"flowmaster","object":"process_definitions"})"
                         : std::string(tool.example))),
        service));
    value::Slice result = sent.slice().get("result");
    ASSERT_TRUE(result.get("structuredContent").is_object()) << answer.response;
    auto problems = check_arguments(result.get("structuredContent"), json(tool.output_schema).slice());
    EXPECT_TRUE(problems.empty()) << tool.name << ": " << problems.front();
  }
}

TEST_F(ProtocolTest, ArgumentsReachTheDoor) {
  call("query_relational", R"({"query":"q","parameters":["a",7,null,true]})");
  EXPECT_EQ(door.last_parameters, R"(["a","7",null,"true"])");
  call("query_documents", R"({"query":"q"})");
  EXPECT_EQ(door.last_limits.rows, 20u);
  EXPECT_EQ(door.last_principal, "tester");
  auto first = call("cache_get", R"({"key":"k"})");
  call("cache_get", R"({"key":"k","cursor":")" +
                        std::string(first.slice().get("structuredContent").get("next_cursor").as_string()) + "\"}");
  EXPECT_EQ(door.last_cache.position, "1");
  EXPECT_EQ(text_of(call("cache_get", R"({"key":"missing"})")), "There is no such key.");
  call("get_credential", R"({"store":"cache","objects":["session:*"]})");
  EXPECT_EQ(door.last_lifetime_s, 900);
  EXPECT_TRUE(failed(call("get_credential", R"({"store":"cache"})")));
  EXPECT_TRUE(failed(call("get_credential", R"({"store":"relational"})")));
}

TEST_F(ProtocolTest, OldestVersionHasNoStructuredContent) {
  auto oldest = ask_old("tools/call", R"("name":"query_documents","arguments":{"query":"q"})", "2025-03-26");
  EXPECT_TRUE(oldest.slice().get("result").get("structuredContent").is_none());
  EXPECT_EQ(oldest.slice().get("result").get("content").size(), 2u);
}

TEST_F(ProtocolTest, SubscriptionsEndAtOnce) {
  auto response = ask("subscriptions/listen", R"("notifications":{"toolsListChanged":true})");
  ASSERT_EQ(answer.notifications.size(), 1u);
  EXPECT_EQ(answer.notifications[0],
            R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":)"
            R"({"io.modelcontextprotocol/subscriptionId":1},"notifications":{}}})");
  EXPECT_EQ(response.slice().get("result").get("_meta").get("io.modelcontextprotocol/subscriptionId").as_int64(), 1);
  EXPECT_EQ(code(ask("subscriptions/listen")), -32602);
}

TEST(CallBudget, RefillsEvenly) {
  CallBudget budget(2, 10);
  EXPECT_FALSE(budget.take("a", 0));
  EXPECT_FALSE(budget.take("a", 0));
  EXPECT_EQ(budget.take("a", 0), 101);
  EXPECT_FALSE(budget.take("b", 0));
  EXPECT_FALSE(budget.take("a", 100'000'000));
  EXPECT_TRUE(budget.take("a", 100'000'000));
}

TEST(Budget, TooManyCallsAreRefusedAsAToolsError) {
  FakeDoor door;
  ProtocolOptions options;
  options.burst_calls = 1;
  options.calls_per_second = 0.001;
  Protocol protocol(door, options);
  Sender sender{{access::PrincipalKind::kAgent, "a"}, nullptr};
  auto request =
      decode_message(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_context_databases"}})")
          .value();
  EXPECT_NE(protocol.answer_handshake(request, "2025-11-25", sender).response.find("\"isError\":false"),
            std::string::npos);
  EXPECT_NE(protocol.answer_handshake(request, "2025-11-25", sender).response.find("too many calls"),
            std::string::npos);
}

}  // namespace
}  // namespace workerdb::mcp
