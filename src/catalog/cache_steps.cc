#include "catalog/cache_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/log.h"
#include "catalog/stored_names.h"
#include "value/json.h"

namespace workerdb::catalog {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::cache::CacheStore;
using stores::cache::Reply;

namespace {

constexpr std::string_view kCacheName = "redis";  // what --confirm names

Step step_of(StepKind kind, const std::string& object, std::string text) {
  return {.store = StoreKind::kCache, .kind = kind, .object = object, .text = std::move(text)};
}

void append_texts(value::Builder& builder, std::string_view key, const std::vector<std::string>& texts) {
  builder.key(key);
  builder.open_array();
  for (const std::string& text : texts) builder.string(text);
  builder.close();
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// The answer of ACL GETUSER: names and values in turn.
const Reply* field_of(const Reply& user, std::string_view name) {
  for (size_t index = 0; index + 1 < user.elements.size(); index += 2) {
    if (user.elements[index].text == name) return &user.elements[index + 1];
  }
  return nullptr;
}

bool has_words(const Reply& user, std::string_view field, const std::vector<std::string>& expected) {
  const Reply* found = field_of(user, field);
  return found != nullptr && words_of(found->text) == std::set<std::string>(expected.begin(), expected.end());
}

// Redis rewrites command rules into a shorter form of its own, so they cannot be compared with the declared
// ones. What was declared and what Redis made of it are recorded together when a user is set; both must still
// hold.
std::string record_of(const CacheRules& rules, const Reply& user) {
  const Reply* commands = field_of(user, "commands");
  return fmt::format("{}\n{}", fmt::join(rules.commands, " "), commands == nullptr ? "" : commands->text);
}

bool has_element(const Reply* list, std::string_view text) {
  return list != nullptr && std::ranges::any_of(list->elements, [&](const Reply& item) { return item.text == text; });
}

bool has_password(const Reply& user) {
  const Reply* passwords = field_of(user, "passwords");
  return passwords != nullptr && !passwords->elements.empty() && !has_element(field_of(user, "flags"), "nopass");
}

bool is_as_declared(const Reply& user, const CacheRules& rules, const std::string& record,
                    const std::string* password) {
  const Reply* flags = field_of(user, "flags");
  if (!has_element(flags, "on") || has_element(flags, "nopass")) return false;
  if (!has_words(user, "keys", rules.keys) || !has_words(user, "channels", rules.channels)) return false;
  if (record != record_of(rules, user)) return false;
  const Reply* selectors = field_of(user, "selectors");
  if (selectors != nullptr && !selectors->elements.empty()) return false;
  const Reply* passwords = field_of(user, "passwords");
  if (password == nullptr) return true;  // plan_user has seen that there is one
  return passwords != nullptr && passwords->elements.size() == 1 && has_element(passwords, base::sha256_hex(*password));
}

const std::string* find_password(const Passwords& passwords, const std::string& user) {
  auto found = passwords.cache_users.find(user);
  return found == passwords.cache_users.end() || found->second.empty() ? nullptr : &found->second;
}

Result<> plan_user(const CacheDeclaration& cache, const CacheUserDeclaration& user, CacheStore& store,
                   const Passwords& passwords, Plan& plan) {
  Reply live = TRY(store.call({"ACL", "GETUSER", user.name}));
  const std::string* password = find_password(passwords, user.name);
  if (password == nullptr && (live.is_nil() || !has_password(live))) {
    return Error(ErrorCode::kIllegalState, fmt::format("no password was given for the cache user '{}'", user.name));
  }
  if (live.is_nil()) {
    plan.steps.push_back(step_of(StepKind::kSetUser, user.name, fmt::format("create user '{}'", user.name)));
    return {};
  }
  Reply record = TRY(store.call({"HGET", std::string(kCacheUsersKey), user.name}));
  if (!is_as_declared(live, rules_of(cache, user), record.text, password)) {
    plan.steps.push_back(
        step_of(StepKind::kSetUser, user.name, fmt::format("set password and rules of user '{}'", user.name)));
  }
  return {};
}

}  // namespace

CacheRules rules_of(const CacheDeclaration& cache, const CacheUserDeclaration& user) {
  CacheRules rules;
  for (const KeySpaceDeclaration& space : cache.key_spaces) {
    bool owns = user.every_key_space || space.owner == user.name;
    bool reads = std::ranges::find(space.readers, user.name) != space.readers.end();
    if (!owns && !reads) continue;
    for (const std::string& prefix : space.prefixes) rules.keys.push_back((owns ? "~" : "%R~") + prefix + "*");
    for (const std::string& prefix : space.channels) rules.channels.push_back("&" + prefix + "*");
  }
  if (user.every_key_space) rules.keys.push_back(fmt::format("%R~{}*", kCachePrefix));
  rules.commands.emplace_back("-@all");
  rules.commands.insert(rules.commands.end(), user.commands.begin(), user.commands.end());
  return rules;
}

std::string key_spaces_json(const CacheDeclaration& cache) {
  constexpr std::string_view kRules[] = {"required", "optional", "none"};
  value::Builder builder;
  builder.open_array();
  for (const KeySpaceDeclaration& space : cache.key_spaces) {
    builder.open_object();
    builder.add("name", space.name);
    builder.add("description", space.description);
    builder.add("owner", space.owner);
    append_texts(builder, "readers", space.readers);
    append_texts(builder, "keys", space.prefixes);
    append_texts(builder, "channels", space.channels);
    builder.add("ttl_rule", kRules[static_cast<size_t>(space.ttl_rule)]);
    if (space.ttl_default_s) builder.add("ttl_default_s", *space.ttl_default_s);
    if (space.ttl_longest_s) builder.add("ttl_longest_s", *space.ttl_longest_s);
    builder.close();
  }
  builder.close();
  return value::to_json(builder.slice());
}

Result<> plan_cache(const Catalog& catalog, CacheStore& store, const Passwords& passwords, Plan& plan) {
  const CacheDeclaration& cache = catalog.cache;
  std::optional<EnvironmentClass> environment = TRY(environment_of(store));
  if (environment != cache.environment) {
    Step step = step_of(StepKind::kSetEnvironment, "",
                        fmt::format("set the environment class to {}", name_of(cache.environment)));
    step.database = kCacheName;
    if (environment == EnvironmentClass::kProduction) step.destroys = "the protection of a production cache";
    plan.steps.push_back(std::move(step));
  }
  for (const CacheUserDeclaration& user : cache.users) TRY(plan_user(cache, user, store, passwords, plan));
  Reply published = TRY(store.call({"GET", std::string(kCacheKeySpacesKey)}));
  if (published.text != key_spaces_json(cache)) {
    plan.steps.push_back(step_of(StepKind::kPublishKeySpaces, "", "publish the key spaces"));
  }
  return {};
}

namespace {

Result<> set_user(const CacheDeclaration& cache, CacheStore& store, const Passwords& passwords,
                  const std::string& name) {
  const CacheUserDeclaration& user = *find_named(cache.users, name);
  CacheRules rules = rules_of(cache, user);
  stores::cache::Command command = {"ACL", "SETUSER", name};
  const std::string* password = find_password(passwords, name);
  if (password != nullptr) {
    command.insert(command.end(), {"reset", "on", "#" + base::sha256_hex(*password)});
  } else {
    // Keeps the password that the user has.
    command.insert(command.end(), {"on", "clearselectors", "resetkeys", "resetchannels"});
  }
  for (const auto* list : {&rules.keys, &rules.channels, &rules.commands}) {
    command.insert(command.end(), list->begin(), list->end());
  }
  TRY(store.call(command));
  Reply live = TRY(store.call({"ACL", "GETUSER", name}));
  TRY(store.call({"HSET", std::string(kCacheUsersKey), name, record_of(rules, live)}));
  // Without a file of users they last until Redis restarts; the next apply would bring them back.
  Reply saved = TRY(store.command({"ACL", "SAVE"}));
  if (saved.is_error()) base::log_warning("catalog", "the users of Redis are not saved: {}", saved.text);
  return {};
}

}  // namespace

Result<> run_cache_step(const Catalog& catalog, CacheStore& store, const Passwords& passwords, const Step& step) {
  switch (step.kind) {
    case StepKind::kSetEnvironment:
      TRY(store.call({"SET", std::string(kCacheEnvironmentKey), std::string(name_of(catalog.cache.environment))}));
      return {};
    case StepKind::kSetUser: return set_user(catalog.cache, store, passwords, step.object);
    case StepKind::kPublishKeySpaces:
      TRY(store.call({"SET", std::string(kCacheKeySpacesKey), key_spaces_json(catalog.cache)}));
      return {};
    default: return Error(ErrorCode::kInternal, "no step of the cache");
  }
}

}  // namespace workerdb::catalog
