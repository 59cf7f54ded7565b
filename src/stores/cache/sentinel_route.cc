// The master that Redis Sentinel names, followed through failovers. Source: the Redis documentation,
// "Guidelines for Redis clients with support for Redis Sentinel": ask one sentinel after the other, connect,
// and believe only ROLE.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stores/cache/cache_route.h"

namespace workerdb::stores::cache {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int kSentinelTimeout_ms = 1000;

// What a master answers once a failover has made it a replica. Such a command did not run.
bool is_demoted(const Reply& reply) { return reply.is_error() && reply.text.starts_with("READONLY"); }

class SentinelRoute : public CacheRoute {
 public:
  explicit SentinelRoute(const CacheOptions& options) : options_(options), sentinels_(options.endpoints) {}

  Result<Reply> command(std::span<const std::string> arguments) override {
    Patience patience(options_.failover_timeout_ms);
    while (true) {
      TRY(ensure_master());
      auto reply = connection_->command(arguments);
      if (!reply || !is_demoted(*reply)) return reply;
      connection_.reset();
      if (!patience.wait()) return reply;
    }
  }

  // A pipeline of which only a part was refused is not repeated: the order of its commands may matter.
  Result<std::vector<Reply>> pipeline(std::span<const Command> commands) override {
    Patience patience(options_.failover_timeout_ms);
    while (true) {
      TRY(ensure_master());
      auto replies = connection_->pipeline(commands);
      if (!replies || !std::ranges::any_of(*replies, is_demoted)) return replies;
      connection_.reset();
      if (!std::ranges::all_of(*replies, is_demoted) || !patience.wait()) return replies;
    }
  }

  Result<CacheOptions> place_of(std::string_view) override {
    TRY(ensure_master());
    return options_of(options_, master_);
  }

 private:
  // A kept connection is not asked again for its role: the first write to a demoted master finds out.
  Result<> ensure_master() {
    if (connection_ && connection_->is_open()) return {};
    Patience patience(options_.failover_timeout_ms);
    while (true) {
      auto connected = connect_to_master();
      if (connected) {
        connection_ = *std::move(connected);
        return {};
      }
      // A wrong password does not get right by waiting.
      ErrorCode code = connected.error().code();
      bool is_final = code == ErrorCode::kHttpUnauthorized || code == ErrorCode::kCollectionNotFound;
      if (is_final || !patience.wait()) return std::move(connected).error();
    }
  }

  Result<CacheConnection> connect_to_master() {
    CacheEndpoint named = TRY(ask_sentinels());
    auto connection = TRY(CacheConnection::connect(options_of(options_, named)));
    Reply role = TRY(connection.call({"ROLE"}));
    if (role.elements.empty() || role.elements[0].text != "master") {
      return Error(ErrorCode::kReadOnly, "the server that the sentinels name is no master (yet)");
    }
    master_ = std::move(named);
    return connection;
  }

  Result<CacheEndpoint> ask_sentinels() {
    Error failure(ErrorCode::kBadParameter, "no sentinel is given");
    bool is_unknown = false;
    for (size_t at = 0; at < sentinels_.size(); ++at) {
      auto named = ask(sentinels_[at]);
      if (named && *named) {
        // The one that answered is asked first the next time.
        std::rotate(sentinels_.begin(), sentinels_.begin() + std::ptrdiff_t(at),
                    sentinels_.begin() + std::ptrdiff_t(at) + 1);
        return **named;
      }
      is_unknown = is_unknown || named.has_value();
      if (!named) failure = std::move(named).error();
    }
    if (!is_unknown) return failure;
    return Error(ErrorCode::kCollectionNotFound,
                 fmt::format("the sentinels know no master '{}'", options_.master_name));
  }

  // Nothing when that sentinel does not know the name.
  Result<std::optional<CacheEndpoint>> ask(const CacheEndpoint& sentinel) const {
    CacheOptions to = options_of(options_, sentinel);
    to.user = options_.sentinel_user;
    to.password = options_.sentinel_password;
    to.database = 0;
    to.connect_timeout_ms = std::min(to.connect_timeout_ms, kSentinelTimeout_ms);
    to.command_timeout_ms = kSentinelTimeout_ms;
    auto connection = TRY(CacheConnection::connect(to));
    Reply named = TRY(connection.call({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.master_name}));
    if (named.elements.size() != 2) return std::nullopt;
    CacheEndpoint endpoint{named.elements[0].text, 0};
    const std::string& port = named.elements[1].text;
    std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (endpoint.port <= 0)
      return Error(ErrorCode::kSimpleClientCouldNotRead, "a sentinel named a master without port");
    return endpoint;
  }

  const CacheOptions options_;
  std::vector<CacheEndpoint> sentinels_;
  CacheEndpoint master_;
  std::optional<CacheConnection> connection_;
};

}  // namespace

std::unique_ptr<CacheRoute> make_sentinel_route(const CacheOptions& options) {
  return std::make_unique<SentinelRoute>(options);
}

}  // namespace workerdb::stores::cache
