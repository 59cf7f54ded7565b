#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "access/guard/analysis.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::cache::CacheStore;
using stores::cache::Command;
using stores::cache::Reply;

namespace {

// Commands that read the keys in their arguments and nothing else. Not here, although the server calls them
// readers: SCAN, KEYS, RANDOMKEY and DBSIZE (they tell of all keys), TOUCH (it changes how long a key stays), SORT_RO
// (it reads keys that it computes), GEORADIUS_RO's writing sisters, and everything that blocks or listens.
constexpr auto kReaders = std::to_array<std::string_view>({
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "DUMP",
    "EXISTS",
    "EXPIRETIME",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUS_RO",
    "GEORADIUSBYMEMBER_RO",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HVALS",
    "LCS",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MEMORY USAGE",
    "MGET",
    "OBJECT ENCODING",
    "OBJECT FREQ",
    "OBJECT IDLETIME",
    "OBJECT REFCOUNT",
    "PEXPIRETIME",
    "PFCOUNT",
    "PTTL",
    "SCARD",
    "SDIFF",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "SUBSTR",
    "SUNION",
    "TTL",
    "TYPE",
    "XINFO CONSUMERS",
    "XINFO GROUPS",
    "XINFO STREAM",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZINTERCARD",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
});
// They touch no key and tell nothing.
constexpr auto kDescribers =
    std::to_array<std::string_view>({"PING", "ECHO", "TIME", "COMMAND", "COMMAND COUNT", "COMMAND DOCS", "COMMAND INFO",
                                     "COMMAND LIST", "COMMAND GETKEYS", "DBSIZE", "INFO", "LASTSAVE"});
// Readers for who may read all keys. KEYS is not among them: it stops the server for everybody while it runs.
constexpr auto kListers = std::to_array<std::string_view>({"SCAN", "RANDOMKEY", "SORT_RO"});
// A server that is told to follow another one throws its own data away.
constexpr auto kDestroyers =
    std::to_array<std::string_view>({"FLUSHALL", "FLUSHDB", "SWAPDB", "REPLICAOF", "SLAVEOF", "FUNCTION FLUSH",
                                     "FUNCTION DELETE", "XTRIM", "XGROUP DESTROY"});
constexpr auto kPublishers = std::to_array<std::string_view>({"PUBLISH", "SPUBLISH"});

std::string upper(std::string text) {
  for (char& c : text) c = char(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

template <size_t count>
bool is_one_of(const std::array<std::string_view, count>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool holds(const Reply& list, std::string_view word) {
  return std::ranges::any_of(list.elements, [&](const Reply& element) { return element.text == word; });
}

// The entry of COMMAND INFO: name, arity, flags, first key, last key, step, ACL categories, hints, key
// specifications, subcommands.
constexpr size_t kFlags = 2, kCategories = 6, kSubcommands = 9;

const Reply* subcommand(const Reply& entry, const std::string& name) {
  if (entry.elements.size() <= kSubcommands) return nullptr;
  for (const Reply& inner : entry.elements[kSubcommands].elements) {
    if (!inner.elements.empty() && upper(inner.elements[0].text) == name) return &inner;
  }
  return nullptr;
}

Operation operation_of(const std::string& name, const Reply& entry) {
  if (is_one_of(kDestroyers, name)) return Operation::kDestroy;
  if (is_one_of(kPublishers, name)) return Operation::kPublish;
  if (is_one_of(kDescribers, name)) return Operation::kDescribe;
  if (entry.elements.size() <= kCategories) return Operation::kAdminister;
  const Reply& flags = entry.elements[kFlags];
  const Reply& categories = entry.elements[kCategories];
  if (holds(flags, "readonly") && (is_one_of(kReaders, name) || is_one_of(kListers, name))) return Operation::kRead;
  if (holds(categories, "@admin") || holds(categories, "@scripting") || holds(flags, "admin"))
    return Operation::kAdminister;
  if (holds(flags, "write"))
    return holds(categories, "@dangerous") && name != "SORT" ? Operation::kAdminister : Operation::kWrite;
  if (holds(flags, "readonly")) return Operation::kRead;
  if (holds(categories, "@pubsub") || holds(categories, "@transaction")) return Operation::kWrite;
  return Operation::kAdminister;
}

bool matches_class(std::string_view& pattern, char c) {
  pattern.remove_prefix(1);
  bool negated = pattern.starts_with('^'), found = false;
  if (negated) pattern.remove_prefix(1);
  while (!pattern.empty() && pattern[0] != ']') {
    if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
    if (pattern.size() > 2 && pattern[1] == '-' && pattern[2] != ']') {
      auto [low, high] = std::minmax({static_cast<unsigned char>(pattern[0]), static_cast<unsigned char>(pattern[2])});
      found = found || (static_cast<unsigned char>(c) >= low && static_cast<unsigned char>(c) <= high);
      pattern.remove_prefix(3);
    } else {
      found = found || pattern[0] == c;
      pattern.remove_prefix(1);
    }
  }
  if (!pattern.empty()) pattern.remove_prefix(1);
  return found != negated;
}

// One element of the pattern that is no star, against one character; the pattern moves behind it.
bool matches_one(std::string_view& pattern, char c) {
  if (pattern[0] == '[') return matches_class(pattern, c);
  bool any = pattern[0] == '?';
  if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  bool same = any || pattern[0] == c;
  pattern.remove_prefix(1);
  return same;
}

}  // namespace

// Goes back to the last star alone, so that the time is the product of the lengths at worst.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::optional<std::string_view> after_star;
  std::string_view star_text;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      star_text = text;
      continue;
    }
    if (text.empty()) return pattern.empty();
    std::string_view rest = pattern;
    if (!rest.empty() && matches_one(rest, text[0])) {
      pattern = rest;
      text.remove_prefix(1);
      continue;
    }
    if (!after_star) return false;
    star_text.remove_prefix(1);
    pattern = *after_star;
    text = star_text;
  }
}

