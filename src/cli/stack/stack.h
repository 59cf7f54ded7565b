#pragma once
// PostgreSQL, Redis, the control port and the services of this process under one supervisor.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/stack/control_port.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/options.h"
#include "cli/stack/secrets.h"
#include "cli/stack/state_file.h"
#include "supervise/supervisor.h"

namespace workerdb::cli {

inline constexpr const char* kControlService = "control";

// A part of this process: the engine, the document server. start and stop may block; see supervise/service.h.
struct InProcessService {
  std::string name;
  std::vector<std::string> depends_on;
  std::function<base::Result<>()> start;
  std::function<void()> stop;
  supervise::Probe probe;  // empty: started means ready
};

// What the composer may rely on: the folder is prepared, locked and ours, the passwords exist; nothing runs
// yet.
struct StackContext {
  StackOptions options;
  DataFolder folder;
  Secrets secrets;
};

struct StackParts {
  std::vector<InProcessService> services;
  // Run after each start of the named service, before it counts as ready; so they must be idempotent. For
  // work that needs several stores, hook the service that depends on them, or an in-process service of its
  // own.
  std::map<std::string, std::vector<supervise::Hook>> hooks;
  std::vector<MetricsSource> metrics;
  std::map<std::string, ControlRoute> routes;  // of the control port, by path
};

using StackComposer = std::function<base::Result<StackParts>(const StackContext&)>;

struct StackEvents {
  // A sentence about what is being done ("initialising PostgreSQL"); on the caller's thread.
  std::function<void(const std::string&)> progress;
  // Each change of state; on the supervisor's thread.
  std::function<void(const supervise::ServiceStatus&)> change;
};

// Thread-safe but for construction and destruction. While it lives, run/state.json follows the services.
class Stack {
 public:
  // Everything up to the first process: checks programs, ports, folder and space, takes the lock, ends
  // children that a killed supervisor left, makes passwords, runs initdb where needed. Errors are one
  // sentence with what to do; nothing was started then.
  static base::Result<std::unique_ptr<Stack>> prepare(const StackOptions& options, const StackComposer& composer,
                                                      StackEvents events = {});
  // Stops all services in order.
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  const StackContext& context() const { return context_; }
  supervise::Supervisor& supervisor() { return *supervisor_; }
  void start();
  // Writes how long it took into the state file.
  void note_ready(int64_t after_ms);

 private:
  Stack(StackContext context, FolderLock lock, StackEvents events);
  base::Result<std::vector<supervise::ServiceSpec>> make_services(const std::optional<supervise::UserIdentity>& user,
                                                                  const std::string& postgres_programs,
                                                                  const std::string& redis_program, StackParts parts);
  supervise::ServiceSpec control_service();
  void on_change(const supervise::ServiceStatus& status);

  StackContext context_;
  FolderLock lock_;
  StackEvents events_;
  std::mutex state_mutex_;
  StackState state_;
  ControlHandler control_;
  std::unique_ptr<net::HttpServer> control_server_;  // touched by the control service's thread alone
  std::unique_ptr<supervise::Supervisor> supervisor_;
};

}  // namespace workerdb::cli
