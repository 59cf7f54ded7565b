#include "mcp/http_endpoint.h"

#include <gtest/gtest.h>

#include "mcp/fake_door_testing.h"

namespace workerdb::mcp {
namespace {

using Headers = std::vector<net::HttpHeader>;

const Headers kOwn = {
    {"Host", "127.0.0.1:8530"}, {"Authorization", "Bearer good"}, {"Content-Type", "application/json"}};
constexpr const char* kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                              R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string body_of(const std::string& method, const std::string& params = "") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params + "}}";
}
std::string modern(const std::string& method, const std::string& params = "") {
  return body_of(method, std::string(kMeta) + (params.empty() ? "" : "," + params));
}

class HttpEndpointTest : public testing::Test {
 protected:
  net::HttpResponse send(Headers headers, std::string_view body, net::HttpMethod method = net::HttpMethod::kPost) {
    return endpoint.handle(net::HttpRequest::create(method, "/mcp", headers, body).value());
  }
  static Headers with(Headers more, Headers base = kOwn) {
    for (auto& header : more) {
      std::erase_if(base, [&](const net::HttpHeader& one) { return net::equals_ignoring_case(one.name, header.name); });
      if (!header.value.empty()) base.push_back(header);
    }
    return base;
  }
  static Headers modern_headers(const std::string& method) {
    return with({{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", method}});
  }
  static int code(const net::HttpResponse& response) {
    return static_cast<int>(json(response.body).slice().get("error").get("code").as_int64());
  }

  FakeDoor door;
  Protocol protocol{door};
  HttpEndpoint endpoint{protocol,
                        [](std::string_view token) -> std::optional<access::Principal> {
                          if (!equal_in_constant_time(token, "good")) return std::nullopt;
                          return access::Principal{access::PrincipalKind::kAgent, "tester"};
                        },
                        {.path = "/mcp",
                         .hosts = {"db.example.com"},
                         .origins = {"https://console.example.com"},
                         .concurrent_requests = 8,
                         .codec = {}}};
};

TEST_F(HttpEndpointTest, OwnsItsPathAlone) {
  EXPECT_TRUE(endpoint.owns(net::HttpRequest::create(net::HttpMethod::kPost, "/mcp").value()));
  EXPECT_FALSE(endpoint.owns(net::HttpRequest::create(net::HttpMethod::kPost, "/mcp/x").value()));
}

TEST_F(HttpEndpointTest, ForeignHostsAndOriginsAreRefused) {
  std::string body = body_of("ping");
  for (const char* host : {"evil.example", "127.0.0.1.evil.example:8530", "localhost.evil.example"}) {
    EXPECT_EQ(send(with({{"Host", host}}), body).status, 403) << host;
  }
  for (const char* host : {"localhost:1", "LOCALHOST", "[::1]:8530", "127.0.0.1", "db.example.com:8530"}) {
    EXPECT_EQ(send(with({{"Host", host}}), body).status, 200) << host;
  }
  for (const char* origin :
       {"http://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1@evil.example", "file://"}) {
    EXPECT_EQ(send(with({{"Origin", origin}}), body).status, 403) << origin;
  }
  for (const char* origin : {"http://localhost:3000", "http://127.0.0.1", "https://console.example.com"}) {
    EXPECT_EQ(send(with({{"Origin", origin}}), body).status, 200) << origin;
  }
}

TEST_F(HttpEndpointTest, TokenIsNeeded) {
  EXPECT_EQ(send(with({{"Authorization", ""}}), body_of("ping")).status, 401);
  EXPECT_EQ(send(with({{"Authorization", "Bearer bad"}}), body_of("ping")).status, 401);
  EXPECT_EQ(send(with({{"Authorization", "Basic good"}}), body_of("ping")).status, 401);
  EXPECT_EQ(send(with({{"Authorization", "bearer good"}}), body_of("ping")).status, 200);
  EXPECT_TRUE(send(with({{"Authorization", "Bearer bad"}}), "").header("WWW-Authenticate"));
}

TEST_F(HttpEndpointTest, MethodsAndTypes) {
  for (auto method :
       {net::HttpMethod::kGet, net::HttpMethod::kDelete, net::HttpMethod::kPut, net::HttpMethod::kOptions}) {
    auto response = send(kOwn, "", method);
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(response.header("Allow"), "POST");
  }
  EXPECT_EQ(send(with({{"Content-Type", "text/plain"}}), body_of("ping")).status, 415);
  EXPECT_EQ(send(with({{"Content-Type", ""}}), body_of("ping")).status, 415);
  EXPECT_EQ(send(with({{"Content-Type", "application/json; charset=utf-8"}}), body_of("ping")).status, 200);
  EXPECT_EQ(send(kOwn, std::string((size_t(1) << 20) + 1, ' ')).status, 413);
}

TEST_F(HttpEndpointTest, StatelessRequest) {
  auto response = send(modern_headers("server/discover"), modern("server/discover"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_FALSE(response.header("Mcp-Session-Id"));
  EXPECT_EQ(send(modern_headers("ping"), modern("ping")).status, 404);
}

TEST_F(HttpEndpointTest, HeadersMustMatchTheBody) {
  auto refused = [&](Headers headers, const std::string& body) {
    auto response = send(std::move(headers), body);
    return response.status == 400 ? code(response) : response.status;
  };
  std::string list = modern("tools/list");
  EXPECT_EQ(refused(with({{"Mcp-Method", "tools/list"}}), list), -32020);
  EXPECT_EQ(refused(with({{"MCP-Protocol-Version", "2026-07-28"}}), list), -32020);
  EXPECT_EQ(refused(with({{"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Method", "tools/list"}}), list), -32020);
  EXPECT_EQ(refused(modern_headers("tools/call"), list), -32020);
  EXPECT_EQ(refused(modern_headers("Tools/list"), list), -32020);
  EXPECT_EQ(refused(modern_headers("tools/list"), body_of("tools/list")), -32602);
  std::string call = modern("tools/call", R"("name":"get_context_databases")");
  EXPECT_EQ(refused(modern_headers("tools/call"), call), -32020);
  auto named = [&](const char* name) { return with({{"Mcp-Name", name}}, modern_headers("tools/call")); };
  EXPECT_EQ(refused(named("describe"), call), -32020);
  EXPECT_EQ(refused(named("get_context_databases"), call), 200);
  EXPECT_EQ(refused(named("=?base64?Z2V0X2NvbnRleHRfZGF0YWJhc2Vz?="), call), 200);
  EXPECT_EQ(refused(named("=?base64?####?="), call), -32020);
  EXPECT_EQ(refused(named("get_context_databases\xc3\xa4"), call), -32020);
}

TEST_F(HttpEndpointTest, UnknownVersions) {
  std::string body =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}})";
  auto response = send(with({{"MCP-Protocol-Version", "2099-01-01"}, {"Mcp-Method", "tools/list"}}), body);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(code(response), -32022);
  auto older = send(with({{"MCP-Protocol-Version", "2024-11-05"}}), body_of("tools/list"));
  EXPECT_EQ(older.status, 400);
  EXPECT_EQ(code(older), -32022);
}

TEST_F(HttpEndpointTest, HandshakeGenerationWithoutSessions) {
  auto hello = send(kOwn, body_of("initialize", R"("protocolVersion":"2025-11-25","capabilities":{})"));
  EXPECT_EQ(hello.status, 200);
  EXPECT_FALSE(hello.header("Mcp-Session-Id"));
  EXPECT_EQ(send(kOwn, R"({"jsonrpc":"2.0","method":"notifications/initialized"})").status, 202);
  EXPECT_EQ(send(with({{"MCP-Protocol-Version", "2025-11-25"}}), R"({"jsonrpc":"2.0","id":1,"result":{}})").status,
            202);
  EXPECT_EQ(send(modern_headers("x"), R"({"jsonrpc":"2.0","id":1,"result":{}})").status, 400);
  auto list = send(with({{"MCP-Protocol-Version", "2025-11-25"}}), body_of("tools/list"));
  EXPECT_EQ(list.status, 200);
  EXPECT_TRUE(json(list.body).slice().get("result").get("resultType").is_none());
  EXPECT_EQ(send(with({{"MCP-Protocol-Version", "2025-11-25"}}), body_of("nothing")).status, 200);
}

TEST_F(HttpEndpointTest, BatchesBelongToTheOldestVersion) {
  std::string batch = "[" + body_of("ping") + R"(,{"jsonrpc":"2.0","method":"notifications/initialized"},7])";
  EXPECT_EQ(send(modern_headers("ping"), batch).status, 400);
  EXPECT_EQ(send(with({{"MCP-Protocol-Version", "2025-11-25"}}), batch).status, 400);
  auto old = send(kOwn, batch);
  EXPECT_EQ(old.status, 200);
  EXPECT_EQ(json(old.body).slice().size(), 2u);
  EXPECT_EQ(send(kOwn, R"([{"jsonrpc":"2.0","method":"notifications/initialized"}])").status, 202);
}

TEST_F(HttpEndpointTest, MalformedBodies) {
  EXPECT_EQ(send(kOwn, "{").status, 400);
  EXPECT_EQ(code(send(kOwn, "{")), -32700);
  EXPECT_EQ(code(send(kOwn, "7")), -32600);
}

TEST_F(HttpEndpointTest, SubscriptionsAreAStreamThatEnds) {
  auto response = send(modern_headers("subscriptions/listen"), modern("subscriptions/listen", R"("notifications":{})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/event-stream");
  EXPECT_EQ(response.header("X-Accel-Buffering"), "no");
  EXPECT_TRUE(response.body.starts_with(
      "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\""));
}

TEST(ConstantTime, Compares) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
  EXPECT_FALSE(equal_in_constant_time("a", ""));
  EXPECT_FALSE(equal_in_constant_time("abab", "ab"));
}

}  // namespace
}  // namespace workerdb::mcp
