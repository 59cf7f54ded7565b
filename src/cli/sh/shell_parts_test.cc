#include <gtest/gtest.h>

#include "cli/sh/argument_secrets.h"
#include "cli/sh/big_integer.h"
#include "cli/sh/server_connection.h"

namespace workerdb::cli {
namespace {

const std::string kMark("\0m:", 3);

TEST(BigInteger, OnlyWholeNumbersBeyond53BitsAreMarked) {
  for (const char* json : {"[1,2]", "9007199254740991", "-9007199254740991", "\"9007199254740993\"", "1.5e300",
                           "90071992547409930.5", "18446744073709551616", "\"a\\\"9007199254740993\"", "\"\\", ""}) {
    EXPECT_EQ(mark_big_integers(json, kMark), std::nullopt) << json;
  }
  EXPECT_EQ(mark_big_integers("[9007199254740992,-9007199254740993]", kMark),
            "[\"\\u0000m:9007199254740992\",\"\\u0000m:-9007199254740993\"]");
  EXPECT_EQ(mark_big_integers("{\"a\":18446744073709551615}", kMark), "{\"a\":\"\\u0000m:18446744073709551615\"}");
}

TEST(BigInteger, TheWayBackIsTheSameText) {
  for (const char* json : {"[9007199254740992,\"x\",{\"a\":-9223372036854775808}]", "9007199254740993"}) {
    EXPECT_EQ(unmark_big_integers(*mark_big_integers(json, kMark), kMark), json);
  }
  EXPECT_EQ(unmark_big_integers("[1,\"2\"]", kMark), "[1,\"2\"]");
}

TEST(BigInteger, MarksDiffer) { EXPECT_NE(random_mark(), random_mark()); }

TEST(ArgumentSecrets, ValuesAreOverwritten) {
  std::string words[] = {"workerdb", "sh",   "--server.password", "first", "--server.password=second",
                         "--other",  "third"};
  char* arguments[7];
  for (size_t i = 0; i < 7; ++i) arguments[i] = words[i].data();
  auto taken = take_arguments(7, arguments, {"--server.password"});
  EXPECT_TRUE(taken.held_secret);
  EXPECT_EQ(taken.words[2], "first");
  EXPECT_EQ(taken.words[3], "--server.password=second");
  EXPECT_EQ(words[3], std::string("x\0\0\0\0", 5));
  EXPECT_EQ(words[4], "--server.password=x" + std::string(5, '\0'));
  EXPECT_EQ(words[6], "third");
}

TEST(ParseEndpoint, TakesArangoshsNotations) {
  for (const char* text : {"tcp://db.example:8530", "http://db.example:8530", "http+tcp://db.example:8530"}) {
    auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint->host, "db.example");
    EXPECT_EQ(endpoint->port, 8530);
  }
  EXPECT_EQ(parse_endpoint("http://[::1]").value().host, "::1");
  EXPECT_EQ(parse_endpoint("http://a").value().port, 8529);
  for (const char* text : {"", "a:1", "ssl://a:1", "https://a:1", "h2://a:1", "vst://a:1", "tcp://", "tcp://u:p@a:1"}) {
    EXPECT_EQ(parse_endpoint(text).error().code(), base::ErrorCode::kIllegalOption) << text;
  }
}

}  // namespace
}  // namespace workerdb::cli
