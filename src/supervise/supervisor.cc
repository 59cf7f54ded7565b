#include "supervise/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/time.h"
#include "supervise/dependency_order.h"
#include "supervise/service_runner.h"

namespace workerdb::supervise {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;

namespace {

int64_t steady_ms() { return base::steady_time_ns() / 1'000'000; }

bool is_down(State state) { return state == State::kStopped || state == State::kFailed; }

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

// Gets the loop out of its poll(). Shared with the services' threads, one of which may hang and outlive us.
class WakeUp {
 public:
  WakeUp() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~WakeUp() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  int descriptor() const { return descriptor_; }
  void ring() const { ::eventfd_write(descriptor_, 1); }
  void silence() const {
    eventfd_t count = 0;
    ::eventfd_read(descriptor_, &count);
  }

 private:
  int descriptor_;
};

Supervisor::Supervisor(std::function<void(const ServiceStatus&)> on_change)
    : on_change_(std::move(on_change)), wake_(std::make_shared<WakeUp>()) {}

Result<std::unique_ptr<Supervisor>> Supervisor::create(std::vector<ServiceSpec> services,
                                                       std::function<void(const ServiceStatus&)> on_change) {
  std::vector<Dependencies> dependencies;
  for (const ServiceSpec& service : services) dependencies.push_back({service.name, service.depends_on});
  std::vector<size_t> order = TRY(start_order(dependencies));
  std::unique_ptr<Supervisor> supervisor(new Supervisor(std::move(on_change)));
  if (supervisor->wake_->descriptor() < 0) return Error(ErrorCode::kSysError, "cannot make an event descriptor");
  Supervisor* self = supervisor.get();
  for (size_t index : order) {
    supervisor->services_.push_back(std::make_unique<ServiceRunner>(
        std::move(services[index]), [wake = self->wake_] { wake->ring(); },
        [self](const ServiceStatus& status) {
          if (self->on_change_) self->on_change_(status);
          self->note_change(status);
        }));
  }
  supervisor->launched_.resize(order.size(), false);
  supervisor->loop_ = std::thread(&Supervisor::run, self);
  return supervisor;
}

Supervisor::~Supervisor() {
  begin_stop();
  if (loop_.joinable()) loop_.join();
}

void Supervisor::note_change(const ServiceStatus& status) {
  {
    MutexLock lock(mutex_);
    ++changes_;
    announced_[status.name] = status.state;
  }
  changed_.notify_all();
}

void Supervisor::start() {
  wanted_ = true;
  wake_->ring();
}

void Supervisor::begin_stop() {
  stopping_ = true;
  wake_->ring();
}

void Supervisor::hurry() {
  hurrying_ = true;
  wake_->ring();
}

const ServiceRunner* Supervisor::find(const std::string& name) const {
  for (const auto& service : services_) {
    if (service->spec().name == name) return service.get();
  }
  return nullptr;
}

std::vector<ServiceStatus> Supervisor::status() const {
  std::vector<ServiceStatus> all;
  for (const auto& service : services_) all.push_back(service->status());
  return all;
}

std::vector<std::string> Supervisor::last_lines(const std::string& service, size_t count) const {
  const ServiceRunner* found = find(service);
  return found == nullptr ? std::vector<std::string>{} : found->log().last_lines(count);
}

Result<> Supervisor::wait_until_ready(int64_t timeout_ms) const {
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    int64_t seen = 0;
    std::map<std::string, State> announced;
    {
      MutexLock lock(mutex_);
      seen = changes_;
      announced = announced_;
      if (stopped_) return Error(ErrorCode::kShuttingDown, "the services were stopped before all were ready");
    }
    std::string missing;
    for (const ServiceStatus& status : this->status()) {
      if (status.state == State::kReady && announced[status.name] == State::kReady) continue;
      if (status.state == State::kFailed || status.state == State::kUnprepared) {
        return Error(ErrorCode::kIllegalState, status.reason);
      }
      missing += fmt::format("{}{} is {}", missing.empty() ? "" : ", ", status.name, state_name(status.state));
      if (!status.reason.empty()) missing += " (" + status.reason + ")";
    }
    if (missing.empty()) return {};
    MutexLock lock(mutex_);
    while (changes_ == seen && !stopped_) {
      if (changed_.wait_until(lock, end) == std::cv_status::timeout) {
        return Error(ErrorCode::kLockTimeout, fmt::format("not ready after {} ms: {}", timeout_ms, missing));
      }
    }
  }
}

bool Supervisor::wait_until_stopped(int64_t timeout_ms) const {
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  MutexLock lock(mutex_);
  while (!stopped_) {
    if (changed_.wait_until(lock, end) == std::cv_status::timeout) return stopped_;
  }
  return true;
}

void Supervisor::start_what_can_start(int64_t now_ms) {
  for (size_t index = 0; index < services_.size(); ++index) {
    if (launched_[index]) continue;
    bool free = true;
    for (const std::string& needed : services_[index]->spec().depends_on) {
      free = free && find(needed)->state() == State::kReady;
    }
    if (!free) continue;
    launched_[index] = true;
    services_[index]->start(now_ms);
  }
}

bool Supervisor::stop_what_can_stop(int64_t now_ms) {
  bool all_down = true;
  for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
    if (hurrying_) (*service)->hurry(now_ms);
    if (is_down((*service)->state())) continue;
    bool needed = false;
    for (const auto& other : services_) {
      needed = needed || (!is_down(other->state()) && contains(other->spec().depends_on, (*service)->spec().name));
    }
    if (!needed) (*service)->stop(now_ms);
    all_down = all_down && is_down((*service)->state());
  }
  return all_down;
}

void Supervisor::wait_for_work(int64_t now_ms) {
  std::vector<struct pollfd> entries = {{wake_->descriptor(), POLLIN, 0}};
  int64_t wake_ms = INT64_MAX;
  for (const auto& service : services_) {
    service->add_poll_entries(entries);
    wake_ms = std::min(wake_ms, service->next_wake_ms(now_ms));
  }
  int64_t wait_ms = services_.empty() ? -1 : std::max<int64_t>(0, wake_ms - now_ms);
  ::poll(entries.data(), entries.size(), static_cast<int>(wait_ms));
  wake_->silence();
}

void Supervisor::run() {
  while (true) {
    int64_t now_ms = steady_ms();
    for (const auto& service : services_) service->step(now_ms);
    if (stopping_) {
      if (stop_what_can_stop(now_ms)) break;
    } else if (wanted_) {
      start_what_can_start(now_ms);
    }
    wait_for_work(now_ms);
  }
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

}  // namespace workerdb::supervise
