#include "cli/stack/redis_service.h"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "base/digest.h"
#include "base/private_file.h"
#include "cli/stack/owned_folder.h"
#include "cli/stack/ports.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::ProcessSpec;
using supervise::ServiceSpec;
using supervise::UserIdentity;

namespace {

std::string configuration_file(const DataFolder& folder) { return folder.redis() + "/redis.conf"; }
std::string users_file(const DataFolder& folder) { return folder.redis() + "/users.acl"; }

std::string password_rule(const std::string& password) { return "#" + base::sha256_hex(password); }

// A literal prefix as a pattern of Redis: glob characters lose their meaning, a star follows.
Result<std::string> pattern_of(const std::string& prefix) {
  std::string pattern;
  std::string_view text = prefix;
  if (text.ends_with('*')) text.remove_suffix(1);
  for (char character : text) {
    if (static_cast<unsigned char>(character) <= ' ' || character == 0x7f) {
      return Error(ErrorCode::kBadParameter, "a prefix of a Redis key space may hold no blanks or control characters");
    }
    if (std::string_view("*?[]\\").find(character) != std::string_view::npos) pattern += '\\';
    pattern += character;
  }
  return pattern + "*";
}

std::string name_in(std::string_view line) {
  constexpr std::string_view kWord = "user ";
  if (!line.starts_with(kWord)) return {};
  line.remove_prefix(kWord.size());
  return std::string(line.substr(0, line.find(' ')));
}

std::string resp(std::initializer_list<std::string_view> words) {
  std::string text = fmt::format("*{}\r\n", words.size());
  for (std::string_view word : words) text += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return text;
}

}  // namespace

std::string redis_configuration(const StackOptions& options, const DataFolder& folder) {
  return fmt::format(
      "# Written by workerdb at each start.\n"
      "bind {}\n"
      "port {}\n"
      "protected-mode yes\n"
      "daemonize no\n"
      "dir \"{}\"\n"
      "aclfile \"{}\"\n"
      "appendonly yes\n"
      "appendfsync everysec\n"
      "save \"\"\n"
      "maxmemory-policy noeviction\n"
      "enable-debug-command no\n"
      "enable-module-command no\n"
      "logfile \"\"\n",
      options.bind_address, options.ports.redis, folder.redis(), users_file(folder));
}

Result<std::string> redis_users(const StackOptions& options, const Secrets& secrets, std::string_view present) {
  // The default user is what redis-cli and drivers log in as: everything but running the server.
  std::string users =
      fmt::format("user {} on {} ~* &* +@all -@admin\n", kRedisDefaultUser, password_rule(secrets.redis_default));
  users += fmt::format("user {} on {} ~* &* +@all\n", kRedisAdminUser, password_rule(secrets.redis_admin));
  std::set<std::string> written = {kRedisDefaultUser, kRedisAdminUser};
  while (!present.empty()) {
    std::string_view line = present.substr(0, present.find('\n'));
    present.remove_prefix(std::min(present.size(), line.size() + 1));
    std::string name = name_in(line);
    if (name.empty() || !written.insert(name).second) continue;
    users += std::string(line) + "\n";
  }
  for (const RedisSpace& space : options.redis_spaces) {
    if (space.key_prefixes.empty() && space.channel_prefixes.empty()) continue;
    if (!written.insert(space.name).second) continue;
    auto password = secrets.redis_spaces.find(space.name);
    if (password == secrets.redis_spaces.end()) {
      return Error(ErrorCode::kIllegalState, fmt::format("the Redis user '{}' has no password", space.name));
    }
    users += fmt::format("user {} on {} resetkeys resetchannels", space.name, password_rule(password->second));
    for (const std::string& prefix : space.key_prefixes) users += " ~" + TRY(pattern_of(prefix));
    for (const std::string& prefix : space.channel_prefixes) users += " &" + TRY(pattern_of(prefix));
    // INFO is what drivers ask for when they connect.
    users += " +@all -@admin -@dangerous +info\n";
  }
  return users;
}

Result<ServiceSpec> redis_service(const StackOptions& options, const DataFolder& folder, const std::string& program,
                                  const Secrets& secrets, const std::optional<UserIdentity>& user) {
  const base::ReplaceOptions owner = owned_by(user);
  std::error_code code;
  std::string present;
  if (std::filesystem::exists(users_file(folder), code)) present = TRY(base::read_small_file(users_file(folder)));
  TRY(base::replace_private_file(users_file(folder), TRY(redis_users(options, secrets, present)), owner));
  TRY(base::replace_private_file(configuration_file(folder), redis_configuration(options, folder), owner));
  ProcessSpec process{.executable = program, .arguments = {configuration_file(folder)}};
  process.working_folder = folder.redis();
  process.user = user;
  process.death_signal = SIGTERM;  // it writes and syncs its log and ends
  ServiceSpec service{.name = kRedisService, .body = std::move(process)};
  // Read anew each time: the password may be rotated while the service runs.
  service.probe = [address = client_address(options.bind_address), port = options.ports.redis,
                   folder](int64_t timeout_ms) -> Result<> {
    return probe_redis(address, port, TRY(load_or_make_secret(folder, kRedisAdminSecret)), timeout_ms);
  };
  service.start_timeout_ms = 300'000;  // it reads all of its data first
  service.stop_grace_ms = 30'000;
  service.log.path = folder.log_file(kRedisService);
  return service;
}

Result<> probe_redis(const std::string& address, uint16_t port, const std::string& password, int64_t timeout_ms) {
  std::string request = resp({"AUTH", kRedisAdminUser, password}) + resp({"PING"});
  auto two_lines = [](std::string_view text) {
    size_t first = text.find("\r\n");
    return first != std::string_view::npos && text.find("\r\n", first + 2) != std::string_view::npos;
  };
  std::string answer = TRY(exchange(address, port, request, two_lines, timeout_ms));
  if (answer == "+OK\r\n+PONG\r\n") return {};
  return Error(ErrorCode::kStartingUp, fmt::format("it answers: {}", answer.substr(0, answer.find("\r\n"))));
}

}  // namespace workerdb::cli
