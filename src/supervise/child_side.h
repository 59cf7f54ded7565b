#pragma once
// What happens between fork and exec, in the child. Apart, because other rules hold there: the parent may
// have had many threads, so nothing may allocate, lock or use the C++ library; only plain system calls.
#include <sys/types.h>

namespace workerdb::supervise {

struct UserIdentity;

enum class ChildStep : int { kDescriptors = 0, kFolder = 1, kUser = 2, kExecute = 3 };

// What the child writes into the failure pipe before it gives up.
struct ChildFailure {
  ChildStep step;
  int code;  // errno
};

// Borrowed from the parent's side of the fork; the memory is shared copy-on-write until the exec.
struct ChildPlan {
  const char* executable;
  char* const* arguments;
  char* const* environment;
  const char* working_folder;
  const UserIdentity* user;  // null: stay who we are
  int death_signal;
  pid_t parent;
  int input;  // -1: /dev/null
  int output;
  int failure;
};

[[noreturn]] void become_child(const ChildPlan& plan);

}  // namespace workerdb::supervise
