#include "access/tunnel/ssh_link.h"

#include <unistd.h>

#include <memory>
#include <utility>

namespace workerdb::access::tunnel {

using base::Result;

namespace {

// ssh asks once a second and the answer takes a round trip; the rest is for busy machines.
constexpr int64_t kSilenceMs = 1300;
constexpr int64_t kSilenceRoundTrips = 3;
constexpr size_t kLastLines = 8;

}  // namespace

Result<SshLink> SshLink::start(const TunnelSpec& spec, const SshSockets& sockets, const std::string& program,
                               supervise::ServiceLog& log, int64_t now_ms) {
  auto process = TRY(supervise::Process::start(ssh_command(spec, sockets, program)));
  return SshLink(sockets, spec.forwards.size(), std::move(process), log, now_ms);
}

SshLink::SshLink(SshSockets sockets, size_t forwards, supervise::Process process, supervise::ServiceLog& log,
                 int64_t now_ms)
    : sockets_(std::move(sockets)),
      forwards_(forwards),
      process_(std::move(process)),
      log_(&log),
      words_(std::make_unique<supervise::ServiceLog>(supervise::ServiceLogOptions{.ring_lines = kLastLines})),
      started_ms_(now_ms) {}

SshLink::~SshLink() {
  if (words_ == nullptr) return;  // moved from
  ::unlink(sockets_.last().c_str());
  for (size_t index = 0; index < forwards_; ++index) ::unlink(sockets_.forward(index).c_str());
}

bool SshLink::step(int64_t now_ms) {
  if (status_) return false;
  auto take = [this](std::string_view bytes) {
    log_->append(bytes);
    words_->append(bytes);
  };
  process_.drain_output(take);
  status_ = process_.try_reap();
  if (status_) {
    process_.drain_output(take);
    log_->finish_line();
    words_->finish_line();
    return false;
  }
  if (!is_ready() && ::access(sockets_.last().c_str(), F_OK) == 0) {
    ready_after_ms_ = now_ms - started_ms_;
    silence_ = SilenceMeter::of_process_group(process_.pid());
  }
  return true;
}

std::optional<int64_t> SshLink::silent_in_ms() {
  if (!silence_) return std::nullopt;
  auto reading = silence_->read();
  if (!reading) return std::nullopt;
  return kSilenceMs + kSilenceRoundTrips * reading->round_trip_ms - reading->silent_ms;
}

SshLink::End SshLink::end(const TunnelSpec& spec) const {
  std::vector<std::string> lines = words_->last_lines(kLastLines);
  return {setback_of(lines), reason_of(lines, spec, status_.value_or(supervise::ExitStatus{}))};
}

}  // namespace workerdb::access::tunnel
