#include "stores/cache/command_keys.h"

#include <algorithm>

namespace workerdb::stores::cache {

using base::Result;

namespace {

// Of COMMAND INFO's reply: name, arity, flags, first key, last key, step, categories, tips, key
// specifications, subcommands.
constexpr size_t kFlags = 2, kFirstKey = 3, kSubcommands = 9;
constexpr size_t kLongestName = 64;

}  // namespace

Result<CommandKeys::Known> CommandKeys::ask(const std::string& name, CacheConnection& server) {
  Reply reply = TRY(server.call({"COMMAND", "INFO", name}));
  if (reply.elements.empty() || reply.elements[0].elements.size() <= kFirstKey) return Known{};
  const auto& parts = reply.elements[0].elements;
  bool is_movable =
      std::ranges::any_of(parts[kFlags].elements, [](const Reply& flag) { return flag.text == "movablekeys"; });
  // A container's keys depend on the subcommand (XGROUP, OBJECT, MEMORY).
  is_movable = is_movable || (parts.size() > kSubcommands && !parts[kSubcommands].elements.empty());
  if (is_movable) return Known{Shape::kMovable, 0};
  if (parts[kFirstKey].integer <= 0) return Known{};
  return Known{Shape::kFixed, static_cast<size_t>(parts[kFirstKey].integer)};
}

Result<std::optional<std::string>> CommandKeys::first_key(std::span<const std::string> arguments,
                                                          CacheConnection& server) {
  if (arguments.empty() || arguments[0].size() > kLongestName) return std::nullopt;
  std::string name = arguments[0];
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  auto known = known_.find(name);
  if (known == known_.end()) {
    if (known_.size() > 1000) known_.clear();  // names that no server knows
    known = known_.emplace(name, TRY(ask(name, server))).first;
  }
  switch (known->second.shape) {
    case Shape::kNoKeys: return std::nullopt;
    case Shape::kFixed:
      if (known->second.position >= arguments.size()) return std::nullopt;
      return arguments[known->second.position];
    case Shape::kMovable: break;
  }
  Command question = {"COMMAND", "GETKEYS"};
  question.insert(question.end(), arguments.begin(), arguments.end());
  Reply keys = TRY(server.command(question));
  if (keys.type != ReplyType::kArray || keys.elements.empty()) return std::nullopt;  // none, or wrongly called
  return keys.elements[0].text;
}

}  // namespace workerdb::stores::cache
