#pragma once
// The document port over ArangoDB's HTTP API: a workerdb or an ArangoDB server.
#include <memory>
#include <string>

#include "base/result.h"
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

struct RemoteOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8529;
  std::string user = "root";
  std::string password;
  int64_t connect_timeout_ms = 5'000;
  int64_t read_timeout_ms = 600'000;     // of one answer: a query may compute for long
  uint64_t max_response_bytes = uint64_t(1) << 30;
};

// Connections are made when they are needed and kept for the next request; any number of threads may use the store.
// What is safe to repeat (reads) is sent again once when a kept connection turned out to be closed. Besides the port's
// errors: kSimpleClientCouldNotConnect, kSimpleClientCouldNotWrite, kSimpleClientCouldNotRead, kHttpUnauthorized.
std::unique_ptr<DocumentStore> make_remote_store(const RemoteOptions& options);

}  // namespace workerdb::stores::documents
