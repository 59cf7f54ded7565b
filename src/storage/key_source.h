#pragma once
// Makes the _key of documents that come without one (rules.md, "Documents").
#include <atomic>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/schema.h"

namespace workerdb::storage {

// Thread-safe. All generators but uuid count upwards from the greatest number seen in the collection; that number is
// committed together with the documents that used it, so no key ever comes twice and there are no gaps over restarts.
class KeySource {
 public:
  KeySource(const KeyOptions& options, uint64_t last) : options_(options), last_(last) {}

  // A key that no document has or had, and no transaction in progress uses. kOutOfKeys at the end of 64 bits.
  base::Result<std::string> next();
  // A user's own key: numbers are stepped over, so that next() never runs into it. True if it counts.
  bool saw(std::string_view key);
  uint64_t last() const { return last_.load(std::memory_order_relaxed); }
  bool counts() const { return options_.generator != KeyGenerator::kUuid; }

 private:
  base::Result<uint64_t> next_number();

  KeyOptions options_;
  std::atomic<uint64_t> last_;
};

}  // namespace workerdb::storage
