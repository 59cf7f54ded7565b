// A Redis Cluster: each command to the node that has its key's slot. Source: the Redis Cluster specification
// (slots, hash tags, MOVED, ASK, TRYAGAIN, CLUSTERDOWN).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "stores/cache/cache_route.h"
#include "stores/cache/command_keys.h"

namespace workerdb::stores::cache {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int kSlots = 16384;
constexpr int kMostRedirections = 16;
constexpr size_t kMostNodes = 1000;

enum class Refusal { kNone, kMoved, kAsk, kTryLater };

struct Redirection {
  Refusal refusal = Refusal::kNone;
  int slot = 0;
  CacheEndpoint target;
};

// "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381"; an empty host is the one that was asked. Each of
// these says that the command did not run.
Redirection redirection_of(const Reply& reply, const CacheEndpoint& asked) {
  if (!reply.is_error()) return {};
  std::string_view text = reply.text;
  for (std::string_view later : {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN"}) {
    if (text.starts_with(later)) return {Refusal::kTryLater, 0, {}};
  }
  Redirection found;
  if (text.starts_with("MOVED "))
    found.refusal = Refusal::kMoved, text.remove_prefix(6);
  else if (text.starts_with("ASK "))
    found.refusal = Refusal::kAsk, text.remove_prefix(4);
  else
    return {};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), found.slot);
  size_t colon = text.rfind(':');
  if (failure != std::errc() || *end != ' ' || colon == text.npos || found.slot < 0 || found.slot >= kSlots) return {};
  size_t host_start = size_t(end - text.data()) + 1;
  found.target.host = text.substr(host_start, colon - host_start);
  if (found.target.host.empty()) found.target.host = asked.host;
  std::string_view port = text.substr(colon + 1);
  std::from_chars(port.data(), port.data() + port.size(), found.target.port);
  return found;
}

bool is_transaction(std::span<const Command> commands) {
  if (commands.empty() || commands[0].empty()) return false;
  std::string name = commands[0][0];
  std::ranges::transform(name, name.begin(), [](char c) { return char(c >= 'a' ? c - 'a' + 'A' : c); });
  return name == "MULTI";
}

class ClusterRoute : public CacheRoute {
 public:
  explicit ClusterRoute(const CacheOptions& options) : options_(options) { slots_.fill(kNobody); }

  Result<Reply> command(std::span<const std::string> arguments) override {
    if (arguments.empty()) return Error(ErrorCode::kBadParameter, "a Redis command has at least its name");
    Patience patience(options_.failover_timeout_ms);
    auto key = TRY(first_key(arguments, patience));
    CacheEndpoint to = TRY(endpoint_of(key, patience));
    bool is_asking = false;
    for (int redirections = 0;;) {
      CacheConnection* node = TRY(reach(to, key, patience));
      auto reply = is_asking ? ask(*node, arguments) : node->command(arguments);
      if (!reply) {
        must_refresh_ = true;
        return reply;
      }
      Redirection redirection = redirection_of(*reply, to);
      if (redirection.refusal == Refusal::kNone || ++redirections > kMostRedirections) return reply;
      is_asking = redirection.refusal == Refusal::kAsk;
      if (redirection.refusal == Refusal::kTryLater) {
        if (!patience.wait()) return reply;
        must_refresh_ = true;
        to = TRY(endpoint_of(key, patience));
        continue;
      }
      if (redirection.refusal == Refusal::kMoved) {
        slots_[size_t(redirection.slot)] = number_of(redirection.target);
        must_refresh_ = true;  // one slot seldom moves alone; the next command reads the whole map
      }
      to = redirection.target;
    }
  }

