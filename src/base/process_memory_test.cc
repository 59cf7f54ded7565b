#include "base/process_memory.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace workerdb::base {
namespace {

// In a child, as it cannot be taken back.
int in_child(int (*check)()) {
  pid_t child = ::fork();
  if (child == 0) ::_exit(check());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST(ProcessMemory, IsNeitherDumpedNorRead) {
  EXPECT_EQ(in_child([] {
              ::unsetenv("WORKERDB_DUMPABLE");
              keep_memory_private();
              rlimit limit{};
              ::getrlimit(RLIMIT_CORE, &limit);
              return limit.rlim_cur <= 1 && limit.rlim_max <= 1 && ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
            }),
            0);
}

TEST(ProcessMemory, IsLeftAloneForADebugger) {
  EXPECT_EQ(in_child([] {
              ::setenv("WORKERDB_DUMPABLE", "1", 1);
              int before = ::prctl(PR_GET_DUMPABLE);
              keep_memory_private();
              return ::prctl(PR_GET_DUMPABLE) == before ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace workerdb::base
