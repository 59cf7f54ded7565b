#include "cli/sh_command.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/composition.h"
#include "cli/output.h"
#include "cli/sh/javascript_shell.h"
#include "cli/stack/private_file.h"

namespace workerdb::cli {
namespace {

using base::Result;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::string> password_of(const std::string& path) {
  std::string text = TRY(read_file(path));
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

Result<> set_server(const ShOptions& options, JavaScriptShellOptions& shell) {
  if (!options.endpoint.empty()) {
    Endpoint endpoint = TRY(parse_endpoint(options.endpoint));
    shell.server.host = endpoint.host;
    shell.server.port = endpoint.port;
    shell.server.user = options.user;
    shell.server.password = TRY(endpoint_password(options));
    return {};
  }
  auto documents = TRY(stack_endpoints(options.data_folder)).documents;
  shell.server.host = documents.host;
  shell.server.port = documents.port;
  shell.server.user = options.user;
  shell.context = "local";
  bool is_own_user = options.user == documents.user && !options.has_password && options.password_file.empty();
  shell.server.password = is_own_user ? documents.password : TRY(endpoint_password(options));
  return {};
}

}  // namespace

Result<int> run_sh(const ShOptions& options) {
  JavaScriptShellOptions shell;
  TRY(set_server(options, shell));
  shell.server.authenticates = options.authentication;
  shell.server.request_timeout_ms = int64_t(options.request_timeout_s * 1000);
  shell.server.connect_timeout_ms = int64_t(options.connection_timeout_s * 1000);
  shell.server.read_only = options.read_only;
  shell.database = options.database;
  shell.execute_strings = options.execute_strings;
  shell.execute_files = options.execute_files;
  shell.deadline_s = options.deadline_s;
  shell.memory_mib = options.memory_mib;
  shell.quiet = options.quiet;
  return run_javascript_shell(shell);
}

}  // namespace workerdb::cli
