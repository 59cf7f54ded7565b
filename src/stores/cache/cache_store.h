#pragma once
// Redis as the rest of the program sees it. The only folder that sees hiredis.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "stores/cache/reply.h"

struct redisContext;

namespace workerdb::stores::cache {

// One server; the master that sentinels name; or the masters of a cluster.
enum class CacheTopology { kSingle, kSentinel, kCluster };

struct CacheEndpoint {
  std::string host;
  int port = 6379;
  friend auto operator<=>(const CacheEndpoint&, const CacheEndpoint&) = default;
};

struct CacheOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  // Not empty: this socket instead of host and port.
  std::string unix_socket;
  // An ACL user; empty: the default user, who logs in only when there is a password.
  std::string user;
  std::string password;
  int database = 0;
  int connect_timeout_ms = 5000;
  // How long one command may take; 0: no limit (BLPOP and the like).
  int command_timeout_ms = 30000;

  CacheTopology topology = CacheTopology::kSingle;
  // The sentinels, or some nodes of the cluster; not used with kSingle.
  std::vector<CacheEndpoint> endpoints;
  // What the sentinels call their master.
  std::string master_name;
  // For sentinels that want a login of their own.
  std::string sentinel_user;
  std::string sentinel_password;
  // How long to wait for a new master, or for a cluster that is moving or missing slots.
  int failover_timeout_ms = 15000;
};

// "redis://user:password@host:6379/0", "unix:///path",
// "redis-sentinel://[user:password@]h1:26379,h2/mymaster[/0]" or
// "redis-cluster://[user:password@]h1:7000,h2:7001". User and password are those of the data servers. Fails
// with kBadParameter on anything else; TLS (rediss://) is refused with its own sentence.
base::Result<CacheOptions> options_from_url(std::string_view url);

using Command = std::vector<std::string>;

// An error reply as an Error: NOAUTH and WRONGPASS kHttpUnauthorized, NOPERM kForbidden, OOM kResourceLimit,
// LOADING kStartingUp, READONLY kReadOnly, WRONGTYPE kTypeError, all others kFailed. The text is the
// server's.
base::Error error_of_reply(const Reply& reply);

// One connection. Movable; one thread at a time. After a lost connection or a timeout every call fails and
// is_open() is false: connect again (an answer that comes late must not be taken for the next one's).
class CacheConnection {
 public:
  // Connects, logs in and selects the database. Fails with kSimpleClientCouldNotConnect, kHttpUnauthorized,
  // kStartingUp.
  static base::Result<CacheConnection> connect(const CacheOptions& options);

  // Runs a command and returns its reply; an error reply is a Reply of type kError. Arguments are any bytes.
  base::Result<Reply> command(std::span<const std::string> arguments);
  base::Result<Reply> command(std::initializer_list<std::string> arguments);
  // The same for callers to whom an error reply is a failure.
  base::Result<Reply> call(std::span<const std::string> arguments);
  base::Result<Reply> call(std::initializer_list<std::string> arguments);
  // Sends all commands in one round trip; replies in their order, error replies among them.
  base::Result<std::vector<Reply>> pipeline(std::span<const Command> commands);

  bool is_open() const { return context_ != nullptr; }

 private:
  friend class Subscriber;
  struct Closer {
    void operator()(redisContext* context) const;
  };
  explicit CacheConnection(redisContext* context) : context_(context) {}
  static base::Result<CacheConnection> open(const CacheOptions& options);
  base::Result<> log_in(const CacheOptions& options);
  base::Result<> append(std::span<const std::string> arguments);
  base::Result<Reply> read_reply();
  // Closes the connection and says why it broke.
  base::Error broken();

  std::unique_ptr<redisContext, Closer> context_;
};

struct Message {
  std::string channel;
  // The pattern that matched; empty for a message of a plain subscription.
  std::string pattern;
  std::string payload;
};

// A connection that listens. One thread at a time.
class Subscriber {
 public:
  // Subscribes to channels by name and by glob pattern; returns when the server has confirmed all of them. At
  // least one is needed. Fails as connect does, and with kForbidden when the user may not listen there.
  static base::Result<Subscriber> subscribe(const CacheOptions& options, std::span<const std::string> channels,
                                            std::span<const std::string> patterns);
  // The next message; nothing when none came within `timeout_ms`.
  base::Result<std::optional<Message>> next(int timeout_ms);

 private:
  explicit Subscriber(CacheConnection connection) : connection_(std::move(connection)) {}
  base::Result<std::optional<Reply>> poll_reply(int64_t deadline_ns);
  CacheConnection connection_;
  std::deque<Message> early_;  // arrived while the subscription was being confirmed
};

// The slot of a key in a cluster, 0 to 16383: CRC16 of the key, or of what stands between its first braces.
int cluster_slot(std::string_view key);

// How commands reach the servers of one topology; private to this folder.
class CacheRoute;

// Redis as a whole: runs commands over connections that it opens when needed, and opens again after they were
// lost. A command that failed half-way is not repeated, because it may have run; one that was refused because
// its server is no master any more, or no longer has the key's slot, did not run and is sent to the right
// one, for as long as failover_timeout_ms. Thread-safe: callers take turns; who needs a connection of its own
// calls connect().
//
// In a cluster a command goes to the node of its first key and a command without keys to any one node
// (DBSIZE, SCAN and KEYS speak of that node alone). A pipeline is sent to each node it concerns; commands of
// different slots keep no order among one another. A pipeline that starts with MULTI goes to one node as it
// is.
class CacheStore {
 public:
  explicit CacheStore(CacheOptions options);
  ~CacheStore();

  base::Result<Reply> command(std::span<const std::string> arguments) EXCLUDES(mutex_);
  base::Result<Reply> command(std::initializer_list<std::string> arguments) EXCLUDES(mutex_);
  base::Result<Reply> call(std::span<const std::string> arguments) EXCLUDES(mutex_);
  base::Result<Reply> call(std::initializer_list<std::string> arguments) EXCLUDES(mutex_);
  base::Result<std::vector<Reply>> pipeline(std::span<const Command> commands) EXCLUDES(mutex_);

  // To the server, to the master, or to a node of the cluster: the one that has `key`, when one is given.
  base::Result<CacheConnection> connect(std::string_view key = {}) const;
  base::Result<Subscriber> subscribe(std::span<const std::string> channels,
                                     std::span<const std::string> patterns) const;
  const CacheOptions& options() const { return options_; }

 private:
  const CacheOptions options_;
  base::Mutex mutex_;
  std::unique_ptr<CacheRoute> route_ GUARDED_BY(mutex_);
};

}  // namespace workerdb::stores::cache