  Result<std::vector<Reply>> pipeline(std::span<const Command> commands) override {
    for (const Command& command : commands) {
      if (command.empty()) return Error(ErrorCode::kBadParameter, "a Redis command has at least its name");
    }
    Patience patience(options_.failover_timeout_ms);
    if (is_transaction(commands)) return transaction(commands, patience);
    std::map<CacheEndpoint, std::vector<size_t>> by_node;
    for (size_t at = 0; at < commands.size(); ++at) {
      auto key = TRY(first_key(commands[at], patience));
      by_node[TRY(endpoint_of(key, patience))].push_back(at);
    }
    std::vector<Reply> replies(commands.size());
    for (const auto& [endpoint, positions] : by_node) {
      std::vector<Command> part;
      for (size_t at : positions) part.push_back(commands[at]);
      CacheConnection* node = TRY(reach(endpoint, std::nullopt, patience));
      auto answers = node->pipeline(part);
      if (!answers) {
        must_refresh_ = true;
        return answers;
      }
      for (size_t number = 0; number < positions.size(); ++number) {
        replies[positions[number]] = std::move((*answers)[number]);
      }
    }
    // What was redirected follows one by one, in its order.
    for (size_t at = 0; at < commands.size(); ++at) {
      if (redirection_of(replies[at], {}).refusal != Refusal::kNone) replies[at] = TRY(command(commands[at]));
    }
    return replies;
  }

  Result<CacheOptions> place_of(std::string_view key) override {
    Patience patience(options_.failover_timeout_ms);
    auto wanted = key.empty() ? std::nullopt : std::optional<std::string>(key);
    return options_of(options_, TRY(endpoint_of(wanted, patience)));
  }

 private:
  static constexpr uint16_t kNobody = UINT16_MAX;

  static Result<Reply> ask(CacheConnection& node, std::span<const std::string> arguments) {
    std::array<Command, 2> both = {Command{"ASKING"}, Command(arguments.begin(), arguments.end())};
    auto replies = TRY(node.pipeline(both));
    return std::move(replies[1]);
  }

  // All of it on one node: MULTI is refused nowhere, so the first command with a key says where.
  Result<std::vector<Reply>> transaction(std::span<const Command> commands, Patience& patience) {
    std::optional<std::string> key;
    for (const Command& command : commands) {
      if (!key) key = TRY(first_key(command, patience));
    }
    // EXEC runs nothing when a command before it was refused, so the whole can be sent again.
    for (int redirections = 0;; ++redirections) {
      CacheEndpoint to = TRY(endpoint_of(key, patience));
      CacheConnection* node = TRY(reach(to, key, patience));
      auto replies = node->pipeline(commands);
      if (!replies) {
        must_refresh_ = true;
        return replies;
      }
      auto refused = std::ranges::find_if(*replies, [&](const Reply& reply) {
        Refusal refusal = redirection_of(reply, to).refusal;
        return refusal == Refusal::kMoved || refusal == Refusal::kTryLater;
      });
      if (refused == replies->end() || redirections == kMostRedirections || !patience.wait()) return replies;
      must_refresh_ = true;
    }
  }

  Result<std::optional<std::string>> first_key(std::span<const std::string> arguments, Patience& patience) {
    CacheConnection* any = TRY(reach(TRY(endpoint_of(std::nullopt, patience)), std::nullopt, patience));
    auto key = keys_.first_key(arguments, *any);
    // Asking changes nothing; a connection that broke meanwhile is opened again once.
    if (!key && !any->is_open()) {
      must_refresh_ = true;
      any = TRY(reach(TRY(endpoint_of(std::nullopt, patience)), std::nullopt, patience));
      key = keys_.first_key(arguments, *any);
    }
    return key;
  }

  // The master of a key's slot; without a key the first known one.
  Result<CacheEndpoint> endpoint_of(const std::optional<std::string>& key, Patience& patience) {
    while (true) {
      Result<> refreshed;
      if (must_refresh_) refreshed = refresh();
      uint16_t node = key ? slots_[size_t(cluster_slot(*key))] : first_master();
      if (node != kNobody) return nodes_[node];
      must_refresh_ = true;
      if (patience.wait()) continue;
      if (!refreshed) return std::move(refreshed).error();
      return Error(ErrorCode::kSimpleClientCouldNotConnect, "no node of the Redis cluster has the slot of this key");
    }
  }

