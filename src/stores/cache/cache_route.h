#pragma once
// How commands reach the servers of one topology. Private to this folder.
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "stores/cache/cache_store.h"

namespace workerdb::stores::cache {

// One thread at a time.
class CacheRoute {
 public:
  virtual ~CacheRoute() = default;
  virtual base::Result<Reply> command(std::span<const std::string> arguments) = 0;
  virtual base::Result<std::vector<Reply>> pipeline(std::span<const Command> commands) = 0;
  // Where a connection of the caller's own goes.
  virtual base::Result<CacheOptions> place_of(std::string_view key) = 0;
};

std::unique_ptr<CacheRoute> make_single_route(const CacheOptions& options);
std::unique_ptr<CacheRoute> make_sentinel_route(const CacheOptions& options);
std::unique_ptr<CacheRoute> make_cluster_route(const CacheOptions& options);
std::unique_ptr<CacheRoute> make_route(const CacheOptions& options);

// The options of a plain connection to one server of the topology.
CacheOptions options_of(const CacheOptions& options, const CacheEndpoint& endpoint);

// Pauses between attempts until a deadline.
class Patience {
 public:
  explicit Patience(int timeout_ms);
  // Sleeps a little longer each time; false when the time is over.
  bool wait();

 private:
  const int64_t deadline_ns_;
  int pause_ms_ = 10;
};

}  // namespace workerdb::stores::cache
