#pragma once
// The document port over ArangoDB's HTTP API: a workerdb, an ArangoDB server, or the coordinators of a
// cluster. JSON both ways.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

struct RemoteEndpoint {
  std::string host = "127.0.0.1";
  uint16_t port = 8529;
};

struct RemoteOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8529;
  // Several coordinators of one cluster; empty: `host` and `port` alone. The first that answers is used until
  // it fails; cursors and transactions stay with the one that made them.
  std::vector<RemoteEndpoint> endpoints;
  std::string user = "root";
  std::string password;
  // A JWT; not empty: instead of user and password.
  std::string token;
  int64_t connect_timeout_ms = 5'000;
  int64_t read_timeout_ms = 600'000;  // of one answer: a query may compute for long
  uint64_t max_response_bytes = uint64_t(1) << 30;
  // After a failure what is safe to repeat is sent again until one of these is used up. A server that was
  // never reached is not waited for: then each endpoint is tried once.
  int max_attempts = 50;
  int64_t retry_deadline_ms = 30'000;
  int64_t first_backoff_ms = 25, largest_backoff_ms = 1'000;
};

struct RemotePlace {
  RemoteOptions options;
  std::string database;  // empty: the URL names none
};

// "http://user:password@h1:8529,h2:8529/db"; without a port 8529. "tcp" and "http+tcp" are http. Fails with
// kBadParameter, also for https and ssl, which this client does not speak. Messages never repeat the text.
base::Result<RemotePlace> remote_place_from_url(std::string_view url);

// Connections are made when they are needed and kept for the next request; any number of threads may use the
// store.
//
// What is sent again after a failure: everything that certainly did not run (no connection, a refusal with
// 503); reads; definitions (after looking at what is there); inserts, as each carries a key that this side
// chose before the first attempt where the caller and the collection's key generator leave it free; writes
// that expect a revision; queries that cannot write; batches of cursors by their number. Never sent again:
// updates, replacements and removals without an expected revision, truncation, AQL that writes. When such a
// write fails so that nobody knows whether it ran, effect_is_unknown() holds for its error.
//
// Besides the port's errors: kSimpleClientCouldNotConnect, kSimpleClientCouldNotWrite,
// kSimpleClientCouldNotRead, kHttpUnauthorized. No message holds a credential.
std::unique_ptr<DocumentStore> make_remote_store(const RemoteOptions& options);

// True for the failure of a write that may or may not have happened.
bool effect_is_unknown(const base::Error& error);

}  // namespace workerdb::stores::documents
