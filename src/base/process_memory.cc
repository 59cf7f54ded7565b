#include "base/process_memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string_view>

namespace workerdb::base {

void keep_memory_private() {
  const char* asked = std::getenv("WORKERDB_DUMPABLE");
  if (asked != nullptr && std::string_view(asked) == "1") return;
  // A hard limit that is lower already is not raised, which only root could.
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max != 0) {
    limit.rlim_cur = limit.rlim_max = 1;
    ::setrlimit(RLIMIT_CORE, &limit);
  }
  ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace workerdb::base
