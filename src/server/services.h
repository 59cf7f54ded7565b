#pragma once
// What all requests share.
#include <cstdint>
#include <string>

#include "engine/engine.h"
#include "server/cursors.h"
#include "server/tokens.h"
#include "server/transactions.h"
#include "server/users.h"

namespace workerdb::server {

struct DocumentServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8529;
  bool authentication = true;
  std::string root_password;       // for the user root when it is made at the first start
  std::string token_secret;        // signs JWTs; empty: a random one of this run
  double token_lifetime_s = 3600;  // --server.session-timeout
  double cursor_lifetime_s = 30;   // --query.registry-ttl of a single server
  uint64_t largest_body_bytes = uint64_t(1) << 30;
  uint64_t all_bodies_bytes = 0;              // of requests that are being read or handled; 0: the listener's
  uint64_t largest_batch_bytes = UINT64_MAX;  // a cursor's batch ends behind it, with fewer rows than were asked for
  uint32_t largest_header_bytes = 1 << 20;
  uint32_t max_connections = 1024;
  int64_t idle_timeout_ms = 300'000;  // --http.keep-alive-timeout
  int io_threads = 2, worker_threads = 16;
};

struct Services {
  Services(engine::Engine& used_engine, const DocumentServerOptions& used_options)
      : engine(used_engine), options(used_options), users(used_engine), tokens(used_options.token_secret) {}

  engine::Engine& engine;
  const DocumentServerOptions& options;
  Users users;
  Tokens tokens;
  StreamTransactions transactions;  // outlives the cursors that hold one
  Cursors cursors;
};

}  // namespace workerdb::server
