#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/time.h"

namespace workerdb::base {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error(ErrorCode::kBadParameter, "odd");
  return number / 2;
}

Result<int> quarter(int number) { return TRY(half(TRY(half(number)))); }

Result<std::unique_ptr<int>> boxed_half(int number) { return std::make_unique<int>(TRY(half(number))); }

Result<> check(int number) {
  TRY(half(number));
  return {};
}

TEST(Result, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(quarter(12).value(), 3);
  ASSERT_FALSE(quarter(6).has_value());
  EXPECT_EQ(quarter(6).error().message(), "odd");
  EXPECT_EQ(**boxed_half(4), 2);
  EXPECT_TRUE(check(2).has_value());
  EXPECT_EQ(check(3).error().code(), ErrorCode::kBadParameter);
}

TEST(Error, CarriesTheDocumentedNumberStatusAndText) {
  Error error(ErrorCode::kDocumentNotFound);
  EXPECT_EQ(error.number(), 1202);
  EXPECT_EQ(http_status(error.code()), 404);
  EXPECT_EQ(error.message(), "document not found");
  EXPECT_EQ(std::move(error).with_context("users/1").message(), "users/1: document not found");
}

TEST(Time, FormatsIso8601AndClampsToFourDigitYears) {
  EXPECT_EQ(format_iso8601(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_iso8601(1700000000123), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(format_iso8601(INT64_MAX), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_iso8601(INT64_MIN), "0000-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace workerdb::base
