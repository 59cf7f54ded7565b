#include "cli/stack/postgres_service.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <filesystem>

#include "base/private_file.h"
#include "cli/stack/owned_folder.h"
#include "cli/stack/ports.h"
#include "cli/stack/programs.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::ProcessSpec;
using supervise::ServiceSpec;
using supervise::UserIdentity;

namespace {

constexpr int64_t kInitdbTimeoutMs = 180'000;

std::string new_data(const DataFolder& folder) { return folder.postgres() + "/data.new"; }
std::string rules_file(const DataFolder& folder) { return folder.postgres() + "/pg_hba.conf"; }

std::string access_rules(const std::string& bind_address) {
  std::string rules =
      "# Written by workerdb at each start.\n"
      "local all all scram-sha-256\n"
      "host all all 127.0.0.1/32 scram-sha-256\n"
      "host all all ::1/128 scram-sha-256\n";
  if (bind_address != "127.0.0.1" && bind_address != "::1") {
    rules += "host all all 0.0.0.0/0 scram-sha-256\nhost all all ::/0 scram-sha-256\n";
  }
  return rules;
}

// A Unix socket's path has its limit (unix(7)); a longer one would keep the server from starting. In quotes,
// as the setting is a list; a data folder's name holds none.
std::string socket_folder(const DataFolder& folder) {
  constexpr size_t kLongestName = sizeof("/.s.PGSQL.65535.lock");
  bool fits = folder.sockets().size() + kLongestName < sizeof(sockaddr_un::sun_path);
  return fits ? "\"" + folder.sockets() + "\"" : "";
}

}  // namespace

Result<bool> needs_initdb(const DataFolder& folder) {
  std::error_code code;
  if (!std::filesystem::exists(folder.postgres_data(), code)) return true;
  auto version = base::read_small_file(folder.postgres_data() + "/PG_VERSION");
  if (!version) {
    return Error(
        ErrorCode::kForbidden,
        fmt::format("'{}' is not a data folder of PostgreSQL; move it away and start again", folder.postgres_data()));
  }
  std::string found = version->substr(0, version->find('\n'));
  if (found == std::to_string(kPostgresMajor)) return false;
  return Error(ErrorCode::kForbidden,
               fmt::format("'{}' was made by PostgreSQL {} and this program runs PostgreSQL {}; convert it with "
                           "pg_upgrade or choose another folder with --data",
                           folder.postgres_data(), found, kPostgresMajor));
}

Result<> run_initdb(const DataFolder& folder, const std::string& programs, const Secrets& secrets,
                    const std::optional<UserIdentity>& user) {
  std::error_code code;
  std::filesystem::remove_all(new_data(folder), code);
  std::string password_file = folder.postgres() + "/password";
  TRY(base::replace_private_file(password_file, secrets.postgres_superuser + "\n", owned_by(user)));
  ProcessSpec spec{.executable = programs + "/initdb"};
  spec.arguments = {"-D",
                    new_data(folder),
                    "-U",
                    kPostgresSuperuser,
                    "--pwfile",
                    password_file,
                    "--auth-local=scram-sha-256",
                    "--auth-host=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--data-checksums",
                    "--no-instructions"};
  spec.working_folder = folder.postgres();
  spec.user = user;
  auto completed = supervise::run_to_end(spec, kInitdbTimeoutMs);
  std::filesystem::remove(password_file, code);
  if (!completed) return std::move(completed).error();
  if (!completed->status.clean()) {
    std::filesystem::remove_all(new_data(folder), code);
    std::string_view said = completed->output;
    bool full = said.find("No space left") != std::string_view::npos;
    return Error(
        full ? ErrorCode::kFilesystemFull : ErrorCode::kSysError,
        fmt::format("initdb {}{}; it said: {}", completed->status.text(),
                    full ? " because the disk is full; free some space or choose another folder with --data" : "",
                    said.substr(said.size() > 500 ? said.size() - 500 : 0)));
  }
  std::filesystem::rename(new_data(folder), folder.postgres_data(), code);
  if (code) {
    return Error(ErrorCode::kCannotWriteFile,
                 fmt::format("cannot create '{}': {}", folder.postgres_data(), code.message()));
  }
  return {};
}

Result<ServiceSpec> postgres_service(const StackOptions& options, const DataFolder& folder, const std::string& programs,
                                     const std::optional<UserIdentity>& user) {
  TRY(base::replace_private_file(rules_file(folder), access_rules(options.bind_address), owned_by(user)));
  ProcessSpec process{.executable = programs + "/postgres"};
  process.arguments = {"-D", folder.postgres_data(), "-p", std::to_string(options.ports.postgres)};
  std::vector<std::pair<std::string, std::string>> settings = {
      {"listen_addresses", options.bind_address},
      {"unix_socket_directories", socket_folder(folder)},
      {"hba_file", rules_file(folder)},
      {"password_encryption", "scram-sha-256"},
      // A failed statement, its values and its DETAIL belong to who sent it, not into a file.
      {"log_min_messages", "log"},
      {"log_destination", "stderr"},
      {"logging_collector", "off"},
      {"log_line_prefix", "[%p] "}};
  settings.insert(settings.end(), options.postgres_settings.begin(), options.postgres_settings.end());
  for (const auto& [name, value] : settings) {
    process.arguments.insert(process.arguments.end(), {"-c", name + "=" + value});
  }
  process.working_folder = folder.postgres();
  process.user = user;
  process.stop_signal = SIGINT;   // fast shutdown: open sessions are ended, everything is written
  process.death_signal = SIGINT;  // the same when we are killed
  ServiceSpec service{.name = kPostgresService, .body = std::move(process)};
  service.probe = [address = client_address(options.bind_address), port = options.ports.postgres](int64_t timeout_ms) {
    return probe_postgres(address, port, timeout_ms);
  };
  service.start_timeout_ms = 300'000;  // recovery after a crash replays the log
  service.stop_grace_ms = 60'000;
  service.log.path = folder.log_file(kPostgresService);
  return service;
}

Result<> probe_postgres(const std::string& address, uint16_t port, int64_t timeout_ms) {
  // Int32 length, Int32 protocol 3.0, name and value pairs, a zero byte.
  std::string body("\0\3\0\0user\0postgres\0database\0postgres\0\0", 4 + 5 + 9 + 9 + 9 + 1);
  std::string packet(4, '\0');
  packet[3] = static_cast<char>(body.size() + 4);
  packet += body;
  std::string answer = TRY(exchange(
      address, port, packet,
      [](std::string_view text) {
        return text.size() >= 9 && (text[0] == 'R' || text.size() > 4u + static_cast<unsigned char>(text[4]));
      },
      timeout_ms));
  if (answer[0] == 'R') return {};
  // An ErrorResponse: fields of one type byte and a text each; 'C' is the SQLSTATE, 57P03 "cannot connect
  // now".
  bool starting = answer.find(std::string_view("C57P03\0", 7)) != std::string::npos;
  return Error(ErrorCode::kStartingUp, starting ? "it is starting up or shutting down" : "it refuses connections");
}

}  // namespace workerdb::cli
