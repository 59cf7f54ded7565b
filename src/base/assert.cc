#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace workerdb::base {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "workerdb: broken invariant `%s` at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace workerdb::base
