#include "cli/passage.h"

#include "base/log.h"
#include "base/time.h"

namespace workerdb::cli {

using base::Result;

Passage::Passage(access::AuditEntry entry, access::Decision decision, std::string audit_folder)
    : entry_(std::move(entry)),
      decision_(std::move(decision)),
      audit_folder_(std::move(audit_folder)),
      started_ns_(base::steady_time_ns()) {}

Passage::Passage(Passage&& other) noexcept
    : entry_(std::move(other.entry_)),
      decision_(std::move(other.decision_)),
      is_open_(std::exchange(other.is_open_, false)),
      audit_folder_(std::move(other.audit_folder_)),
      started_ns_(other.started_ns_) {}

Passage::~Passage() {
  if (!is_open_) return;
  if (auto written = write("failed", std::nullopt); !written) base::log_error("audit", "{}", written.error().message());
}

Result<> Passage::finish(std::optional<uint64_t> rows) {
  is_open_ = false;
  return write("done", rows);
}

Result<> Passage::write(const char* outcome, std::optional<uint64_t> rows) {
  entry_.time_unix_ms = base::unix_time_ms();
  entry_.duration_ms = (base::steady_time_ns() - started_ns_) / 1'000'000;
  entry_.rows = rows;
  entry_.decision = outcome;
  return access::AuditLog(audit_folder_).append(entry_);
}

}  // namespace workerdb::cli
