#include "server/users.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/assert.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/random.h"

namespace workerdb::server {
namespace {

constexpr std::string_view kCollection = "_users";
constexpr int kIterations = 60'000;
constexpr size_t kDigestBytes = 32, kSaltBytes = 16, kVerifiedKept = 1024;
constexpr size_t kLongestName = 256, kLongestPassword = 1024;

std::string hash_password(std::string_view password, std::string_view salt) {
  std::string digest(kDigestBytes, '\0');
  ASSERT(PKCS5_PBKDF2_HMAC(password.data(), int(password.size()), reinterpret_cast<const unsigned char*>(salt.data()),
                           int(salt.size()), kIterations, EVP_sha256(), int(kDigestBytes),
                           reinterpret_cast<unsigned char*>(digest.data())) == 1);
  return base::hex(digest);
}

// What stands for a verified pair in memory: useless to who reads a memory dump without the user's salt and hash.
std::string remembered_form(const User& user, std::string_view password) {
  return base::sha256_hex(user.name + '\0' + user.hash + '\0' + std::string(password));
}

// Names may hold what keys may not.
std::string document_key(std::string_view name) {
  return storage::is_valid_key(name) ? std::string(name) : base::sha256_hex(name);
}

void set_password(User& user, std::string_view password) {
  user.salt = base::random_hex(kSaltBytes);
  user.hash = hash_password(password, user.salt);
}

void append_levels(const std::map<std::string, AccessLevel, std::less<>>& levels, Builder& to) {
  to.open_object();
  for (const auto& [name, level] : levels) to.add(name, to_string(level));
  to.close();
}

value::Buffer to_document(const User& user) {
  Builder to;
  to.open_object();
  to.add("_key", document_key(user.name));
  to.add("user", user.name);
  to.add("active", user.active);
  to.key("authData");
  to.open_object();
  to.add("method", "pbkdf2-sha256");
  to.add("iterations", kIterations);
  to.add("salt", user.salt);
  to.add("hash", user.hash);
  to.close();
  to.add("extra", user.extra.slice());
  to.key("databases");
  append_levels(user.databases, to);
  to.key("collections");
  to.open_object();
  for (const auto& [database, levels] : user.collections) {
    to.key(database);
    append_levels(levels, to);
  }
  to.close();
  to.close();
  return to.take();
}

void read_levels(Slice object, std::map<std::string, AccessLevel, std::less<>>& to) {
  for (value::ObjectIterator item(object); item.valid(); item.next()) {
    if (!item.value().is_string()) continue;
    if (auto level = parse_access_level(item.value().as_string())) to[std::string(item.name())] = *level;
  }
}

User from_document(Slice document) {
  User user;
  user.name = std::string(document.get("user").as_string());
  user.active = document.get("active").is_true();
  Slice auth = document.get("authData");
  if (auth.get("salt").is_string()) user.salt = auth.get("salt").as_string();
  if (auth.get("hash").is_string()) user.hash = auth.get("hash").as_string();
  user.extra = value::Buffer(document.get("extra").is_object() ? document.get("extra") : Slice::empty_object());
  read_levels(document.get("databases"), user.databases);
  for (value::ObjectIterator item(document.get("collections")); item.valid(); item.next()) {
    read_levels(item.value(), user.collections[std::string(item.name())]);
  }
  return user;
}

}  // namespace

const char* to_string(AccessLevel level) {
  return level == AccessLevel::kReadWrite ? "rw" : level == AccessLevel::kReadOnly ? "ro" : "none";
}

std::optional<AccessLevel> parse_access_level(std::string_view text) {
  if (text == "rw") return AccessLevel::kReadWrite;
  if (text == "ro") return AccessLevel::kReadOnly;
  if (text == "none") return AccessLevel::kNone;
  return std::nullopt;
}

Result<> Users::load(std::string_view root_password) {
  auto system = TRY(engine_.database("_system"));
  if (!system.collection(kCollection)) {
    engine::CollectionOptions options;
    options.is_system = true;
    TRY(system.create_collection(kCollection, options));
  }
  auto cursor = TRY(system.query("FOR u IN _users FILTER IS_STRING(u.user) RETURN u"));
  while (TRY(cursor.has_more())) {
    User user = from_document(TRY(cursor.next()));
    base::MutexLock lock(mutex_);
    std::string name = user.name;
    users_[name] = std::make_shared<const User>(std::move(user));
  }
  if (find("root")) return {};
  TRY(create("root", {std::string(root_password), true, std::nullopt}));
  return grant("root", "*", "", AccessLevel::kReadWrite);
}

bool Users::verify(std::string_view name, std::string_view password) const {
  if (name.size() > kLongestName || password.size() > kLongestPassword) return false;
  std::shared_ptr<const User> user;
  std::string remembered;
  {
    base::MutexLock lock(mutex_);
    auto found = users_.find(name);
    if (found != users_.end()) {
      user = found->second;
      remembered = remembered_form(*user, password);
      auto known = verified_.find(remembered);
      if (known != verified_.end() && known->second == user) return user->active;
    }
  }
  if (user == nullptr) {
    hash_password(password, "no such user");
    return false;
  }
  std::string hash = hash_password(password, user->salt);
  bool right = hash.size() == user->hash.size() && CRYPTO_memcmp(hash.data(), user->hash.data(), hash.size()) == 0;
  if (!right || !user->active) return false;
  base::MutexLock lock(mutex_);
  if (verified_.size() >= kVerifiedKept) verified_.clear();
  verified_[remembered] = user;
  return true;
}

bool Users::is_remembered(std::string_view name, std::string_view password) const {
  if (name.size() > kLongestName || password.size() > kLongestPassword) return false;
  base::MutexLock lock(mutex_);
  auto found = users_.find(name);
  if (found == users_.end()) return false;
  auto known = verified_.find(remembered_form(*found->second, password));
  return known != verified_.end() && known->second == found->second;
}

AccessLevel Users::database_level(std::string_view name, std::string_view database) const {
  base::MutexLock lock(mutex_);
  auto found = users_.find(name);
  if (found == users_.end() || !found->second->active) return AccessLevel::kNone;
  const auto& levels = found->second->databases;
  auto exact = levels.find(database), wildcard = levels.find("*"), system = levels.find("_system");
  if (exact != levels.end()) return exact->second;
  AccessLevel level = wildcard != levels.end() ? wildcard->second : AccessLevel::kNone;
  // A higher level on _system raises the wildcard (rules.md, "Authentication").
  if (system != levels.end()) level = std::max(level, system->second);
  return level;
}

AccessLevel Users::collection_level(std::string_view name, std::string_view database,
                                    std::string_view collection) const {
  AccessLevel of_database = database_level(name, database);
  if (of_database == AccessLevel::kNone) return AccessLevel::kNone;
  if (collection.starts_with('_')) {
    // Who may log in is told and changed by the user API alone: the documents hold what passwords are checked with,
    // and a change of them would not reach the users that are kept in memory.
    return database == "_system" && collection == kCollection ? AccessLevel::kNone : of_database;
  }
  base::MutexLock lock(mutex_);
  auto found = users_.find(name);
  if (found == users_.end() || !found->second->active) return AccessLevel::kNone;
  const auto& by_database = found->second->collections;
  auto granted = [&](std::string_view in, std::string_view wanted) -> std::optional<AccessLevel> {
    auto levels = by_database.find(in);
    if (levels == by_database.end()) return std::nullopt;
    auto level = levels->second.find(wanted);
    return level != levels->second.end() ? std::optional(level->second) : std::nullopt;
  };
  if (auto level = granted(database, collection)) return *level;
  // Without a grant of its own: the highest of all wildcards ("Permission Resolution").
  AccessLevel level = std::max(of_database, granted(database, "*").value_or(AccessLevel::kNone));
  level = std::max(level, granted("*", "*").value_or(AccessLevel::kNone));
  for (std::string_view wildcard : {"*", "_system"}) {
    auto of = found->second->databases.find(wildcard);
    if (of != found->second->databases.end()) level = std::max(level, of->second);
  }
  return level;
}

std::vector<User> Users::all() const {
  base::MutexLock lock(mutex_);
  std::vector<User> result;
  for (const auto& [name, user] : users_) result.push_back(*user);
  return result;
}

Result<User> Users::find(std::string_view name) const {
  base::MutexLock lock(mutex_);
  auto found = users_.find(name);
  if (found == users_.end()) return ErrorCode::kUserNotFound;
  return *found->second;
}

Result<> Users::store(const User& user) {
  auto system = TRY(engine_.database("_system"));
  auto users = TRY(system.collection(kCollection));
  engine::WriteOptions options;
  options.overwrite = engine::OverwriteMode::kReplace;
  options.wait_for_sync = true;
  TRY(users.insert(to_document(user).slice(), options));
  base::MutexLock lock(mutex_);
  users_[user.name] = std::make_shared<const User>(user);
  return {};
}

Result<User> Users::create(std::string_view name, const Change& values) {
  if (name.empty() || name.size() > kLongestName || name.find('/') != name.npos || name.starts_with(':')) {
    return ErrorCode::kUserInvalidName;
  }
  base::MutexLock lock(write_mutex_);
  if (find(name)) return ErrorCode::kUserDuplicate;
  User user;
  user.name = name;
  user.active = values.active.value_or(true);
  user.extra = values.extra.value_or(value::Buffer(Slice::empty_object()));
  set_password(user, values.password.value_or(""));
  TRY(store(user));
  return user;
}

template <typename Edit>
Result<User> Users::edit(std::string_view name, Edit&& edit) {
  base::MutexLock lock(write_mutex_);
  User user = TRY(find(name));
  edit(user);
  TRY(store(user));
  return user;
}

Result<User> Users::change(std::string_view name, const Change& values, bool replace) {
  return edit(name, [&](User& user) {
    if (values.password || replace) set_password(user, values.password.value_or(""));
    if (values.active || replace) user.active = values.active.value_or(true);
    if (values.extra || replace) user.extra = values.extra.value_or(value::Buffer(Slice::empty_object()));
  });
}

Result<> Users::remove(std::string_view name) {
  if (name == "root") return Error(ErrorCode::kForbidden, "the user root cannot be removed");
  base::MutexLock lock(write_mutex_);
  TRY(find(name));
  auto system = TRY(engine_.database("_system"));
  auto users = TRY(system.collection(kCollection));
  TRY(users.remove(document_key(name)));
  base::MutexLock shown(mutex_);
  users_.erase(users_.find(name));
  return {};
}

Result<> Users::grant(std::string_view name, std::string_view database, std::string_view collection,
                      std::optional<AccessLevel> level) {
  auto set = [&](auto& levels, std::string_view key) {
    if (level) {
      levels[std::string(key)] = *level;
    } else if (auto found = levels.find(key); found != levels.end()) {
      levels.erase(found);
    }
  };
  TRY(edit(name, [&](User& user) {
    if (collection.empty()) {
      set(user.databases, database);
    } else {
      set(user.collections[std::string(database)], collection);
    }
  }));
  return {};
}

}  // namespace workerdb::server
