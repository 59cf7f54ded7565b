#pragma once
// What a stack is made of: the folder, the ports, the users.
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace workerdb::cli {

struct StackPorts {
  uint16_t documents = 8529;
  uint16_t postgres = 5432;
  uint16_t redis = 6379;
  uint16_t control = 8530;
};

// A Redis user that sees its own keys and channels and nothing else. A user that Redis knows already (the
// catalog may have shaped it further) stays as it is; without any prefix only its password is made.
struct RedisSpace {
  std::string name;  // of the user: letters, digits, '_' and '-'
  std::vector<std::string> key_prefixes;
  std::vector<std::string> channel_prefixes;
};

struct StackOptions {
  std::string data_folder;
  StackPorts ports;
  std::string bind_address = "127.0.0.1";
  // Whom PostgreSQL and Redis run as when the stack is started by root; empty: `postgres`, which the package
  // creates. Meaningless for an ordinary user.
  std::string user;
  std::vector<RedisSpace> redis_spaces;
  // Settings of PostgreSQL beside our own: {"shared_buffers", "1GB"}.
  std::vector<std::pair<std::string, std::string>> postgres_settings;
  uint64_t documents_memory_budget_bytes = 0;  // of the document engine and its server; 0: no common bound
  bool with_postgres = true;
  bool with_redis = true;
};

// The logins. Their passwords are in the data folder (secrets.h). The app role is made by the catalog's
// apply, all others by the stack.
inline constexpr const char* kDocumentsRootUser = "root";
inline constexpr const char* kPostgresSuperuser = "postgres";
inline constexpr const char* kPostgresAppRole = "flowmaster_app";
inline constexpr const char* kRedisDefaultUser = "default";
inline constexpr const char* kRedisAdminUser = "workerdb_admin";

// Where a command writes. `terminal`: out is one, so lines may be drawn over.
struct Output {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;
};

}  // namespace workerdb::cli
