#include "cli/document_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/machine_memory.h"
#include "base/process_memory.h"
#include "engine/machine_options.h"
#include "engine/memory_budget.h"
#include "net/http_client.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int64_t kDrain_ms = 5'000;

void append_metric(std::string& to, std::string_view name, std::string_view type, std::string_view help, double value) {
  fmt::format_to(std::back_inserter(to), "# HELP workerdb_{0} {1}\n# TYPE workerdb_{0} {2}\nworkerdb_{0} {3}\n", name,
                 help, type, value);
}

}  // namespace

InProcessService DocumentService::service() {
  return {kName,
          {},
          [this] { return start(); },
          [this] { stop(); },
          [this](int64_t timeout_ms) { return probe(timeout_ms); }};
}

Result<engine::EngineOptions> options_within_budget(uint64_t bytes, server::DocumentServerOptions& server) {
  if (bytes == 0) return engine::options_for_machine(base::machine_memory_bytes());
  engine::EngineOptions options = TRY(engine::options_within(bytes));
  base::give_freed_memory_back();
  // A body is there as text and, read, as a value.
  server.all_bodies_bytes = std::min(server.largest_body_bytes, bytes / 16);
  server.largest_body_bytes = server.all_bodies_bytes;
  server.largest_batch_bytes = options.answer_bytes;
  server.worker_threads = std::min(server.worker_threads, 8);
  return options;
}

Result<> DocumentService::start() {
  base::MutexLock lock(mutex_);
  server_.reset();
  engine_.reset();
  server::DocumentServerOptions options;
  engine_ =
      TRY(engine::Engine::open(options_.folder, TRY(options_within_budget(options_.memory_budget_bytes, options))));
  options.address = options_.address;
  options.port = options_.port;
  options.root_password = options_.root_password;
  options.token_secret = options_.token_secret;
  server_ = std::make_unique<server::DocumentServer>(*engine_, options);
  auto started = server_->start();
  if (!started) {
    server_.reset();
    engine_.reset();
  }
  return started;
}

void DocumentService::stop() {
  base::MutexLock lock(mutex_);
  if (server_ != nullptr) server_->stop(kDrain_ms);
  server_.reset();
  if (engine_ != nullptr) (void)engine_->sync();
  engine_.reset();
}

Result<> DocumentService::probe(int64_t timeout_ms) const {
  net::HttpClientOptions options;
  options.host = options_.address;
  options.port = options_.port;
  options.connect_timeout_ms = timeout_ms;
  options.read_timeout_ms = timeout_ms;
  net::HttpClient client(options);
  auto answer = TRY(client.get("/_admin/server/availability"));
  if (answer.status != 200) {
    return Error(ErrorCode::kSimpleClientCouldNotRead, fmt::format("the document server answers {}", answer.status));
  }
  return {};
}

void DocumentService::append_metrics(std::string& text) const {
  base::MutexLock lock(mutex_);
  if (engine_ == nullptr || server_ == nullptr) return;
  auto engine = engine_->statistics();
  auto server = server_->statistics();
  append_metric(text, "documents_live_bytes", "gauge", "Bytes of live data.", double(engine.live_bytes));
  append_metric(text, "documents_memtable_bytes", "gauge", "Bytes of writes in memory.", double(engine.memtable_bytes));
  append_metric(text, "documents_block_cache_bytes", "gauge", "Bytes of cached blocks.",
                double(engine.block_cache_bytes));
  append_metric(text, "documents_wal_bytes", "gauge", "Bytes of the write-ahead log.", double(engine.wal_bytes));
  append_metric(text, "documents_open_transactions", "gauge", "Transactions that are open.",
                double(engine.open_transactions));
  append_metric(text, "queries_started_total", "counter", "AQL queries.", double(engine.queries_started));
  append_metric(text, "queries_failed_total", "counter", "AQL queries that ended with an error.",
                double(engine.queries_failed));
  append_metric(text, "queries_running", "gauge", "AQL queries that run.", double(engine.queries_running));
  append_metric(text, "cursors_open", "gauge", "Cursors with rows to fetch.", double(server.open_cursors));
  append_metric(text, "http_requests_total", "counter", "Requests to the document server.",
                double(server.http.requests));
  append_metric(text, "http_requests_refused_total", "counter", "Requests that the listener refused.",
                double(server.http.requests_refused));
  append_metric(text, "http_connections_open", "gauge", "Open connections.", double(server.http.connections_open));
  append_metric(text, "http_received_bytes_total", "counter", "Bytes received.", double(server.http.bytes_received));
  append_metric(text, "http_sent_bytes_total", "counter", "Bytes sent.", double(server.http.bytes_sent));
}

}  // namespace workerdb::cli
