#include "mcp/json_rpc.h"

#include <gtest/gtest.h>

#include "value/json.h"

namespace workerdb::mcp {
namespace {

int refusal_of(std::string_view text) {
  Decoded decoded = decode_message(text);
  return decoded ? 0 : static_cast<int>(decoded.error().error.number);
}

TEST(JsonRpc, RequestKeepsItsId) {
  for (std::string id : {"7", "\"a\\\"b\"", "0", "-3", "9007199254740993", "18446744073709551615", "\"\""}) {
    Decoded decoded = decode_message("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"ping\"}");
    ASSERT_TRUE(decoded) << id;
    EXPECT_EQ(decoded->kind, MessageKind::kRequest);
    EXPECT_EQ(decoded->id, id);
    EXPECT_EQ(encode_result(decoded->id, value::Slice::empty_object()),
              "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{}}");
  }
}

TEST(JsonRpc, IdsThatAreNone) {
  for (std::string id : {"null", "true", "1.5", "[]", "{}", "1e300"}) {
    EXPECT_EQ(refusal_of("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"ping\"}"), -32600) << id;
  }
  EXPECT_EQ(refusal_of("{\"jsonrpc\":\"2.0\",\"id\":\"" + std::string(300, 'x') + "\",\"method\":\"ping\"}"), -32600);
}

TEST(JsonRpc, KindsOfMessages) {
  EXPECT_EQ(decode_message(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})")->kind,
            MessageKind::kNotification);
  EXPECT_EQ(decode_message(R"({"jsonrpc":"2.0","id":1,"result":{}})")->kind, MessageKind::kResponse);
  EXPECT_EQ(decode_message(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})")->kind,
            MessageKind::kResponse);
}

TEST(JsonRpc, Malformed) {
  EXPECT_EQ(refusal_of(""), -32700);
  EXPECT_EQ(refusal_of("{"), -32700);
  EXPECT_EQ(refusal_of("{\"a\":\"\xff\"}"), -32700);
  EXPECT_EQ(refusal_of("7"), -32600);
  EXPECT_EQ(refusal_of("{}"), -32600);
  EXPECT_EQ(refusal_of(R"({"jsonrpc":"1.0","id":1,"method":"ping"})"), -32600);
  EXPECT_EQ(refusal_of(R"({"jsonrpc":"2.0","id":1})"), -32600);
  EXPECT_EQ(refusal_of(R"({"jsonrpc":"2.0","id":1,"method":7})"), -32600);
  EXPECT_EQ(refusal_of(R"({"jsonrpc":"2.0","id":1,"method":""})"), -32600);
  EXPECT_EQ(refusal_of(R"({"jsonrpc":"2.0","id":1,"method":"a","params":[]})"), -32602);
  EXPECT_EQ(refusal_of(R"({"jsonrpc":"2.0","id":1,"method":"a","params":null})"), -32602);
}

TEST(JsonRpc, RefusalNamesTheIdWhereItCouldBeRead) {
  EXPECT_EQ(decode_message(R"({"id":5,"method":"a"})").error().id, "5");
  EXPECT_EQ(encode_error("", decode_message("{").error().error).find("\"id\""), std::string::npos);
}

TEST(JsonRpc, SizeAndDepthAreBounded) {
  std::string deep =
      R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"x":)" + std::string(40, '[') + std::string(40, ']') + "}}";
  EXPECT_EQ(refusal_of(deep), -32600);
  std::string long_text =
      R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"x":")" + std::string(size_t(1) << 20, 'x') + "\"}}";
  EXPECT_EQ(refusal_of(long_text), -32600);
  EXPECT_EQ(refusal_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + std::string(200, 'm') + "\"}"), -32600);
}

TEST(JsonRpc, Batches) {
  std::string one = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  EXPECT_EQ(refusal_of("[" + one + "]"), -32600);
  DecodedText two = decode_text("[" + one + ",7]");
  EXPECT_TRUE(two.is_batch);
  ASSERT_EQ(two.messages.size(), 2u);
  EXPECT_TRUE(two.messages[0]);
  EXPECT_FALSE(two.messages[1]);
  EXPECT_FALSE(decode_text("[]").messages.front());
  std::string many = "[" + one;
  for (int at = 0; at < 32; ++at) many += "," + one;
  ASSERT_EQ(decode_text(many + "]").messages.size(), 1u);
  EXPECT_FALSE(decode_text(many + "]").messages.front());
}

TEST(JsonRpc, LinesHaveNoLineBreaks) {
  value::Builder text;
  text.open_object();
  text.add("t", "a\nb\r\"");
  text.close();
  EXPECT_EQ(encode_result("1", text.slice()).find_first_of("\r\n"), std::string::npos);
  RpcError error;
  error.message = "a\nb";
  EXPECT_EQ(encode_error("1", error), R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"a\nb"}})");
}

}  // namespace
}  // namespace workerdb::mcp
