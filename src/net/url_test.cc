#include "net/url.h"

#include <gtest/gtest.h>

namespace workerdb::net {
namespace {

TEST(Url, ReadsEveryPart) {
  const Url url = parse_url("Postgres://app%40x:p%3Ass@db.example:6000/core%2Fa?sslmode=require&a=b+c").value();
  EXPECT_EQ(url.scheme, "postgres");
  EXPECT_EQ(url.user, "app@x");
  EXPECT_EQ(url.password, "p:ss");
  EXPECT_EQ(url.host, "db.example");
  EXPECT_EQ(url.port, 6000);
  EXPECT_EQ(url.path, "/core%2Fa");
  ASSERT_EQ(url.query.size(), 2u);
  EXPECT_EQ(url.query[1].second, "b c");
}

TEST(Url, KnowsDefaultPortsAndIpv6) {
  EXPECT_EQ(parse_url("http://h").value().port, 80);
  EXPECT_EQ(parse_url("tcp://h").value().port, 8529);
  EXPECT_EQ(parse_url("redis://:secret@[::1]/0").value().port, 6379);
  EXPECT_EQ(parse_url("redis://:secret@[::1]:1/0").value().host, "::1");
}

TEST(Url, FormatsWhatItReads) {
  for (const char* text :
       {"http://h/a?b=c&d=e%20f", "redis://:se%2Fcret@[::1]:1/0", "postgres://u:p@h/db", "tcp://h:1", "https://u@h"}) {
    EXPECT_EQ(format_url(parse_url(text).value()), text);
  }
}

TEST(Url, HidesThePassword) {
  EXPECT_EQ(safe_text(parse_url("postgres://u:secret@h/db").value()), "postgres://u:***@h/db");
}

TEST(Url, RefusesTheRestWithoutRepeatingIt) {
  const std::string too_long = "http://h/" + std::string(9000, 'a');
  for (const std::string& text :
       {std::string(""), std::string("secret"), std::string("ftp://secret"), std::string("http://"),
        std::string("http://secret:0"), std::string("http://secret:70000"), std::string("http://secret:1x"),
        std::string("http://secret:"), std::string("http://[::1"), std::string("http://[secret]"),
        std::string("http://[::1]x"), std::string("http://u:%zz@secret"), std::string("http://h/secret#"),
        std::string("http://h/secret a"), std::string("http://h?secret=%ff"), std::string("http://h/secret%"),
        std::string("http://secret\r\n"), too_long}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().code(), base::ErrorCode::kBadParameter);
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace workerdb::net
