#include "cli/stack/env.h"

#include <fmt/format.h>

#include "cli/stack/ports.h"
#include "cli/stack/secrets.h"
#include "cli/stack/state_file.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

const char* const kEnvHelp =
    "Prints export lines for sh, to be used as  eval \"$(workerdb env)\".\n"
    "psql and libpq: PGHOST PGPORT PGUSER PGDATABASE and PGPASSFILE, so psql's password stays in its file.\n"
    "Documents: ARANGO_URL ARANGO_USERNAME ARANGO_DATABASE and ARANGO_PASSWORD_FILE.\n"
    "redis-cli has no password file: it reads REDISCLI_AUTH alone. ioredis, redis-py and Prisma want the "
    "password\n"
    "inside a URL: REDIS_URL, DATABASE_URL. For these the lines contain $(cat FILE), so that the password "
    "goes from\n"
    "its file (mode 0600) into this shell's environment and is neither printed nor kept in a history.\n"
    "With --only-files they are left out; REDIS_URL_FILE and DATABASE_URL_FILE name files with the same "
    "URLs.\n"
    "redis-cli knows no variable for its port: with another --redis-port than 6379 add -p $REDIS_PORT.";

namespace {

// For sh, in single quotes.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (char character : text) result += character == '\'' ? "'\\''" : std::string(1, character);
  return result + "'";
}

std::string content_of(const std::string& path) { return fmt::format("\"$(cat {})\"", quoted(path)); }

}  // namespace

Result<int> env(const EnvOptions& options, const Output& output) {
  DataFolder folder = TRY(find_data_folder(options.data_folder));
  StackState state = TRY(read_state(folder));
  if (!supervise::is_alive(state.process)) {
    return Error(ErrorCode::kFileNotFound,
                 fmt::format("nothing is up on '{0}'; start it with `workerdb up --data {0}`", folder.path));
  }
  std::string host = client_address(state.bind_address);
  std::string url_host = host.find(':') == std::string::npos ? host : "[" + host + "]";
  auto line = [&](const char* name, const std::string& value) {
    output.out << "export " << name << "=" << value << "\n";
  };
  auto file = [&](const char* name) { return secret_file(folder, name); };
  line("WORKERDB_DATA", quoted(folder.path));
  line("PGHOST", quoted(host));
  line("PGPORT", std::to_string(state.ports.postgres));
  line("PGUSER", kPostgresAppRole);
  line("PGDATABASE", "flowmaster_core");
  line("PGPASSFILE", quoted(file(kPgpassFile)));
  line("DATABASE_URL_FILE", quoted(file(kDatabaseUrlFile)));
  line("REDIS_HOST", quoted(host));
  line("REDIS_PORT", std::to_string(state.ports.redis));
  line("REDIS_URL_FILE", quoted(file(kRedisUrlFile)));
  line("ARANGO_URL", quoted(fmt::format("http://{}:{}", url_host, state.ports.documents)));
  line("ARANGO_USERNAME", kDocumentsRootUser);
  line("ARANGO_DATABASE", "flowmaster");
  line("ARANGO_PASSWORD_FILE", quoted(file(kDocumentsRootSecret)));
  if (!options.only_files) {
    line("REDISCLI_AUTH", content_of(file(kRedisDefaultSecret)));
    line("REDIS_URL", content_of(file(kRedisUrlFile)));
    line("DATABASE_URL", content_of(file(kDatabaseUrlFile)));
  }
  output.out.flush();
  return 0;
}

}  // namespace workerdb::cli
