#pragma once
// The engine and its HTTP server as one service of the stack, in this process.
#include <memory>
#include <string>

#include "base/thread_annotations.h"
#include "cli/stack/stack.h"
#include "engine/engine.h"
#include "server/document_server.h"

namespace workerdb::cli {

struct DocumentServiceOptions {
  std::string folder;  // of the engine
  std::string address = "127.0.0.1";
  uint16_t port = 8529;
  std::string root_password;         // of a new store
  std::string token_secret;          // empty: tokens end with the process
  uint64_t memory_budget_bytes = 0;  // 0: each part takes what it takes by default
};

// What a budget (0: none) leaves to the engine, and to the server in front of it. From then on this process gives freed
// memory back to the system.
base::Result<engine::EngineOptions> options_within_budget(uint64_t bytes, server::DocumentServerOptions& server);

// Thread-safe.
class DocumentService {
 public:
  static constexpr const char* kName = "documents";

  explicit DocumentService(DocumentServiceOptions options) : options_(std::move(options)) {}
  ~DocumentService() { stop(); }

  // Borrows this object: it must live until the stack has stopped the service.
  InProcessService service();

  base::Result<> start() EXCLUDES(mutex_);
  void stop() EXCLUDES(mutex_);
  base::Result<> probe(int64_t timeout_ms) const;
  // Appends lines in Prometheus' text format.
  void append_metrics(std::string& to) const EXCLUDES(mutex_);

 private:
  const DocumentServiceOptions options_;
  mutable base::Mutex mutex_;
  std::unique_ptr<engine::Engine> engine_ GUARDED_BY(mutex_);
  std::unique_ptr<server::DocumentServer> server_ GUARDED_BY(mutex_);
};

}  // namespace workerdb::cli
