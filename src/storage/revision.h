#pragma once
// Ticks and revisions. A tick is 44 bits of milliseconds since 1970 and 20 bits of a counter, so that ticks rise with
// time, are never given twice and never go back, also when the clock does. A document's _rev is a tick in letters.
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/thread_annotations.h"

namespace workerdb::storage {

struct DecodedRevision {
  int64_t unix_ms;
  uint32_t count;
};

// "_l6zhVDW---": base 64 with the digits - _ A-Z a-z 0-9, highest first, without leading zeros.
std::string encode_revision(uint64_t tick);
// Nothing if the text is no revision.
std::optional<DecodedRevision> decode_revision(std::string_view revision);

// Thread-safe.
class TickClock {
 public:
  // Writes down that ticks below the limit may have been given out; called seldom, before the first of them is.
  using Reserve = std::function<base::Result<>(uint64_t limit)>;
  // `reserved` is the last limit that was written down.
  TickClock(uint64_t reserved, Reserve reserve);
  uint64_t next();

 private:
  void extend(uint64_t beyond) EXCLUDES(mutex_);

  std::atomic<uint64_t> last_;
  std::atomic<uint64_t> limit_;
  base::Mutex mutex_;
  bool has_failed_ GUARDED_BY(mutex_) = false;
  Reserve reserve_;
};

}  // namespace workerdb::storage
