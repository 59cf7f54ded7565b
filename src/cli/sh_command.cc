#include "cli/sh_command.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>

#include "access/context/principal.h"
#include "access/credentials/lease.h"
#include "base/private_file.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/sh/javascript_shell.h"
#include "cli/sh_guard.h"

namespace workerdb::cli {
namespace {

using base::Result;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::string> password_of(const std::string& path) {
  std::string text = TRY(base::read_small_file(path));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

// Without echo; what was set before holds again afterwards.
std::string ask_password(const std::string& user) {
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~tcflag_t(ECHO);
  fmt::print(stderr, "Password of {}: ", user);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string password;
  std::getline(std::cin, password);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  fmt::print(stderr, "\n");
  return password;
}

Result<std::string> endpoint_password(const ShOptions& options) {
  if (options.has_password || !options.authentication) return options.password;
  if (!options.password_file.empty()) return password_of(options.password_file);
  if (std::string file = environment("ARANGO_PASSWORD_FILE"); !file.empty()) return password_of(file);
  if (std::string password = environment("ARANGO_PASSWORD"); !password.empty()) return password;
  return isatty(STDIN_FILENO) == 1 ? ask_password(options.user) : std::string();
}

// What only reads is given a login that can do no more, when the context's own login may make one.
Result<> lease_login(Door& door, const std::string& database, ServerConnectionOptions& server) {
  access::LeaseScope scope;
  scope.database = database;
  auto lease = access::lease_documents(door.session().documents(), scope, access::kLongestLeaseS);
  if (!lease && lease.error().code() != base::ErrorCode::kForbidden) return std::move(lease).error();
  if (!lease) return {};
  server.user = lease->credential.user;
  server.password = lease->credential.secret.expose();
  return {};
}

Result<> use_context(const ShOptions& options, Door& door, JavaScriptShellOptions& shell) {
  const auto& documents = door.session().endpoints().documents;
  const auto first = documents.endpoints.empty() ? stores::documents::RemoteEndpoint{documents.host, documents.port}
                                                 : documents.endpoints.front();
  shell.server.host = first.host;
  shell.server.port = first.port;
  shell.context = door.context().name;
  shell.is_production = door.context().environment == base::EnvironmentClass::kProduction;
  shell.server.allow = [&door](net::HttpMethod method, std::string_view path, std::string_view body) {
    return guard_request(door, method, path, body);
  };
  bool is_own_user = options.user == "root" && !options.has_password && options.password_file.empty();
  shell.server.user = is_own_user ? documents.user : options.user;
  shell.server.password = is_own_user ? documents.password : TRY(endpoint_password(options));
  bool is_own_stack = door.context().is_local && door.principal().kind == access::PrincipalKind::kPerson;
  if (is_own_stack || options.common.write) return {};
  shell.server.read_only = true;
  return is_own_user ? lease_login(door, shell.database, shell.server) : Result<>();
}

// An endpoint has no context, so neither class nor guard nor log: that is for a person with a login of his own.
Result<> refuse_agent() {
  if (access::current_principal().kind != access::PrincipalKind::kAgent) return {};
  return base::Error(base::ErrorCode::kForbidden,
                     "an agent reaches servers by their contexts, where each access is decided and written down: leave "
                     "--server.endpoint out, and choose one of `workerdb context list` with --context");
}

Result<> use_endpoint(const ShOptions& options, JavaScriptShellOptions& shell) {
  TRY(refuse_agent());
  Endpoint endpoint = TRY(parse_endpoint(options.endpoint));
  shell.server.host = endpoint.host;
  shell.server.port = endpoint.port;
  shell.server.user = options.user;
  shell.server.password = TRY(endpoint_password(options));
  return {};
}

}  // namespace

Result<int> run_sh(const ShOptions& options) {
  JavaScriptShellOptions shell;
  shell.server.read_only = options.read_only;
  shell.database = options.database;
  std::optional<Door> door;
  if (options.endpoint.empty()) {
    door.emplace(TRY(Door::open(options.common)));
    if (shell.database.empty()) shell.database = door->database_or(access::StoreKind::kDocuments, "", "_system");
    TRY(use_context(options, *door, shell));
  } else {
    if (shell.database.empty()) shell.database = "_system";
    TRY(use_endpoint(options, shell));
  }
  shell.server.authenticates = options.authentication;
  shell.server.request_timeout_ms = int64_t(options.request_timeout_s * 1000);
  shell.server.connect_timeout_ms = int64_t(options.connection_timeout_s * 1000);
  shell.execute_strings = options.execute_strings;
  shell.execute_files = options.execute_files;
  shell.deadline_s = options.deadline_s;
  shell.memory_mib = options.memory_mib;
  shell.quiet = options.quiet;
  return run_javascript_shell(shell);
}

}  // namespace workerdb::cli
