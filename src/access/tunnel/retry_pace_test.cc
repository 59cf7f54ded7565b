#include "access/tunnel/retry_pace.h"

#include <gtest/gtest.h>

namespace workerdb::access::tunnel {
namespace {

TEST(RetryPace, IsFastAtFirstAndSlowLater) {
  RetryPace pace(1);
  int64_t first = pace.pause_ms(Setback::kUnreachable, false, 0);
  EXPECT_GE(first, 50);
  EXPECT_LE(first, 100);
  for (int attempt = 0; attempt < 20; ++attempt) EXPECT_LE(pace.pause_ms(Setback::kUnreachable, false, 5'000), 500);
  int64_t late = pace.pause_ms(Setback::kUnreachable, false, 60'000);
  EXPECT_GE(late, 5'000);
  EXPECT_LE(late, 10'000);
}

TEST(RetryPace, HurriesWhileSomebodyWaits) {
  RetryPace pace(1);
  for (int attempt = 0; attempt < 100; ++attempt) EXPECT_LE(pace.pause_ms(Setback::kUnreachable, true, 3'600'000), 500);
}

TEST(RetryPace, NeverHammersAServerThatRefuses) {
  RetryPace pace(1);
  EXPECT_GE(pace.pause_ms(Setback::kRefused, true, 0), 1'000);
  for (int attempt = 0; attempt < 100; ++attempt) pace.pause_ms(Setback::kRefused, true, 0);
  int64_t late = pace.pause_ms(Setback::kRefused, true, 0);
  EXPECT_GE(late, 30'000);
  EXPECT_LE(late, 60'000);
}

TEST(RetryPace, StartsSmallAgainAfterAReset) {
  RetryPace pace(1);
  for (int attempt = 0; attempt < 10; ++attempt) pace.pause_ms(Setback::kUnreachable, false, 60'000);
  pace.reset();
  EXPECT_LE(pace.pause_ms(Setback::kUnreachable, false, 60'000), 100);
}

TEST(RetryPace, DiffersBetweenClients) {
  int64_t sum[2] = {0, 0};
  for (uint32_t client : {0U, 1U}) {
    RetryPace pace(client + 100);
    for (int attempt = 0; attempt < 8; ++attempt) sum[client] += pace.pause_ms(Setback::kUnreachable, false, 60'000);
  }
  EXPECT_NE(sum[0], sum[1]);
}

}  // namespace
}  // namespace workerdb::access::tunnel
