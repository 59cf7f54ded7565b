#include "net/io_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>

#include "base/time.h"

namespace workerdb::net {
namespace {

namespace asio = boost::asio;

// One thread runs the context, which lets Asio leave out wake-ups; other threads may still post.
constexpr int kOneThread = 1;

// Often enough that the shortest timeout is kept to about a quarter.
int64_t sweep_interval(const HttpServerOptions& options) {
  const int64_t shortest =
      std::min({options.idle_timeout_ms, options.header_timeout_ms, options.body_timeout_ms, options.write_timeout_ms});
  return std::clamp<int64_t>(shortest / 4, 5, 1000);
}

}  // namespace

class IoLoop::Timer {
 public:
  explicit Timer(asio::io_context& context) : timer(context), work(asio::make_work_guard(context)) {}
  asio::steady_timer timer;
  asio::executor_work_guard<asio::io_context::executor_type> work;
};

IoLoop::IoLoop(ServerContext& server)
    : server_(server),
      context_(std::make_unique<asio::io_context>(kOneThread)),
      timer_(std::make_unique<Timer>(*context_)),
      sweep_interval_ms_(sweep_interval(server.options)) {
  read_clock();
}

IoLoop::~IoLoop() {
  stop_thread();
  members_.clear();  // their sockets need the context
  timer_.reset();
}

void IoLoop::run_thread() {
  schedule_sweep();
  thread_ = std::thread([this] { context_->run(); });
}

void IoLoop::stop_thread() {
  if (!thread_.joinable()) return;
  // Behind whatever was posted before, so that no accepted socket is lost.
  post([this] {
    abort_all();
    context_->stop();
  });
  thread_.join();
}

void IoLoop::post(std::function<void()> task) { asio::post(*context_, std::move(task)); }

void IoLoop::add(std::shared_ptr<LoopMember> member) {
  member->loop_slot_ = members_.size();
  members_.push_back(std::move(member));
}

void IoLoop::remove(LoopMember& member) {
  const size_t slot = member.loop_slot_;
  if (slot + 1 != members_.size()) {
    members_[slot] = std::move(members_.back());
    members_[slot]->loop_slot_ = slot;
  }
  members_.pop_back();
}

// A call may remove its member, which moves the last one into the slot: going backwards misses none.
void IoLoop::finish_all() {
  for (size_t slot = members_.size(); slot-- > 0;) std::shared_ptr(members_[slot])->finish();
}

void IoLoop::abort_all() {
  for (size_t slot = members_.size(); slot-- > 0;) std::shared_ptr(members_[slot])->abort();
}

void IoLoop::schedule_sweep() {
  timer_->timer.expires_after(std::chrono::milliseconds(sweep_interval_ms_));
  timer_->timer.async_wait([this](const boost::system::error_code& code) {
    if (code) return;
    sweep();
    schedule_sweep();
  });
}

void IoLoop::sweep() {
  read_clock();
  for (size_t slot = members_.size(); slot-- > 0;) std::shared_ptr(members_[slot])->check_deadline(now_ms_);
}

void IoLoop::read_clock() {
  now_ms_ = base::steady_time_ns() / 1'000'000;
  const std::time_t second = std::time(nullptr);
  if (second == date_second_) return;
  date_second_ = second;
  std::tm parts{};
  gmtime_r(&second, &parts);
  // Not strftime: the names of days and months must not follow the locale.
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  date_ = fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                      kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace workerdb::net
