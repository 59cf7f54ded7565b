#include "access/tunnel/links.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::access::tunnel {

using supervise::State;

namespace {

constexpr int64_t kReadyPollMs = 10;
constexpr int64_t kShortestSilencePollMs = 50;
constexpr int64_t kLongestSilencePollMs = 1000;
constexpr int64_t kAttemptTimeoutMs = 15'000;
constexpr int64_t kYoungOutageMs = 10'000;
constexpr int64_t kWantedPauseMs = 500;
// An attempt may hang on a lost packet for seconds (TCP doubles its pauses), so another one starts beside it.
constexpr size_t kMostAttemptsAtOnce = 3;
constexpr int64_t kShortestHeadStartMs = 1000;
constexpr int64_t kLongestHeadStartMs = 5000;
// A link that lived this long was no failed attempt.
constexpr int64_t kStableMs = 1000;

}  // namespace

Links::Links(EventLoop& loop, const TunnelSpec& spec, Starter start, int64_t now_ms)
    : loop_(loop),
      spec_(spec),
      start_(std::move(start)),
      pace_(std::random_device{}()),
      outage_since_ms_(now_ms),
      next_attempt_ms_(now_ms) {}

Links::~Links() { remove_all_but(nullptr); }

void Links::step(int64_t now_ms, bool wanted) {
  step_links(now_ms, wanted);
  check_silence(now_ms);
  maybe_start(now_ms, wanted);
}

void Links::step_links(int64_t now_ms, bool wanted) {
  for (size_t index = 0; index < links_.size();) {
    SshLink* link = links_[index].get();
    bool was_ready = link->is_ready();
    if (!link->step(now_ms)) {
      note_end(*link, now_ms, wanted);
      remove(link);
    } else if (!was_ready && link->is_ready()) {
      if (way_on() == nullptr) {
        promote(link, now_ms);
      } else {
        remove(link);
      }
      return;  // both change the list; the rest has its turn in the next round
    } else if (!link->is_ready() && now_ms - link->started_ms() > kAttemptTimeoutMs) {
      note_setback(Setback::kUnreachable,
                   fmt::format("ssh to '{}' was not ready after {} s", spec_.ssh_host, kAttemptTimeoutMs / 1000),
                   now_ms, wanted);
      remove(link);
    } else {
      ++index;
    }
  }
}

void Links::note_end(const SshLink& link, int64_t now_ms, bool wanted) {
  SshLink::End end = link.end(spec_);
  if (&link != active_) {
    if (way_on() == nullptr) note_setback(end.setback, std::move(end.reason), now_ms, wanted);
    return;
  }
  reason_ = fmt::format("the connection ended: {}", end.reason);
  if (!silent_) outage_since_ms_ = now_ms;
  if (now_ms - link.started_ms() - link.ready_after_ms() >= kStableMs) {
    pace_.reset();
    next_attempt_ms_ = std::min(next_attempt_ms_, now_ms);
  } else {
    next_attempt_ms_ = now_ms + pace_.pause_ms(Setback::kUnreachable, wanted, 0);
  }
}

void Links::note_setback(Setback setback, std::string reason, int64_t now_ms, bool wanted) {
  reason_ = std::move(reason);
  refused_ = setback == Setback::kRefused;
  next_attempt_ms_ = now_ms + pace_.pause_ms(setback, wanted, now_ms - outage_since_ms_);
}

void Links::promote(SshLink* link, int64_t now_ms) {
  active_ = link;
  remove_all_but(link);
  silent_ = refused_ = false;
  reason_.clear();
  last_ready_after_ms_ = link->ready_after_ms();
  if (connects_++ > 0) last_outage_ms_ = now_ms - outage_since_ms_;
  way_on_ = {link->number(), {}};
  for (size_t index = 0; index < spec_.forwards.size(); ++index) way_on_.sockets.push_back(link->socket(index));
  next_silence_check_ms_ = now_ms;
}

void Links::check_silence(int64_t now_ms) {
  if (active_ == nullptr || now_ms < next_silence_check_ms_) return;
  // Healthy, that is about once a second; and a silence is seen when it is due.
  int64_t due_in_ms = active_->silent_in_ms().value_or(kLongestSilencePollMs);
  next_silence_check_ms_ = now_ms + std::clamp(due_in_ms, kShortestSilencePollMs, kLongestSilencePollMs);
  bool silent = due_in_ms <= 0;
  if (silent == silent_) return;
  silent_ = silent;
  if (silent) {
    reason_ = fmt::format("'{}' is silent; a second connection is tried beside the first", spec_.ssh_host);
    outage_since_ms_ = now_ms;
    next_attempt_ms_ = now_ms;
  } else {
    // It only was slow: its connections have lost nothing.
    reason_.clear();
    last_outage_ms_ = now_ms - outage_since_ms_;
    remove_all_but(active_);
  }
}

void Links::maybe_start(int64_t now_ms, bool wanted) {
  if (way_on() != nullptr) return;
  if (wanted && !refused_ && starting() == 0) {
    next_attempt_ms_ = std::min(next_attempt_ms_, std::max(now_ms, last_attempt_ms_ + kWantedPauseMs));
  }
  bool hurry = wanted || now_ms - outage_since_ms_ < kYoungOutageMs;
  if (now_ms < next_attempt_ms_ || starting() >= (hurry && !refused_ ? kMostAttemptsAtOnce : 1)) return;
  last_attempt_ms_ = now_ms;
  auto link = start_(++attempts_, now_ms);
  if (!link) return note_setback(Setback::kRefused, link.error().message(), now_ms, wanted);
  links_.push_back(std::make_unique<SshLink>(*std::move(link)));
  if (links_.back()->ended() >= 0) loop_.watch(links_.back()->ended(), EPOLLIN, [](uint32_t) {});
  next_attempt_ms_ = now_ms + std::clamp(2 * last_ready_after_ms_, kShortestHeadStartMs, kLongestHeadStartMs);
}

void Links::remove(const SshLink* link) {
  auto found = std::find_if(links_.begin(), links_.end(), [link](const auto& held) { return held.get() == link; });
  if (found == links_.end()) return;
  loop_.unwatch(link->ended());
  gone_.push_back(link->number());
  if (active_ == link) {
    active_ = nullptr;
    silent_ = false;
  }
  links_.erase(found);
}

void Links::remove_all_but(const SshLink* link) {
  for (size_t index = links_.size(); index-- > 0;) {
    if (links_[index].get() != link) remove(links_[index].get());
  }
}

int64_t Links::next_wake_ms(int64_t now_ms) const {
  int64_t next = INT64_MAX;
  if (starting() > 0) next = now_ms + kReadyPollMs;
  if (active_ != nullptr) next = std::min(next, next_silence_check_ms_);
  if (way_on() == nullptr) next = std::min(next, std::max(next_attempt_ms_, now_ms + kReadyPollMs));
  return next;
}

State Links::state() const {
  if (active_ != nullptr) return silent_ ? State::kUnhealthy : State::kReady;
  if (refused_) return State::kFailed;
  return connects_ == 0 ? State::kStarting : State::kBackoff;
}

supervise::ProcessIdentity Links::process() const {
  return active_ != nullptr ? active_->identity() : supervise::ProcessIdentity{};
}

}  // namespace workerdb::access::tunnel
