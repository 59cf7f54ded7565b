#include "cli/serve_command.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>

#include "base/private_file.h"
#include "cli/document_service.h"
#include "engine/engine.h"
#include "server/document_server.h"

namespace workerdb::cli {

using base::Result;

namespace {

constexpr int64_t kDrain_ms = 5'000;

std::string first_line(const std::string& text) { return text.substr(0, text.find_first_of("\r\n")); }

}  // namespace

Result<> run_serve(const ServeOptions& options) {
  // Blocked before any thread starts, so that only the wait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  server::DocumentServerOptions server_options;
  engine::EngineOptions engine_options = TRY(options_within_budget(options.memory_budget_bytes, server_options));
  auto engine = TRY(engine::Engine::open(options.folder, engine_options));
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.authentication = options.authentication;
  if (!options.root_password_file.empty()) {
    server_options.root_password = first_line(TRY(base::read_small_file(options.root_password_file)));
  }
  server::DocumentServer server(*engine, server_options);
  TRY(server.start());
  fmt::print("ready http://{}:{}\n", options.address, server.port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop(kDrain_ms);
  return engine->sync();
}

}  // namespace workerdb::cli
