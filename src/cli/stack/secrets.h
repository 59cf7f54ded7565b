#pragma once
// The passwords of a stack: made once, kept in files of mode 0600, never printed and never logged.
#include <map>
#include <string>

#include "base/result.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

// 32 letters and digits (190 bits) each: they need no quoting in URLs, shells and configuration files.
struct Secrets {
  std::string documents_root;
  std::string postgres_superuser;
  std::string postgres_app;
  std::string redis_default;
  std::string redis_admin;
  std::map<std::string, std::string> redis_spaces;  // by user
};

// Files in DIR/secrets, beside the passwords themselves.
std::string secret_file(const DataFolder& folder, const std::string& name);
inline constexpr const char* kDocumentsRootSecret = "documents-root";
inline constexpr const char* kPostgresSuperuserSecret = "postgres-superuser";
inline constexpr const char* kPostgresAppSecret = "postgres-app";
inline constexpr const char* kRedisDefaultSecret = "redis-default";
inline constexpr const char* kRedisAdminSecret = "redis-admin";
inline constexpr const char* kPgpassFile = "pgpass";
inline constexpr const char* kDatabaseUrlFile = "database-url";
inline constexpr const char* kRedisUrlFile = "redis-url";

// One more password under a name of the caller's ("redis-space-event-bus"): letters, digits, '_' and '-'.
base::Result<std::string> load_or_make_secret(const DataFolder& folder, const std::string& name);
// A new password, 32 letters and digits.
std::string make_secret();
// What is there is kept, what is missing is made. Fails with kBadParameter on a bad name of a key space.
base::Result<Secrets> load_or_make_secrets(const DataFolder& folder, const StackOptions& options);
// The files that contain passwords and ports together: pgpass and the connection strings.
base::Result<> write_connection_files(const DataFolder& folder, const StackOptions& options, const Secrets& secrets);

}  // namespace workerdb::cli
