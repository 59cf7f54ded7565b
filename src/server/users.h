#pragma once
// Who may log in, and what for. Users are documents of _system/_users; passwords are kept as PBKDF2 hashes.
// Source: the 3.12 documentation, "User management". Thread-safe.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "engine/engine.h"
#include "server/exchange.h"

namespace workerdb::server {

// One user as it is kept in memory.
struct User {
  std::string name;
  bool active = true;
  std::string salt, hash;                                     // hexadecimal
  value::Buffer extra;                                        // any object
  std::map<std::string, AccessLevel, std::less<>> databases;  // "*" for all others
  std::map<std::string, std::map<std::string, AccessLevel, std::less<>>, std::less<>> collections;
};

class Users {
 public:
  explicit Users(engine::Engine& engine) : engine_(engine) {}

  // Reads all users; makes _users and root (with this password) when they are missing.
  Result<> load(std::string_view root_password);

  // The user's name when the password is right and the user active; a wrong one takes as long as a right one.
  bool verify(std::string_view user, std::string_view password) const;

  // True if verify() would answer without hashing, which costs milliseconds.
  bool is_remembered(std::string_view user, std::string_view password) const;

  AccessLevel database_level(std::string_view user, std::string_view database) const;
  // None for _users of _system, whoever asks: only the user API touches it.
  AccessLevel collection_level(std::string_view user, std::string_view database, std::string_view collection) const;

  std::vector<User> all() const;
  Result<User> find(std::string_view name) const;  // kUserNotFound
  struct Change {
    std::optional<std::string> password;
    std::optional<bool> active;
    std::optional<value::Buffer> extra;
  };
  Result<User> create(std::string_view name, const Change& values);  // kUserDuplicate, kUserInvalidName
  // `replace`: what is not given goes back to its default. kUserNotFound.
  Result<User> change(std::string_view name, const Change& values, bool replace);
  Result<> remove(std::string_view name);  // kUserNotFound; root stays: kForbidden
  // nullopt removes the grant. `collection` empty: of the database.
  Result<> grant(std::string_view name, std::string_view database, std::string_view collection,
                 std::optional<AccessLevel> level);

 private:
  Result<> store(const User& user);
  // Changes a copy under the lock, stores it, then shows it.
  template <typename Edit>
  Result<User> edit(std::string_view name, Edit&& edit);

  engine::Engine& engine_;
  mutable base::Mutex mutex_;
  base::Mutex write_mutex_;  // one change at a time, so that readers never wait for the disk
  std::map<std::string, std::shared_ptr<const User>, std::less<>> users_ GUARDED_BY(mutex_);
  // Passwords that were verified, by a keyed digest: hashing anew costs milliseconds a request.
  mutable std::map<std::string, std::shared_ptr<const User>> verified_ GUARDED_BY(mutex_);
};

const char* to_string(AccessLevel level);
std::optional<AccessLevel> parse_access_level(std::string_view text);

}  // namespace workerdb::server
