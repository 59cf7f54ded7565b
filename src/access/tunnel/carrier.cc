#include "access/tunnel/carrier.h"

#include <algorithm>
#include <set>

#include "base/time.h"

namespace workerdb::access::tunnel {

using supervise::State;

namespace {

constexpr int kPortsTried = 16;

int64_t steady_ms() { return base::steady_time_ns() / 1'000'000; }

uint16_t port_of(const TunnelSpec& spec, const Forward& forward, const std::set<uint16_t>& taken) {
  uint16_t first = 0;
  for (int attempt = 0; attempt < kPortsTried; ++attempt) {
    uint16_t port = derived_port(spec.name, forward.name, attempt);
    if (taken.contains(port)) continue;
    if (first == 0) first = port;
    if (listen_on_loopback(port)) return port;
  }
  return first;
}

}  // namespace

std::vector<Forward> with_ports(const TunnelSpec& spec) {
  std::set<uint16_t> taken;
  for (const Forward& forward : spec.forwards) taken.insert(forward.local_port);
  std::vector<Forward> forwards = spec.forwards;
  for (Forward& forward : forwards) {
    if (forward.local_port == 0) forward.local_port = port_of(spec, forward, taken);
    taken.insert(forward.local_port);
  }
  return forwards;
}

Carrier::Carrier(CarrierOptions options)
    : options_(std::move(options)),
      clients_(loop_, with_ports(options_.spec)),
      links_(loop_, options_.spec, options_.start, steady_ms()),
      started_ms_(base::unix_time_ms()),
      since_ms_(started_ms_) {}

void Carrier::run(int stop_descriptor) {
  bool stopping = false;
  loop_.watch(stop_descriptor, EPOLLIN, [&stopping](uint32_t) { stopping = true; });
  while (!stopping) {
    int64_t now_ms = steady_ms();
    links_.step(now_ms, clients_.anyone_waits());
    for (int64_t number : links_.take_gone()) clients_.drop(number);
    clients_.use(links_.way_on());
    clients_.set_hopeless(links_.state() == State::kFailed);
    clients_.step(now_ms);
    if (!publish(now_ms)) break;
    int64_t next_ms = std::min({links_.next_wake_ms(now_ms), clients_.next_wake_ms(now_ms), now_ms + 1000});
    if (clients_.changes() != published_changes_) next_ms = std::min(next_ms, next_counts_ms_);
    loop_.wait(static_cast<int>(std::max<int64_t>(next_ms - steady_ms(), 0)));
  }
  loop_.unwatch(stop_descriptor);
}

TunnelStatus Carrier::status() const {
  TunnelStatus status{.spec = options_.spec,
                      .state = links_.state(),
                      .process = {},
                      .ssh = links_.process(),
                      .started_ms = started_ms_,
                      .since_ms = since_ms_,
                      .connects = links_.connects(),
                      .last_outage_ms = links_.last_outage_ms(),
                      .reason = links_.reason(),
                      .forwards = clients_.status()};
  if (!clients_.all_listen()) {
    if (status.state == State::kReady) status.state = State::kUnprepared;
    if (status.reason.empty()) status.reason = clients_.taken_port();
  }
  return status;
}

bool Carrier::publish(int64_t now_ms) {
  bool counted = clients_.changes() != published_changes_ && now_ms >= next_counts_ms_;
  TunnelStatus now = status();
  auto listening = [](const TunnelStatus& status) {
    return std::count_if(status.forwards.begin(), status.forwards.end(), [](const auto& one) { return one.listening; });
  };
  bool changed = !published_once_ || now.state != published_.state || now.reason != published_.reason ||
                 now.connects != published_.connects || listening(now) != listening(published_);
  if (!changed && !counted) return true;
  if (published_once_ && now.state != published_.state) now.since_ms = since_ms_ = base::unix_time_ms();
  published_ = std::move(now);
  published_once_ = true;
  published_changes_ = clients_.changes();
  next_counts_ms_ = now_ms + kCountsMs;
  return options_.on_change(published_);
}

}  // namespace workerdb::access::tunnel
