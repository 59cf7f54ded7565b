#include "cli/stack/stack.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "cli/stack/ports.h"
#include "cli/stack/postgres_service.h"
#include "cli/stack/programs.h"
#include "cli/stack/redis_service.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::ServiceSpec;
using supervise::ServiceStatus;
using supervise::UserIdentity;

namespace {

constexpr int64_t kLeftoverGraceMs = 20'000;

// Children of a supervisor that was killed: the kernel told them to end, this waits for it and insists.
Result<> end_leftovers(const DataFolder& folder) {
  auto state = read_state(folder);
  if (!state) return {};  // nothing was written down, or nothing that makes sense
  for (const ServiceStatus& service : state->services) {
    if (service.in_process || !supervise::is_alive(service.process)) continue;
    base::log_warning("stack", "{} (pid {}) was left by a stack that was killed; it is ended", service.name,
                      service.process.pid);
    supervise::signal_process(service.process, service.stop_signal > 0 ? service.stop_signal : SIGTERM);
    if (supervise::wait_until_gone(service.process, kLeftoverGraceMs)) continue;
    supervise::signal_process(service.process, SIGKILL);
    if (supervise::wait_until_gone(service.process, kLeftoverGraceMs)) continue;
    return Error(ErrorCode::kLocked, fmt::format("{} (pid {}) of an earlier stack does not end; end it yourself",
                                                 service.name, service.process.pid));
  }
  return {};
}

void merge_hooks(std::vector<ServiceSpec>& services, StackParts& parts) {
  for (ServiceSpec& service : services) {
    auto found = parts.hooks.find(service.name);
    if (found != parts.hooks.end()) service.hooks = std::move(found->second);
  }
}

}  // namespace

Stack::Stack(StackContext context, FolderLock lock, StackEvents events)
    : context_(std::move(context)),
      lock_(std::move(lock)),
      events_(std::move(events)),
      control_([this] { return supervisor_->status(); }, base::unix_time_ms()) {
  state_.process = supervise::identify_process(::getpid()).value_or(supervise::ProcessIdentity{.pid = ::getpid()});
  state_.bind_address = context_.options.bind_address;
  state_.ports = context_.options.ports;
  state_.started_ms = base::unix_time_ms();
}

Result<std::unique_ptr<Stack>> Stack::prepare(const StackOptions& options, const StackComposer& composer,
                                              StackEvents events) {
  auto say = [&](const std::string& sentence) {
    if (events.progress) events.progress(sentence);
  };
  std::string postgres_programs = options.with_postgres ? TRY(find_postgres_programs()) : "";
  std::string redis_program = options.with_redis ? TRY(find_redis_server()) : "";
  std::optional<UserIdentity> user;
  if (options.with_postgres || options.with_redis) user = TRY(ordinary_user(options.user));
  DataFolder folder = TRY(prepare_data_folder(options.data_folder, user));
  FolderLock lock = TRY(FolderLock::take(folder));
  TRY(end_leftovers(folder));
  TRY(check_ports(options));
  Secrets secrets = TRY(load_or_make_secrets(folder, options));
  TRY(write_connection_files(folder, options, secrets));
  if (options.with_postgres && TRY(needs_initdb(folder))) {
    say("initialising PostgreSQL");
    TRY(run_initdb(folder, postgres_programs, secrets, user));
  }
  std::unique_ptr<Stack> stack(new Stack({options, folder, secrets}, std::move(lock), std::move(events)));
  stack->context_.options.data_folder = folder.path;
  StackParts parts;
  if (composer) parts = TRY(composer(stack->context_));
  auto services = TRY(stack->make_services(user, postgres_programs, redis_program, std::move(parts)));
  stack->supervisor_ = TRY(supervise::Supervisor::create(
      std::move(services), [self = stack.get()](const ServiceStatus& status) { self->on_change(status); }));
  return stack;
}

Stack::~Stack() {
  // Before anything that the services and on_change() use goes away.
  if (supervisor_ == nullptr) return;
  supervisor_->begin_stop();
  while (!supervisor_->wait_until_stopped(60'000)) {
  }
}

Result<std::vector<ServiceSpec>> Stack::make_services(const std::optional<UserIdentity>& user,
                                                      const std::string& postgres_programs,
                                                      const std::string& redis_program, StackParts parts) {
  std::vector<ServiceSpec> services;
  const StackOptions& options = context_.options;
  if (options.with_postgres) {
    services.push_back(TRY(postgres_service(options, context_.folder, postgres_programs, user)));
  }
  if (options.with_redis) {
    services.push_back(TRY(redis_service(options, context_.folder, redis_program, context_.secrets, user)));
  }
  for (InProcessService& part : parts.services) {
    ServiceSpec service{.name = part.name};
    service.body = supervise::InProcessSpec{std::move(part.start), std::move(part.stop)};
    service.depends_on = std::move(part.depends_on);
    service.probe = std::move(part.probe);
    service.log.path = context_.folder.log_file(part.name);
    // What cannot open its data or its port now rarely can a moment later: say it soon.
    service.restart.crashes_allowed = 2;
    service.stop_grace_ms = 60'000;
    services.push_back(std::move(service));
  }
  services.push_back(control_service());
  merge_hooks(services, parts);
  for (MetricsSource& source : parts.metrics) control_.add_metrics(std::move(source));
  for (auto& [path, route] : parts.routes) control_.add_route(path, std::move(route));
  return services;
}

ServiceSpec Stack::control_service() {
  ServiceSpec service{.name = kControlService};
  auto start = [this]() -> Result<> {
    net::HttpServerOptions options;
    options.address = context_.options.bind_address;
    options.port = context_.options.ports.control;
    options.io_threads = 1;
    options.worker_threads = 12;  // more than all routes use at once, so that /health always answers
    options.max_connections = 64;
    options.limits.body_bytes = (1 << 20) + 4096;
    options.total_body_bytes = 32 << 20;
    control_server_ = std::make_unique<net::HttpServer>(options, control_);
    return control_server_->start();
  };
  auto stop = [this] { control_server_.reset(); };
  service.body = supervise::InProcessSpec{start, stop};
  service.log.path = context_.folder.log_file(kControlService);
  return service;
}

void Stack::start() { supervisor_->start(); }

void Stack::note_ready(int64_t after_ms) {
  std::lock_guard lock(state_mutex_);
  state_.ready_after_ms = after_ms;
  state_.services = supervisor_->status();
  (void)write_state(context_.folder, state_);
}

void Stack::on_change(const ServiceStatus& status) {
  {
    std::lock_guard lock(state_mutex_);
    state_.services = supervisor_->status();
    // A disk that is full must not stop what runs; status then shows what was last written.
    (void)write_state(context_.folder, state_);
  }
  if (events_.change) events_.change(status);
}

}  // namespace workerdb::cli