Result<CacheAnalysis> analyze_command(CacheStore& store, const Command& command) {
  if (command.empty() || command[0].empty()) return Error(ErrorCode::kBadParameter, "there is no command");
  CacheAnalysis analysis;
  analysis.command = upper(command[0]);
  // A word with a blank or a line break is no command; the server takes arguments by their length, so that it
  // cannot be made into two, and what is shown must not be either.
  if (!std::ranges::all_of(analysis.command,
                           [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.' || c == '-'; })) {
    return Error(ErrorCode::kBadParameter, "a command's name has letters, digits, '_', '.' and '-' alone");
  }
  Reply answer = TRY(store.call({"COMMAND", "INFO", analysis.command}));
  if (answer.elements.empty() || answer.elements[0].elements.empty()) {
    return Error(ErrorCode::kBadParameter, fmt::format("the server knows no command {}", analysis.command));
  }
  const Reply* entry = &answer.elements[0];
  if (command.size() > 1) {
    const Reply* inner = subcommand(*entry, analysis.command + "|" + upper(command[1]));
    if (inner != nullptr) {
      entry = inner;
      analysis.command += " " + upper(command[1]);
    }
  }
  analysis.operation = operation_of(analysis.command, *entry);
  Command question = {"COMMAND", "GETKEYS"};
  question.insert(question.end(), command.begin(), command.end());
  Reply keys = TRY(store.command(question));
  for (const Reply& key : keys.elements) analysis.keys.push_back(key.text);
  return analysis;
}

Result<> check_cache_read(const CacheAnalysis& analysis, const AllowedObjects& allowed) {
  if (analysis.operation == Operation::kDescribe && is_one_of(kDescribers, analysis.command)) {
    if (!allowed || analysis.command == "PING" || analysis.command == "ECHO" || analysis.command == "TIME" ||
        analysis.command.starts_with("COMMAND")) {
      return {};
    }
    return Error(ErrorCode::kForbidden,
                 fmt::format("{} tells of more than the keys that may be read here", analysis.command));
  }
  if (analysis.operation != Operation::kRead ||
      (!is_one_of(kReaders, analysis.command) && !is_one_of(kListers, analysis.command))) {
    if (analysis.command == "KEYS")
      return Error(ErrorCode::kReadOnly, "KEYS stops the server while it looks at every key; use SCAN");
    return Error(ErrorCode::kReadOnly,
                 fmt::format("only a command that reads is allowed here, and {} does more", analysis.command));
  }
  if (!allowed) return {};
  if (!is_one_of(kReaders, analysis.command) || analysis.keys.empty()) {
    return Error(
        ErrorCode::kForbidden,
        fmt::format("{} tells of keys that it was not given, and only some may be read here", analysis.command));
  }
  for (const std::string& key : analysis.keys) {
    bool fits =
        std::ranges::any_of(*allowed, [&](const std::string& pattern) { return matches_pattern(pattern, key); });
    if (!fits) return Error(ErrorCode::kForbidden, "a key is not among the patterns that may be read here");
  }
  return {};
}

}  // namespace workerdb::access
