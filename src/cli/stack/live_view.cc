#include "cli/stack/live_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::cli {

using supervise::ServiceStatus;
using supervise::State;

namespace {

uint16_t port_of(const std::string& service, const StackPorts& ports) {
  if (service == "postgres") return ports.postgres;
  if (service == "redis") return ports.redis;
  if (service == "control") return ports.control;
  if (service == "documents") return ports.documents;
  return 0;
}

}  // namespace

std::string service_line(const ServiceStatus& status, const StackPorts& ports, const std::string& bind_address) {
  std::string process = status.in_process        ? "in process"
                        : status.process.pid > 0 ? fmt::format("pid {}", status.process.pid)
                                                 : std::string();
  std::string time = status.ready_after_ms >= 0
                         ? fmt::format("{:.2f} s", static_cast<double>(status.ready_after_ms) / 1000)
                         : std::string();
  uint16_t port = port_of(status.name, ports);
  std::string line = fmt::format("{:<12}{:<11}{:<13}{:>9}  {}", status.name, supervise::state_name(status.state),
                                 process, time, port > 0 ? fmt::format("{}:{}", bind_address, port) : std::string());
  if (status.restarts > 0) line += fmt::format("  {} restarts", status.restarts);
  while (!line.empty() && line.back() == ' ') line.pop_back();
  bool waiting = status.state == State::kStarting || status.state == State::kReady;
  if (!status.reason.empty() && !waiting) line += "\n            " + status.reason;
  return line;
}

std::string change_sentence(const ServiceStatus& status) {
  if (status.state == State::kReady && status.ready_after_ms >= 0) {
    return fmt::format("{} is ready after {} ms", status.name, status.ready_after_ms);
  }
  std::string sentence = fmt::format("{} is {}", status.name, supervise::state_name(status.state));
  if (!status.reason.empty() && status.state != State::kStarting) sentence += ": " + status.reason;
  return sentence;
}

void LiveView::erase() {
  if (lines_drawn_ > 0) output_.out << fmt::format("\x1b[{}A\x1b[J", lines_drawn_);
  lines_drawn_ = 0;
}

void LiveView::say(const std::string& sentence) {
  if (output_.terminal) erase();
  output_.out << sentence << std::endl;
}

void LiveView::show(const std::vector<ServiceStatus>& changes, const std::vector<ServiceStatus>& all) {
  if (changes.empty()) return;
  if (!output_.terminal) {
    for (const ServiceStatus& status : changes) {
      // The steps between are for the terminal's view.
      if (status.state == State::kPreparing) continue;
      output_.out << change_sentence(status) << std::endl;
    }
    return;
  }
  erase();
  std::string text;
  for (const ServiceStatus& status : all) text += service_line(status, ports_, bind_address_) + "\n";
  lines_drawn_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  output_.out << text << std::flush;
}

}  // namespace workerdb::cli
