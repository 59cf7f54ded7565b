#pragma once
// The life of one service as a pure table: state x event -> next state and the actions that the driver owes.
// Nothing here forks, waits or reads a clock; thresholds (how many probes, how many crashes) are judged
// before an event is made (crash_history.h, supervisor.cc), so that the table stays a table.
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::supervise {

enum class State : uint8_t {
  kStopped,     // nothing runs; the service was not started yet or was stopped on purpose
  kStarting,    // the process runs, its probe has not passed yet
  kPreparing,   // the probe passed; the hooks that follow a start are running
  kReady,       // serves
  kUnprepared,  // serves, but a hook failed: the reason says which; a person or a restart gets it out
  kUnhealthy,   // the process runs, its probe fails again and again
  kBackoff,     // ended by itself; waits before the next start
  kStopping,    // was asked to end
  kFailed,      // ended too often; nothing runs and nothing will until somebody starts it again
};

enum class Event : uint8_t {
  kStart,  // wanted, and everything it depends on is ready
  kProbePassed,
  kProbeFailed,    // so often in a row that it counts
  kPrepared,       // all hooks returned
  kPrepareFailed,  // a hook returned an error
  kDeadline,       // the timer armed last ran out
  kExited,         // the process ended, or could not be started
  kGaveUp,         // the same, once too often
  kStop,
};

enum class Action : uint8_t {
  kSpawn,       // start the process (or call the in-process start function)
  kPrepare,     // run the hooks
  kSignalStop,  // send the declared stop signal (or call the in-process stop function)
  kKill,        // SIGKILL to the whole process group
  kArmStart,    // one timer a service: arming replaces what was armed
  kArmUnhealthy,
  kArmBackoff,
  kArmGrace,
  kDisarm,
};

// One row of the table. Rows that are missing mean: the event changes nothing in this state.
struct Transition {
  State state;
  Event event;
  State next;
  std::span<const Action> actions;
};

// The row for a state and an event; a missing row comes back as {state, event, state, no actions}.
Transition transition(State state, Event event);
// All rows, for tests and documentation.
std::span<const Transition> transitions();

// "ready", "probe passed", "spawn": lower-case words, also used in status output and metrics labels.
std::string_view state_name(State state);
std::string_view event_name(Event event);
std::string_view action_name(Action action);

// A process exists, or may exist, in this state.
bool is_running(State state);
// The reverse of state_name; kStopped for an unknown name.
State state_of_name(std::string_view name);

}  // namespace workerdb::supervise