  uint16_t first_master() const {
    auto found = std::ranges::find_if(slots_, [](uint16_t node) { return node != kNobody; });
    return found == slots_.end() ? kNobody : *found;
  }

  // An open connection. A node that cannot be reached may have been replaced: `endpoint` then becomes the new
  // one.
  Result<CacheConnection*> reach(CacheEndpoint endpoint, const std::optional<std::string>& key, Patience& patience) {
    while (true) {
      auto& connection = connections_[endpoint];
      if (connection && connection->is_open()) return &*connection;
      auto opened = CacheConnection::connect(options_of(options_, endpoint));
      if (opened) {
        connection = *std::move(opened);
        return &*connection;
      }
      connections_.erase(endpoint);
      ErrorCode code = opened.error().code();
      if (code == ErrorCode::kHttpUnauthorized || !patience.wait()) return std::move(opened).error();
      must_refresh_ = true;
      endpoint = TRY(endpoint_of(key, patience));
    }
  }

  // Reads the map of slots from the first node that has one.
  Result<> refresh() {
    std::vector<CacheEndpoint> asked = nodes_;
    asked.insert(asked.end(), options_.endpoints.begin(), options_.endpoints.end());
    Error failure(ErrorCode::kBadParameter, "no node of the cluster is given");
    for (const CacheEndpoint& endpoint : asked) {
      auto read = read_slots(endpoint);
      if (read) {
        must_refresh_ = false;
        return {};
      }
      failure = std::move(read).error();
    }
    return failure;
  }

  Result<> read_slots(const CacheEndpoint& endpoint) {
    auto& kept = connections_[endpoint];
    if (!kept || !kept->is_open()) {
      auto opened = CacheConnection::connect(options_of(options_, endpoint));
      if (!opened) {
        connections_.erase(endpoint);
        return std::move(opened).error();
      }
      kept = *std::move(opened);
    }
    Reply ranges = TRY(kept->call({"CLUSTER", "SLOTS"}));
    if (ranges.elements.empty()) return Error(ErrorCode::kStartingUp, "the Redis cluster has no slots yet");
    nodes_.clear();
    slots_.fill(kNobody);
    for (const Reply& range : ranges.elements) {
      if (range.elements.size() < 3 || range.elements[2].elements.size() < 2) continue;
      const auto& master = range.elements[2].elements;
      CacheEndpoint node{master[0].text.empty() ? endpoint.host : master[0].text, int(master[1].integer)};
      uint16_t number = number_of(node);
      int64_t first = std::max<int64_t>(0, range.elements[0].integer);
      int64_t last = std::min<int64_t>(kSlots - 1, range.elements[1].integer);
      for (int64_t slot = first; slot <= last; ++slot) slots_[size_t(slot)] = number;
    }
    // Connections to nodes that are no masters any more are not kept.
    std::erase_if(connections_,
                  [&](const auto& entry) { return std::ranges::find(nodes_, entry.first) == nodes_.end(); });
    return {};
  }

  uint16_t number_of(const CacheEndpoint& endpoint) {
    auto found = std::ranges::find(nodes_, endpoint);
    if (found != nodes_.end()) return uint16_t(found - nodes_.begin());
    if (nodes_.size() == kMostNodes) return kNobody;
    nodes_.push_back(endpoint);
    return uint16_t(nodes_.size() - 1);
  }

  const CacheOptions options_;
  CommandKeys keys_;
  std::vector<CacheEndpoint> nodes_;
  std::array<uint16_t, kSlots> slots_;
  std::map<CacheEndpoint, std::optional<CacheConnection>> connections_;
  bool must_refresh_ = true;
};

}  // namespace

std::unique_ptr<CacheRoute> make_cluster_route(const CacheOptions& options) {
  return std::make_unique<ClusterRoute>(options);
}

}  // namespace workerdb::stores::cache
