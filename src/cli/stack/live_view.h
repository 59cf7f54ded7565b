#pragma once
// How the state of services is shown to people.
#include <string>
#include <vector>

#include "cli/stack/options.h"
#include "supervise/service.h"

namespace workerdb::cli {

// "postgres    ready      pid 123   0.4 s   127.0.0.1:5432", with the reason below when there is one.
std::string service_line(const supervise::ServiceStatus& status, const StackPorts& ports,
                         const std::string& bind_address);
// One sentence about a change: "postgres is ready after 412 ms", "redis is in backoff: ...".
std::string change_sentence(const supervise::ServiceStatus& status);

// On a terminal: the services' lines, drawn over as they change. Elsewhere: sentences. One thread.
class LiveView {
 public:
  LiveView(const Output& output, StackPorts ports, std::string bind_address)
      : output_(output), ports_(ports), bind_address_(std::move(bind_address)) {}

  // `changes` since the last call, in order, and how things stand.
  void show(const std::vector<supervise::ServiceStatus>& changes, const std::vector<supervise::ServiceStatus>& all);
  // A sentence that stays.
  void say(const std::string& sentence);

 private:
  void erase();

  const Output& output_;
  const StackPorts ports_;
  const std::string bind_address_;
  int lines_drawn_ = 0;
};

}  // namespace workerdb::cli
