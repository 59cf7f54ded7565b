#include "stores/cache/cache_store.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/time.h"
#include "stores/cache/cache_route.h"

namespace workerdb::stores::cache {

using base::Result;

namespace {

constexpr int kLongestPause_ms = 250;

// A server that is always the same one.
class SingleRoute : public CacheRoute {
 public:
  explicit SingleRoute(const CacheOptions& options) : options_(options) {}

  Result<Reply> command(std::span<const std::string> arguments) override {
    TRY(ensure_open());
    return connection_->command(arguments);
  }
  Result<std::vector<Reply>> pipeline(std::span<const Command> commands) override {
    TRY(ensure_open());
    return connection_->pipeline(commands);
  }
  Result<CacheOptions> place_of(std::string_view) override { return options_; }

 private:
  Result<> ensure_open() {
    if (!connection_ || !connection_->is_open()) connection_ = TRY(CacheConnection::connect(options_));
    return {};
  }

  const CacheOptions options_;
  std::optional<CacheConnection> connection_;
};

}  // namespace

Patience::Patience(int timeout_ms) : deadline_ns_(base::steady_time_ns() + int64_t{timeout_ms} * 1'000'000) {}

bool Patience::wait() {
  if (base::steady_time_ns() + int64_t{pause_ms_} * 1'000'000 > deadline_ns_) return false;
  std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms_));
  pause_ms_ = std::min(pause_ms_ * 2, kLongestPause_ms);
  return true;
}

CacheOptions options_of(const CacheOptions& options, const CacheEndpoint& endpoint) {
  CacheOptions one = options;
  one.topology = CacheTopology::kSingle;
  one.unix_socket.clear();
  one.host = endpoint.host;
  one.port = endpoint.port;
  return one;
}

std::unique_ptr<CacheRoute> make_single_route(const CacheOptions& options) {
  return std::make_unique<SingleRoute>(options);
}

std::unique_ptr<CacheRoute> make_route(const CacheOptions& options) {
  switch (options.topology) {
    case CacheTopology::kSingle: return make_single_route(options);
    case CacheTopology::kSentinel: return make_sentinel_route(options);
    case CacheTopology::kCluster: return make_cluster_route(options);
  }
  return nullptr;
}

CacheStore::CacheStore(CacheOptions options) : options_(std::move(options)), route_(make_route(options_)) {}
CacheStore::~CacheStore() = default;

Result<Reply> CacheStore::command(std::span<const std::string> arguments) {
  base::MutexLock lock(mutex_);
  return route_->command(arguments);
}

Result<Reply> CacheStore::command(std::initializer_list<std::string> arguments) {
  return command(std::span(arguments.begin(), arguments.size()));
}

Result<Reply> CacheStore::call(std::span<const std::string> arguments) {
  Reply reply = TRY(command(arguments));
  if (reply.is_error()) return error_of_reply(reply);
  return reply;
}

Result<Reply> CacheStore::call(std::initializer_list<std::string> arguments) {
  return call(std::span(arguments.begin(), arguments.size()));
}

Result<std::vector<Reply>> CacheStore::pipeline(std::span<const Command> commands) {
  base::MutexLock lock(mutex_);
  return route_->pipeline(commands);
}

// A route of its own: finding a master or a slot must not wait for another caller's long command.
Result<CacheConnection> CacheStore::connect(std::string_view key) const {
  return CacheConnection::connect(TRY(make_route(options_)->place_of(key)));
}

Result<Subscriber> CacheStore::subscribe(std::span<const std::string> channels,
                                         std::span<const std::string> patterns) const {
  return Subscriber::subscribe(TRY(make_route(options_)->place_of({})), channels, patterns);
}

}  // namespace workerdb::stores::cache
