#include "cli/credential_rotation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/digest.h"
#include "base/log.h"
#include "base/private_file.h"
#include "base/time.h"
#include "catalog/scram.h"
#include "cli/stack/secrets.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/remote/remote_store.h"
#include "stores/relational/connection.h"

namespace workerdb::cli {

using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using stores::cache::CacheConnection;
using stores::cache::CacheOptions;
using stores::relational::Connection;
using stores::relational::ConnectionOptions;
using stores::relational::Parameter;

namespace {

constexpr std::string_view kNext = ".next";
constexpr std::string_view kSpacePrefix = "redis-space-";
constexpr int64_t kLockWaitMs = 30'000;

struct Login {
  std::string secret;  // the file's name
  StoreKind store;
  std::string user;
  std::string text() const { return fmt::format("{} {}", access::name_of(store), user); }
};

// Administrators last: the others are changed with their help.
Result<std::vector<Login>> logins_of(const DataFolder& folder) {
  std::vector<Login> logins = {{kPostgresAppSecret, StoreKind::kRelational, kPostgresAppRole},
                               {kPostgresSuperuserSecret, StoreKind::kRelational, kPostgresSuperuser}};
  std::error_code problem;
  std::vector<std::string> spaces;
  for (const auto& entry : std::filesystem::directory_iterator(folder.secrets(), problem)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(kSpacePrefix) && name.find('.') == name.npos) spaces.push_back(name);
  }
  if (problem)
    return Error(ErrorCode::kCannotReadFile, fmt::format("cannot read '{}': {}", folder.secrets(), problem.message()));
  std::sort(spaces.begin(), spaces.end());
  for (const std::string& name : spaces) logins.push_back({name, StoreKind::kCache, name.substr(kSpacePrefix.size())});
  logins.push_back({kRedisDefaultSecret, StoreKind::kCache, kRedisDefaultUser});
  logins.push_back({kRedisAdminSecret, StoreKind::kCache, kRedisAdminUser});
  logins.push_back({kDocumentsRootSecret, StoreKind::kDocuments, kDocumentsRootUser});
  return logins;
}

// One rotation or repair at a time, in all processes; the kernel lets it go with its holder.
class RotationLock {
 public:
  static Result<RotationLock> take(const DataFolder& folder) {
    std::string path = folder.secrets() + "/.rotation";
    int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot open '{}'", path));
    RotationLock lock(file);
    for (int64_t end_ns = base::steady_time_ns() + kLockWaitMs * 1'000'000; ::flock(file, LOCK_EX | LOCK_NB) != 0;) {
      if (base::steady_time_ns() > end_ns)
        return Error(ErrorCode::kLockTimeout, "another rotation of the passwords takes too long");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return lock;
  }
  ~RotationLock() {
    if (file_ >= 0) ::close(file_);
  }
  RotationLock(RotationLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  RotationLock& operator=(RotationLock&&) = delete;

 private:
  explicit RotationLock(int file) : file_(file) {}
  int file_;
};

class Rotation {
 public:
  explicit Rotation(const RotationPlace& place) : place_(place) {}

  Result<> rotate(const Login& login) {
    std::string next = make_secret();
    TRY(base::replace_private_file(next_file(login), next));
    TRY(teach(login, next));
    return finish(login, next);
  }

  // True: a rotation of this login was interrupted and is finished now. Always forwards: a store that does not know
  // the new password may still have the request of a killed command before it, and would learn it later.
  Result<bool> settle(const Login& login) {
    if (::access(next_file(login).c_str(), F_OK) != 0) return false;
    std::string next = TRY(base::read_private_file(next_file(login)));
    // A file that was cut off was never taught to a store.
    if (next.empty()) {
      TRY(drop_next(login));
      return true;
    }
    if (!TRY(knows(login, next))) {
      // That request may come between the question and this answer, which then fails although all is well.
      auto taught = teach(login, next);
      if (!taught && !TRY(knows(login, next))) return std::move(taught).error();
    }
    TRY(finish(login, next));
    return true;
  }

  Result<> write_connection_files() {
    StackOptions options;
    options.ports = place_.ports;
    options.bind_address = place_.address;
    return cli::write_connection_files(place_.folder, options, TRY(load_or_make_secrets(place_.folder, options)));
  }

 private:
  std::string file_of(const Login& login) const { return secret_file(place_.folder, login.secret); }
  std::string next_file(const Login& login) const { return file_of(login) + std::string(kNext); }
  Result<std::string> present(const std::string& name) const { return load_or_make_secret(place_.folder, name); }

  Result<> finish(const Login& login, const std::string& next) {
    TRY(base::replace_private_file(file_of(login), next));
    if (login.store == StoreKind::kCache) TRY(teach_cache(login, next, /*alone=*/true));
    return drop_next(login);
  }

  Result<> drop_next(const Login& login) {
    ::unlink(next_file(login).c_str());
    return base::sync_folder(place_.folder.secrets());
  }

  Result<> teach(const Login& login, const std::string& next) {
    switch (login.store) {
      case StoreKind::kRelational: return teach_relational(login, next);
      case StoreKind::kCache: return teach_cache(login, next, /*alone=*/false);
      case StoreKind::kDocuments:
        return documents(TRY(present(kDocumentsRootSecret)))->set_user_password(login.user, next);
    }
    return {};
  }

  Result<bool> knows(const Login& login, const std::string& next) {
    switch (login.store) {
      case StoreKind::kRelational: return relational_knows(login, next);
      case StoreKind::kCache: return passed(CacheConnection::connect(cache_options(login.user, next)));
      case StoreKind::kDocuments: return passed(documents(next)->databases());
    }
    return false;
  }

  // Logged in: true. Refused: false. Anything else tells nothing about the password.
  template <typename Value>
  static Result<bool> passed(const Result<Value>& attempt) {
    if (attempt) return true;
    if (attempt.error().code() == ErrorCode::kHttpUnauthorized) return false;
    return attempt.error();
  }

  std::unique_ptr<stores::documents::DocumentStore> documents(const std::string& password) const {
    stores::documents::RemoteOptions options;
    options.host = place_.address;
    options.port = place_.ports.documents;
    options.user = kDocumentsRootUser;
    options.password = password;
    return stores::documents::make_remote_store(options);
  }

  CacheOptions cache_options(const std::string& user, const std::string& password) const {
    CacheOptions options;
    options.host = place_.address;
    options.port = place_.ports.redis;
    options.user = user;
    options.password = password;
    return options;
  }

  Result<Connection> superuser(const std::string& password) const {
    ConnectionOptions options;
    options.conninfo = fmt::format("host={} port={}", place_.address, place_.ports.postgres);
    options.database = kPostgresSuperuser;
    options.user = kPostgresSuperuser;
    options.password = password;
    return Connection::connect(options);
  }

  // With whichever password of the administrator the server takes: both may be about when a rotation of all was cut
  // off.
  Result<Connection> administrator() const {
    auto connection = superuser(TRY(present(kPostgresSuperuserSecret)));
    if (connection || connection.error().code() != ErrorCode::kHttpUnauthorized) return connection;
    auto next = base::read_private_file(secret_file(place_.folder, kPostgresSuperuserSecret) + std::string(kNext));
    return next ? superuser(*next) : std::move(connection);
  }

  Result<> teach_relational(const Login& login, const std::string& next) {
    auto connection = TRY(administrator());
    std::string verifier = TRY(connection.encrypt_password(login.user, next));
    return connection.execute(fmt::format("ALTER ROLE {} PASSWORD {}", stores::relational::quote_identifier(login.user),
                                          stores::relational::quote_literal(verifier)));
  }

  Result<bool> relational_knows(const Login& login, const std::string& next) {
    if (login.user == kPostgresSuperuser) return passed(superuser(next));
    auto connection = TRY(administrator());
    const Parameter name[] = {login.user};
    auto rows = TRY(connection.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", name));
    return rows.row_count() == 1 && catalog::scram_verifier_matches(rows.text_or_empty(0, 0), next);
  }

  Result<CacheConnection> cache_administrator() const {
    auto connection = CacheConnection::connect(cache_options(kRedisAdminUser, TRY(present(kRedisAdminSecret))));
    if (connection || connection.error().code() != ErrorCode::kHttpUnauthorized) return connection;
    auto next = base::read_private_file(secret_file(place_.folder, kRedisAdminSecret) + std::string(kNext));
    return next ? CacheConnection::connect(cache_options(kRedisAdminUser, *next)) : std::move(connection);
  }

  // `alone`: the old password is forgotten.
  Result<> teach_cache(const Login& login, const std::string& next, bool alone) {
    auto connection = TRY(cache_administrator());
    std::vector<std::string> command = {"ACL", "SETUSER", login.user};
    if (alone) command.emplace_back("resetpass");
    command.push_back("#" + base::sha256_hex(next));
    TRY(connection.call(command));
    TRY(connection.call({"ACL", "SAVE"}));
    return {};
  }

  const RotationPlace& place_;
};

// A login whose user the store does not have (another catalog) is none to rotate.
Result<bool> exists(const RotationPlace& place, const Login& login) {
  if (login.store != StoreKind::kCache && login.user != kPostgresAppRole) return true;
  StackOptions options;
  options.ports = place.ports;
  if (login.store == StoreKind::kRelational) {
    ConnectionOptions connect;
    connect.conninfo = fmt::format("host={} port={}", place.address, place.ports.postgres);
    connect.database = connect.user = kPostgresSuperuser;
    connect.password = TRY(load_or_make_secret(place.folder, kPostgresSuperuserSecret));
    auto connection = TRY(Connection::connect(connect));
    const Parameter name[] = {login.user};
    return TRY(connection.query("SELECT FROM pg_roles WHERE rolname = $1", name)).row_count() == 1;
  }
  CacheOptions connect;
  connect.host = place.address;
  connect.port = place.ports.redis;
  connect.user = kRedisAdminUser;
  connect.password = TRY(load_or_make_secret(place.folder, kRedisAdminSecret));
  auto connection = TRY(CacheConnection::connect(connect));
  return !TRY(connection.call({"ACL", "GETUSER", login.user})).is_nil();
}

bool is_interrupted(const DataFolder& folder) {
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder.secrets(), problem)) {
    if (entry.path().filename().string().ends_with(kNext)) return true;
  }
  return false;
}

Result<> settle_all(const RotationPlace& place) {
  Rotation rotation(place);
  bool changed = false;
  // Administrators first here: the others are asked about with their help.
  auto logins = TRY(logins_of(place.folder));
  std::reverse(logins.begin(), logins.end());
  for (const Login& login : logins) {
    auto settled = rotation.settle(login);
    if (!settled) {
      base::log_warning("credentials", "an interrupted rotation of {} is not finished yet: {}", login.text(),
                        settled.error().message());
    }
    changed |= settled && *settled;
  }
  if (changed) TRY(rotation.write_connection_files());
  return {};
}

}  // namespace

Result<std::vector<std::string>> rotate_credentials(const RotationPlace& place, std::optional<StoreKind> only) {
  auto lock = TRY(RotationLock::take(place.folder));
  TRY(settle_all(place));
  Rotation rotation(place);
  std::vector<std::string> done;
  for (const Login& login : TRY(logins_of(place.folder))) {
    if (only && login.store != *only) continue;
    if (!TRY(exists(place, login))) continue;
    auto rotated = rotation.rotate(login);
    if (!rotated) {
      (void)settle_all(place);
      return std::move(rotated).error().with_context(fmt::format("the password of {}", login.text()));
    }
    done.push_back(login.text());
  }
  TRY(rotation.write_connection_files());
  return done;
}

Result<> settle_rotation(const RotationPlace& place) {
  if (!is_interrupted(place.folder)) return {};
  auto lock = TRY(RotationLock::take(place.folder));
  return settle_all(place);
}

}  // namespace workerdb::cli
