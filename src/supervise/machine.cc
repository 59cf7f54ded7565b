#include "supervise/machine.h"

#include <array>

namespace workerdb::supervise {
namespace {

using enum State;
using enum Event;

constexpr Action kNothing[] = {Action::kDisarm};
constexpr Action kLaunch[] = {Action::kSpawn, Action::kArmStart};
constexpr Action kRunHooks[] = {Action::kDisarm, Action::kPrepare};
constexpr Action kWatch[] = {Action::kArmUnhealthy};
constexpr Action kPause[] = {Action::kArmBackoff};
constexpr Action kAskToEnd[] = {Action::kSignalStop, Action::kArmGrace};
constexpr Action kForceToEnd[] = {Action::kKill};

constexpr Transition kRows[] = {
    {kStopped, kStart, kStarting, kLaunch},

    {kStarting, kProbePassed, kPreparing, kRunHooks},
    {kStarting, kDeadline, kStarting, kForceToEnd},
    {kStarting, kExited, kBackoff, kPause},
    {kStarting, kGaveUp, kFailed, kNothing},
    {kStarting, kStop, kStopping, kAskToEnd},

    {kPreparing, kPrepared, kReady, {}},
    {kPreparing, kPrepareFailed, kUnprepared, {}},
    {kPreparing, kExited, kBackoff, kPause},
    {kPreparing, kGaveUp, kFailed, kNothing},
    {kPreparing, kStop, kStopping, kAskToEnd},

    {kReady, kProbeFailed, kUnhealthy, kWatch},
    {kReady, kExited, kBackoff, kPause},
    {kReady, kGaveUp, kFailed, kNothing},
    {kReady, kStop, kStopping, kAskToEnd},

    {kUnprepared, kExited, kBackoff, kPause},
    {kUnprepared, kGaveUp, kFailed, kNothing},
    {kUnprepared, kStop, kStopping, kAskToEnd},

    {kUnhealthy, kProbePassed, kReady, kNothing},
    {kUnhealthy, kDeadline, kUnhealthy, kForceToEnd},
    {kUnhealthy, kExited, kBackoff, kPause},
    {kUnhealthy, kGaveUp, kFailed, kNothing},
    {kUnhealthy, kStop, kStopping, kAskToEnd},

    {kBackoff, kDeadline, kStarting, kLaunch},
    {kBackoff, kStop, kStopped, kNothing},

    {kStopping, kDeadline, kStopping, kForceToEnd},
    {kStopping, kExited, kStopped, kNothing},
    {kStopping, kGaveUp, kStopped, kNothing},

    {kFailed, kStart, kStarting, kLaunch},
    {kFailed, kStop, kStopped, kNothing},
};

constexpr std::string_view kStateNames[] = {"stopped",   "starting", "preparing", "ready", "unprepared",
                                            "unhealthy", "backoff",  "stopping",  "failed"};
constexpr std::string_view kEventNames[] = {"start",    "probe passed", "probe failed", "prepared", "prepare failed",
                                            "deadline", "exited",       "gave up",      "stop"};
constexpr std::string_view kActionNames[] = {"spawn",         "prepare",     "signal stop", "kill",  "arm start",
                                             "arm unhealthy", "arm backoff", "arm grace",   "disarm"};

}  // namespace

Transition transition(State state, Event event) {
  for (const Transition& row : kRows) {
    if (row.state == state && row.event == event) return row;
  }
  return {state, event, state, {}};
}

std::span<const Transition> transitions() { return kRows; }

std::string_view state_name(State state) { return kStateNames[static_cast<size_t>(state)]; }
std::string_view event_name(Event event) { return kEventNames[static_cast<size_t>(event)]; }
std::string_view action_name(Action action) { return kActionNames[static_cast<size_t>(action)]; }

bool is_running(State state) { return state != kStopped && state != kFailed && state != kBackoff; }

State state_of_name(std::string_view name) {
  for (size_t index = 0; index < std::size(kStateNames); ++index) {
    if (kStateNames[index] == name) return static_cast<State>(index);
  }
  return kStopped;
}

}  // namespace workerdb::supervise
