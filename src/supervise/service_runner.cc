#include "supervise/service_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.h"

namespace workerdb::supervise {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;

namespace {

constexpr int64_t kFarMs = 60'000;
constexpr int64_t kPollWithoutPidfdMs = 20;
constexpr size_t kLastWords = 3;

// The one place where a caller's function is called: what it throws becomes an error.
Result<> call(const std::function<Result<>()>& function) {
  try {
    return function();
  } catch (const std::exception& error) {
    return Error(ErrorCode::kInternal, error.what());
  }
}

}  // namespace

void ResultInbox::put(Item item) {
  {
    MutexLock lock(mutex_);
    items_.push_back(std::move(item));
  }
  wake_();
}

std::vector<ResultInbox::Item> ResultInbox::take() {
  MutexLock lock(mutex_);
  return std::exchange(items_, {});
}

ServiceRunner::ServiceRunner(ServiceSpec spec, std::function<void()> wake,
                             std::function<void(const ServiceStatus&)> on_change)
    : spec_(std::move(spec)),
      on_change_(std::move(on_change)),
      log_(spec_.log),
      inbox_(std::make_shared<ResultInbox>(std::move(wake))),
      crashes_(spec_.restart) {
  MutexLock lock(status_mutex_);
  status_.name = spec_.name;
  status_.in_process = in_process();
  status_.since_ms = base::unix_time_ms();
  if (const auto* process = std::get_if<ProcessSpec>(&spec_.body)) status_.stop_signal = process->stop_signal;
}

ServiceStatus ServiceRunner::status() const {
  MutexLock lock(status_mutex_);
  return status_;
}

void ServiceRunner::start(int64_t now_ms) {
  if (state_ != State::kStopped && state_ != State::kFailed) return;
  crashes_.reset();
  feed(Event::kStart, now_ms);
}

void ServiceRunner::stop(int64_t now_ms) { feed(Event::kStop, now_ms); }

void ServiceRunner::hurry(int64_t now_ms) {
  hurrying_ = true;
  if (state_ == State::kStopping) deadline_ms_ = now_ms;
}

void ServiceRunner::feed(Event event, int64_t now_ms) {
  Transition row = transition(state_, event);
  bool changed = row.next != state_;
  state_ = row.next;
  for (Action action : row.actions) carry_out(action, now_ms);
  if (changed) publish(now_ms);
}

void ServiceRunner::publish(int64_t now_ms) {
  ServiceStatus copy;
  {
    MutexLock lock(status_mutex_);
    status_.state = state_;
    status_.since_ms = base::unix_time_ms();
    if (state_ == State::kReady) {
      status_.reason.clear();
      if (status_.ready_after_ms < 0) status_.ready_after_ms = now_ms - started_at_ms_;
    }
    copy = status_;
  }
  if (on_change_) on_change_(copy);
}

void ServiceRunner::carry_out(Action action, int64_t now_ms) {
  switch (action) {
    case Action::kSpawn: return spawn(now_ms);
    case Action::kPrepare: return prepare();
    case Action::kSignalStop: return signal_stop();
    case Action::kKill: return kill();
    case Action::kArmStart: deadline_ms_ = now_ms + spec_.start_timeout_ms; return;
    case Action::kArmUnhealthy: deadline_ms_ = now_ms + spec_.unhealthy_timeout_ms; return;
    case Action::kArmBackoff: deadline_ms_ = now_ms + backoff_ms_; return;
    case Action::kArmGrace: deadline_ms_ = now_ms + (hurrying_ ? 0 : spec_.stop_grace_ms); return;
    case Action::kDisarm: deadline_ms_ = -1; return;
  }
}

void ServiceRunner::spawn(int64_t now_ms) {
  ++start_number_;
  up_ = stop_posted_ = killed_ = probe_running_ = false;
  failures_in_a_row_ = 0;
  started_at_ms_ = next_probe_ms_ = now_ms;
  log_.mark();
  if (auto opened = log_.open(); !opened) log_.note(opened.error().message());
  {
    // Published by feed(), together with the state.
    MutexLock lock(status_mutex_);
    status_.restarts += status_.state == State::kBackoff ? 1 : 0;
    ++status_.starts;
    status_.started_ms = base::unix_time_ms();
    status_.ready_after_ms = -1;
  }
  if (const auto* body = std::get_if<InProcessSpec>(&spec_.body)) {
    worker_.post([inbox = inbox_, start = body->start, number = start_number_] {
      inbox->put({ResultInbox::Kind::kStarted, number, call(start)});
    });
    return;
  }
  auto started = Process::start(std::get<ProcessSpec>(spec_.body));
  if (!started) {
    // Reported through the inbox like an exit, because the row that spawns is still being carried out.
    inbox_->put({ResultInbox::Kind::kStarted, start_number_, std::move(started).error()});
    return;
  }
  process_.emplace(*std::move(started));
  up_ = true;
  MutexLock lock(status_mutex_);
  status_.process = process_->identity();
}

void ServiceRunner::prepare() {
  worker_.post([inbox = inbox_, hooks = spec_.hooks, number = start_number_] {
    for (const Hook& hook : hooks) {
      Result<> done = call(hook.run);
      if (done) continue;
      Error error = std::move(done).error().with_context(hook.name);
      return inbox->put({ResultInbox::Kind::kPrepared, number, std::move(error)});
    }
    inbox->put({ResultInbox::Kind::kPrepared, number, {}});
  });
}

void ServiceRunner::signal_stop() {
  if (process_) {
    process_->signal(std::get<ProcessSpec>(spec_.body).stop_signal);
    return;
  }
  const auto* body = std::get_if<InProcessSpec>(&spec_.body);
  if (body == nullptr || stop_posted_) return;
  stop_posted_ = true;
  worker_.post([inbox = inbox_, stop = body->stop, number = start_number_] {
    Result<> done = call([&]() -> Result<> {
      if (stop) stop();
      return {};
    });
    inbox->put({ResultInbox::Kind::kStopped, number, std::move(done)});
  });
}

void ServiceRunner::kill() {
  deadline_ms_ = -1;
  killed_ = true;
  if (process_) {
    log_.note("killed: it did not answer in time");
    process_->kill_group();
    return;
  }
  if (state_ != State::kStopping) {
    signal_stop();
    return;
  }
  // A thread cannot be killed. The others must still be stopped, so this one is left behind.
  log_.note("left behind: it did not stop in time");
  worker_.abandon();
  inbox_->put({ResultInbox::Kind::kStopped, start_number_, {}});
}

std::string ServiceRunner::last_words() const {
  std::string words;
  for (const std::string& line : log_.last_lines(kLastWords, true)) words += (words.empty() ? "" : " | ") + line;
  return words;
}

void ServiceRunner::ended(const std::string& how, int64_t now_ms) {
  bool wanted = state_ == State::kStopping;
  std::string words = last_words();
  log_.note(how);
  CrashHistory::Verdict verdict;
  if (!wanted) verdict = crashes_.record(now_ms);
  backoff_ms_ = verdict.backoff_ms;
  std::string reason;
  if (!wanted) {
    reason = verdict.give_up ? fmt::format("{} {}, {} times within {} s; it is not started again", spec_.name, how,
                                           verdict.crashes, spec_.restart.window_ms / 1000)
                             : fmt::format("{} {}; it is started again in {} ms", spec_.name, how, verdict.backoff_ms);
    if (!words.empty()) reason += "; it said last: " + words;
  }
  process_.reset();
  up_ = false;
  {
    // Published together with the state below, so that nobody sees a reason without its state.
    MutexLock lock(status_mutex_);
    status_.process = {};
    status_.reason = std::move(reason);
  }
  feed(verdict.give_up ? Event::kGaveUp : Event::kExited, now_ms);
}

void ServiceRunner::take_result(ResultInbox::Item& item, int64_t now_ms) {
  if (item.start_number != start_number_) return;
  switch (item.kind) {
    case ResultInbox::Kind::kStarted:
      up_ = item.result.has_value();
      if (!up_ && !stop_posted_) {
        log_.note(item.result.error().message());
        ended("did not start", now_ms);
      }
      return;
    case ResultInbox::Kind::kProbed: probe_running_ = false; return take_probe(item.result, now_ms);
    case ResultInbox::Kind::kPrepared:
      if (state_ != State::kPreparing) return;
      if (item.result) return feed(Event::kPrepared, now_ms);
      log_.note(item.result.error().message());
      {
        MutexLock lock(status_mutex_);
        status_.reason = fmt::format("{} runs, but was not prepared: {}", spec_.name, item.result.error().message());
      }
      return feed(Event::kPrepareFailed, now_ms);
    case ResultInbox::Kind::kStopped:
      if (is_running(state_)) ended(killed_ ? "did not answer in time" : "was stopped", now_ms);
      return;
  }
}

void ServiceRunner::take_probe(const Result<>& result, int64_t now_ms) {
  if (!is_running(state_) || state_ == State::kStopping) return;
  bool starting = state_ == State::kStarting;
  next_probe_ms_ = now_ms + (starting ? spec_.starting_probe_interval_ms : spec_.probe_interval_ms);
  if (result) {
    failures_in_a_row_ = 0;
    next_probe_ms_ = now_ms + spec_.probe_interval_ms;
    return feed(Event::kProbePassed, now_ms);
  }
  {
    MutexLock lock(status_mutex_);
    // While it starts, silence is what one expects.
    status_.probe_failures += starting ? 0 : 1;
    status_.reason = fmt::format("{}: {}", spec_.name, result.error().message());
  }
  if (starting) return;
  if (++failures_in_a_row_ > spec_.probe_failures_allowed) feed(Event::kProbeFailed, now_ms);
}

bool ServiceRunner::probes_now() const {
  return up_ && !probe_running_ &&
         (state_ == State::kStarting || state_ == State::kReady || state_ == State::kUnhealthy);
}

void ServiceRunner::maybe_probe(int64_t now_ms) {
  if (!probes_now() || now_ms < next_probe_ms_) return;
  if (!spec_.probe) {
    next_probe_ms_ = now_ms + kFarMs;
    return feed(Event::kProbePassed, now_ms);
  }
  probe_running_ = true;
  worker_.post([inbox = inbox_, probe = spec_.probe, timeout_ms = spec_.probe_timeout_ms, number = start_number_] {
    inbox->put({ResultInbox::Kind::kProbed, number, call([&] { return probe(timeout_ms); })});
  });
}

void ServiceRunner::step(int64_t now_ms) {
  for (ResultInbox::Item& item : inbox_->take()) take_result(item, now_ms);
  if (process_) {
    auto keep = [this](std::string_view bytes) { log_.append(bytes); };
    process_->drain_output(keep);
    if (auto status = process_->try_reap()) {
      process_->drain_output(keep);
      log_.finish_line();
      ended(killed_ ? "did not answer in time and was killed" : status->text(), now_ms);
    }
  }
  if (deadline_ms_ >= 0 && now_ms >= deadline_ms_) {
    deadline_ms_ = -1;
    feed(Event::kDeadline, now_ms);
  }
  maybe_probe(now_ms);
}

void ServiceRunner::add_poll_entries(std::vector<struct pollfd>& entries) const {
  if (!process_) return;
  if (process_->output() >= 0) entries.push_back({process_->output(), POLLIN, 0});
  if (process_->ended() >= 0) entries.push_back({process_->ended(), POLLIN, 0});
}

int64_t ServiceRunner::next_wake_ms(int64_t now_ms) const {
  int64_t next = now_ms + kFarMs;
  if (deadline_ms_ >= 0) next = std::min(next, deadline_ms_);
  if (probes_now()) next = std::min(next, next_probe_ms_);
  if (process_ && process_->ended() < 0) next = std::min(next, now_ms + kPollWithoutPidfdMs);
  return next;
}

}  // namespace workerdb::supervise
