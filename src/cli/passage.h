#pragma once
// An access that the guard allowed, from the entry in the audit log to its end.
#include <cstdint>
#include <optional>
#include <string>

#include "access/audit/audit.h"
#include "access/guard/guard.h"
#include "base/result.h"

namespace workerdb::cli {

// Written down as allowed before it is made; a second entry tells how it ended: "done" with rows and time after
// `finish`, "failed" without. Moved, not copied. One thread.
class Passage {
 public:
  Passage(access::AuditEntry entry, access::Decision decision, std::string audit_folder);
  Passage(Passage&& other) noexcept;
  Passage& operator=(Passage&&) = delete;
  ~Passage();

  bool is_read_only() const { return decision_.verdict == access::Verdict::kAllowReadOnly; }
  const access::Limits& limits() const { return decision_.limits; }
  // Fails when the audit log cannot be written. Once.
  base::Result<> finish(std::optional<uint64_t> rows = std::nullopt);

 private:
  base::Result<> write(const char* outcome, std::optional<uint64_t> rows);

  access::AuditEntry entry_;
  access::Decision decision_;
  bool is_open_ = true;
  std::string audit_folder_;
  int64_t started_ns_;
};

}  // namespace workerdb::cli
