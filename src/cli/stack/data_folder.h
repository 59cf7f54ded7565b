#pragma once
// The folder that a stack lives in. Its layout:
//   .workerdb            marker: whose folder this is and which layout it has
//   engine/              documents
//   postgres/data        PostgreSQL; postgres/ also has its access rules
//   redis/               append-only files, redis.conf, users.acl
//   run/                 lock, state.json, postgres/ (Unix socket)
//   secrets/             one password a file, connection strings (mode 0600)
//   logs/                one file a service, rotated
#include <optional>
#include <string>

#include "base/result.h"
#include "supervise/process.h"

namespace workerdb::cli {

struct DataFolder {
  std::string path;  // absolute

  std::string marker() const { return path + "/.workerdb"; }
  std::string engine() const { return path + "/engine"; }
  std::string postgres() const { return path + "/postgres"; }
  std::string postgres_data() const { return path + "/postgres/data"; }
  std::string redis() const { return path + "/redis"; }
  std::string run() const { return path + "/run"; }
  std::string sockets() const { return path + "/run/postgres"; }
  std::string state_file() const { return path + "/run/state.json"; }
  std::string lock_file() const { return path + "/run/lock"; }
  std::string secrets() const { return path + "/secrets"; }
  std::string logs() const { return path + "/logs"; }
  std::string log_file(const std::string& service) const { return path + "/logs/" + service + ".log"; }
};

// $WORKERDB_DATA; else /var/lib/workerdb for root (its children must be able to enter it), else
// $XDG_DATA_HOME/workerdb or ~/.local/share/workerdb.
std::string default_data_folder();

// An existing folder of ours. Fails with kFileNotFound or kForbidden in a sentence that says what to do.
base::Result<DataFolder> find_data_folder(const std::string& path);

// The same, created when it is missing or empty. A folder that is not ours is never touched. `user` is whom
// PostgreSQL and Redis run as when that is not us; it must be able to enter the folder.
base::Result<DataFolder> prepare_data_folder(const std::string& path,
                                             const std::optional<supervise::UserIdentity>& user);

// Whom the children run as: nobody else for an ordinary user; for root the named user or `postgres`. Never
// root (PostgreSQL refuses) and never `nobody`, whose files every other service that runs as nobody can
// change.
base::Result<std::optional<supervise::UserIdentity>> ordinary_user(const std::string& name);

// Held while a stack is up; the kernel lets it go with the process.
class FolderLock {
 public:
  // Fails with kDatadirLocked, naming the pid that holds it.
  static base::Result<FolderLock> take(const DataFolder& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace workerdb::cli
