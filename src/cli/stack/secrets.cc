#include "cli/stack/secrets.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/private_file.h"
#include "base/random.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kPasswordLength = 32;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool is_space_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name != kRedisDefaultUser && name != kRedisAdminUser &&
         std::all_of(name.begin(), name.end(), [](char character) {
           return kAlphabet.find(character) != std::string_view::npos || character == '_' || character == '-';
         });
}

}  // namespace

std::string make_secret() { return base::random_letters(kAlphabet, kPasswordLength); }

std::string secret_file(const DataFolder& folder, const std::string& name) { return folder.secrets() + "/" + name; }

Result<std::string> load_or_make_secret(const DataFolder& folder, const std::string& name) {
  std::string path = secret_file(folder, name);
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    std::string password = make_secret();
    TRY(base::replace_private_file(path, password));
    return password;
  }
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 077) != 0) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("'{}' can be read or changed by others; put it right with `chmod 600` and change the "
                             "password",
                             path));
  }
  std::string password = TRY(base::read_small_file(path));
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
  bool plain = std::all_of(password.begin(), password.end(),
                           [](char character) { return kAlphabet.find(character) != std::string_view::npos; });
  if (password.empty() || !plain) {
    return Error(ErrorCode::kBadParameter, fmt::format("'{}' must hold letters and digits only", path));
  }
  return password;
}

Result<Secrets> load_or_make_secrets(const DataFolder& folder, const StackOptions& options) {
  Secrets secrets;
  secrets.documents_root = TRY(load_or_make_secret(folder, kDocumentsRootSecret));
  secrets.postgres_superuser = TRY(load_or_make_secret(folder, kPostgresSuperuserSecret));
  secrets.postgres_app = TRY(load_or_make_secret(folder, kPostgresAppSecret));
  secrets.redis_default = TRY(load_or_make_secret(folder, kRedisDefaultSecret));
  secrets.redis_admin = TRY(load_or_make_secret(folder, kRedisAdminSecret));
  for (const RedisSpace& space : options.redis_spaces) {
    if (!is_space_name(space.name)) {
      return Error(ErrorCode::kBadParameter,
                   fmt::format("'{}' cannot be a Redis user: letters, digits, '_' and '-', at most 64, not one of "
                               "workerdb's own",
                               space.name));
    }
    secrets.redis_spaces[space.name] = TRY(load_or_make_secret(folder, "redis-space-" + space.name));
  }
  return secrets;
}

Result<> write_connection_files(const DataFolder& folder, const StackOptions& options, const Secrets& secrets) {
  const std::string host = options.bind_address;
  std::string pgpass;
  // libpq compares the host as it was typed, so each usual spelling has its line.
  for (const std::string& spelling : {host, std::string("127.0.0.1"), std::string("localhost"), folder.sockets()}) {
    pgpass += fmt::format("{}:{}:*:{}:{}\n", spelling, options.ports.postgres, kPostgresAppRole, secrets.postgres_app);
    pgpass += fmt::format("{}:{}:*:{}:{}\n", spelling, options.ports.postgres, kPostgresSuperuser,
                          secrets.postgres_superuser);
  }
  TRY(base::replace_private_file(secret_file(folder, kPgpassFile), pgpass));
  TRY(base::replace_private_file(secret_file(folder, kDatabaseUrlFile),
                                 fmt::format("postgresql://{}:{}@{}:{}/flowmaster_core", kPostgresAppRole,
                                             secrets.postgres_app, host, options.ports.postgres)));
  return base::replace_private_file(
      secret_file(folder, kRedisUrlFile),
      fmt::format("redis://{}:{}@{}:{}/0", kRedisDefaultUser, secrets.redis_default, host, options.ports.redis));
}

}  // namespace workerdb::cli
