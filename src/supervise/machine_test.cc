#include "supervise/machine.h"

#include <gtest/gtest.h>

#include <set>

namespace workerdb::supervise {
namespace {

std::string table() {
  std::string text;
  for (const Transition& row : transitions()) {
    text += std::string(state_name(row.state)) + " + " + std::string(event_name(row.event)) + " = " +
            std::string(state_name(row.next)) + ":";
    for (Action action : row.actions) text += " [" + std::string(action_name(action)) + "]";
    text += "\n";
  }
  return text;
}

// The whole table as text: a change of it is a change of behaviour and shows here.
TEST(Machine, IsThisTable) {
  EXPECT_EQ(table(), R"(stopped + start = starting: [spawn] [arm start]
starting + probe passed = preparing: [disarm] [prepare]
starting + deadline = starting: [kill]
starting + exited = backoff: [arm backoff]
starting + gave up = failed: [disarm]
starting + stop = stopping: [signal stop] [arm grace]
preparing + prepared = ready:
preparing + prepare failed = unprepared:
preparing + exited = backoff: [arm backoff]
preparing + gave up = failed: [disarm]
preparing + stop = stopping: [signal stop] [arm grace]
ready + probe failed = unhealthy: [arm unhealthy]
ready + exited = backoff: [arm backoff]
ready + gave up = failed: [disarm]
ready + stop = stopping: [signal stop] [arm grace]
unprepared + exited = backoff: [arm backoff]
unprepared + gave up = failed: [disarm]
unprepared + stop = stopping: [signal stop] [arm grace]
unhealthy + probe passed = ready: [disarm]
unhealthy + deadline = unhealthy: [kill]
unhealthy + exited = backoff: [arm backoff]
unhealthy + gave up = failed: [disarm]
unhealthy + stop = stopping: [signal stop] [arm grace]
backoff + deadline = starting: [spawn] [arm start]
backoff + stop = stopped: [disarm]
stopping + deadline = stopping: [kill]
stopping + exited = stopped: [disarm]
stopping + gave up = stopped: [disarm]
failed + start = starting: [spawn] [arm start]
failed + stop = stopped: [disarm]
)");
}

TEST(Machine, AMissingRowChangesNothing) {
  Transition row = transition(State::kStopped, Event::kProbePassed);
  EXPECT_EQ(row.next, State::kStopped);
  EXPECT_TRUE(row.actions.empty());
  EXPECT_EQ(transition(State::kReady, Event::kStart).next, State::kReady);
}

TEST(Machine, NoPairHasTwoRows) {
  std::set<std::pair<State, Event>> seen;
  for (const Transition& row : transitions()) EXPECT_TRUE(seen.emplace(row.state, row.event).second);
}

// Whatever happened before: a stop leads to stopped within two events and never starts anything.
TEST(Machine, StopAlwaysEnds) {
  for (int number = 0; number <= static_cast<int>(State::kFailed); ++number) {
    auto state = static_cast<State>(number);
    if (state == State::kStopping) continue;
    Transition row = transition(state, Event::kStop);
    for (Action action : row.actions) EXPECT_NE(action, Action::kSpawn);
    State next = row.next == State::kStopping ? transition(row.next, Event::kExited).next : row.next;
    EXPECT_EQ(next, State::kStopped) << state_name(state);
  }
}

// A process that ends is noticed in every state in which one may run.
TEST(Machine, EveryRunningStateKnowsWhatAnExitMeans) {
  for (int number = 0; number <= static_cast<int>(State::kFailed); ++number) {
    auto state = static_cast<State>(number);
    if (!is_running(state)) continue;
    EXPECT_FALSE(is_running(transition(state, Event::kExited).next)) << state_name(state);
    EXPECT_FALSE(is_running(transition(state, Event::kGaveUp).next)) << state_name(state);
  }
}

TEST(Machine, NamesGoBothWays) {
  for (int number = 0; number <= static_cast<int>(State::kFailed); ++number) {
    auto state = static_cast<State>(number);
    EXPECT_EQ(state_of_name(state_name(state)), state);
  }
}

}  // namespace
}  // namespace workerdb::supervise
