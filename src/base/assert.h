#pragma once
// ASSERT states what only a bug can break. Never for input, files or the network: those are Results.

namespace workerdb::base {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

#define ASSERT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::workerdb::base::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
