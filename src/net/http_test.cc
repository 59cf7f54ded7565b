#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/percent.h"

namespace workerdb::net {
namespace {

using testing::ElementsAre;

HttpRequest get(std::string_view target) { return HttpRequest::create(HttpMethod::kGet, target).value(); }

TEST(Percent, DecodesEscapesAndFormBlanks) {
  EXPECT_EQ(percent_decode("a%20b%2Fc+d").value(), "a b/c+d");
  EXPECT_EQ(percent_decode("a+b%2b", PercentMode::kForm).value(), "a b+");
  EXPECT_EQ(percent_decode("%e2%82%AC").value(), "€");
}

TEST(Percent, RefusesBadEscapesNulAndInvalidUtf8) {
  for (const char* text : {"%", "%4", "%zz", "%4g", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "%e2%82"}) {
    EXPECT_FALSE(percent_decode(text).has_value()) << text;
  }
  std::string kept = "kept";
  EXPECT_FALSE(percent_decode_to("abc%", PercentMode::kPath, kept).has_value());
  EXPECT_EQ(kept, "kept");
}

TEST(Percent, EncodesWhatDecodesBack) {
  const std::string text = "a/b?c=d&e f+é~._-";
  EXPECT_EQ(percent_encode("a/b é"), "a%2Fb%20%C3%A9");
  EXPECT_EQ(percent_decode(percent_encode(text), PercentMode::kForm).value(), text);
}

TEST(Utf8, KnowsTheBoundsOfUnicode) {
  EXPECT_TRUE(is_valid_utf8("\xf4\x8f\xbf\xbf"));
  EXPECT_TRUE(is_valid_utf8("\xed\x9f\xbf"));
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(is_valid_utf8("\xe0\x9f\xbf"));
  EXPECT_FALSE(is_valid_utf8("\xf0\x8f\xbf\xbf"));
  EXPECT_FALSE(is_valid_utf8("\x80"));
  EXPECT_FALSE(is_valid_utf8("a\xe2\x82"));
}

TEST(HttpRequest, SplitsPathAndQueryDecoded) {
  const HttpRequest request =
      get("/_db/a%20b//_api/doc%2Fument/x?details=true&filter=a+b%26c&empty&a[]=1&details=false");
  EXPECT_THAT(request.segments(), ElementsAre("_db", "a b", "_api", "doc/ument", "x"));
  EXPECT_EQ(request.segment(1), "a b");
  EXPECT_EQ(request.segment(9), "");
  EXPECT_EQ(request.path(), "/_db/a%20b//_api/doc%2Fument/x");
  EXPECT_EQ(request.parameter_count(), 5u);
  EXPECT_EQ(request.parameter("filter"), "a b&c");
  EXPECT_EQ(request.parameter("details"), "false");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("a[]"), "1");
  EXPECT_EQ(request.parameter("absent"), std::nullopt);
}

TEST(HttpRequest, AcceptsAbsoluteTargetsAndAsterisk) {
  EXPECT_EQ(get("http://host:8529/_api/version?x=1").target(), "/_api/version?x=1");
  EXPECT_EQ(get("http://host").path(), "/");
  EXPECT_EQ(get("http://host?x=1").path(), "/");
  EXPECT_EQ(get("http://host?x=1").parameter("x"), "1");
  EXPECT_EQ(HttpRequest::create(HttpMethod::kOptions, "*")->path(), "*");
}

TEST(HttpRequest, RefusesMalformedTargets) {
  for (const char* target : {"", "a", "*", "?x=1", "/a%", "/a%zz", "/%ff", "/a?b=%", "/a?%00=1", "/a#b", "http:///a"}) {
    EXPECT_FALSE(HttpRequest::create(HttpMethod::kGet, target).has_value()) << target;
  }
}

TEST(HttpRequest, SurvivesCopyAndMove) {
  HttpRequest original = HttpRequest::create(HttpMethod::kPut, "/a/%62?c=%64", {{"X-Name", "value"}}, "body").value();
  HttpRequest copy = original;
  HttpRequest moved = std::move(original);
  for (const HttpRequest* request : {&copy, &moved}) {
    EXPECT_EQ(request->segment(1), "b");
    EXPECT_EQ(request->parameter("c"), "d");
    EXPECT_EQ(request->header("x-name"), "value");
    EXPECT_EQ(request->body(), "body");
    EXPECT_FALSE(request->cancelled());
  }
}

}  // namespace
}  // namespace workerdb::net
