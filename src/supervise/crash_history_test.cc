#include "supervise/crash_history.h"

#include <gtest/gtest.h>

namespace workerdb::supervise {
namespace {

TEST(CrashHistory, DoublesUpToTheCapAndGivesUp) {
  CrashHistory history({.first_backoff_ms = 100, .longest_backoff_ms = 500, .crashes_allowed = 4, .window_ms = 1000});
  EXPECT_EQ(history.record(0).backoff_ms, 100);
  EXPECT_EQ(history.record(10).backoff_ms, 200);
  EXPECT_EQ(history.record(20).backoff_ms, 400);
  auto fourth = history.record(30);
  EXPECT_EQ(fourth.backoff_ms, 500);
  EXPECT_FALSE(fourth.give_up);
  auto fifth = history.record(40);
  EXPECT_TRUE(fifth.give_up);
  EXPECT_EQ(fifth.crashes, 5);
}

TEST(CrashHistory, ForgetsWhatIsOlderThanTheWindow) {
  CrashHistory history({.first_backoff_ms = 100, .crashes_allowed = 1, .window_ms = 1000});
  EXPECT_FALSE(history.record(0).give_up);
  EXPECT_FALSE(history.record(1000).give_up);
  EXPECT_TRUE(history.record(1999).give_up);
  history.reset();
  EXPECT_EQ(history.record(2000).backoff_ms, 100);
}

TEST(CrashHistory, ALongHistoryDoesNotOverflow) {
  CrashHistory history({.first_backoff_ms = 1000, .longest_backoff_ms = 5000, .crashes_allowed = 100});
  for (int crash = 0; crash < 90; ++crash) EXPECT_LE(history.record(0).backoff_ms, 5000);
}

}  // namespace
}  // namespace workerdb::supervise
