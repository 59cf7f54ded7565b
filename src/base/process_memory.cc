#include "base/process_memory.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <atomic>
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

namespace {

std::atomic<bool> gives_freed_memory_back = false;

}  // namespace

void freed_much_memory() {
  // The allocator itself gives back only what lies at the end of a pool.
  if (gives_freed_memory_back.load(std::memory_order_relaxed)) ::malloc_trim(0);
}

void give_freed_memory_back() {
  gives_freed_memory_back = true;
  // Each pool keeps what its own threads freed: few pools keep little. Large pieces are mapped by themselves, however
  // many of them were freed before (by default that moves the border up to 32 MiB).
  constexpr int kPools = 2, kLargePiece = 256 << 10, kKeptAtEnd = 1 << 20;
  ::mallopt(M_ARENA_MAX, kPools);
  ::mallopt(M_MMAP_THRESHOLD, kLargePiece);
  ::mallopt(M_TRIM_THRESHOLD, kKeptAtEnd);
}

}  // namespace workerdb::base
