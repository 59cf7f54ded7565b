#include "documents_under_test.h"

#include <stdlib.h>

#include <filesystem>

#include "stores/documents/local/local_store.h"
#include "stores/documents/remote/remote_store.h"
#include "value/json.h"

namespace workerdb::stores::documents {

using base::ErrorCode;

TemporaryEngine::TemporaryEngine() {
  std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-stores-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  auto opened = engine::Engine::open(folder_);
  EXPECT_TRUE(opened) << opened.error().message();
  engine_ = *std::move(opened);
}

TemporaryEngine::~TemporaryEngine() {
  engine_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<server::DocumentServer> serve(engine::Engine& engine, uint16_t port) {
  server::DocumentServerOptions options;
  options.port = port;
  options.root_password = "secret";
  auto server = std::make_unique<server::DocumentServer>(engine, options);
  auto started = server->start();
  EXPECT_TRUE(started) << started.error().message();
  return server;
}

DocumentStoreContract::DocumentStoreContract() {
  if (GetParam() == Adapter::kLocal) {
    store_ = make_local_store(*engine_);
  } else {
    server_ = serve(*engine_);
    RemoteOptions options;
    options.port = server_->port();
    options.password = "secret";
    store_ = make_remote_store(options);
  }
  EXPECT_TRUE(store_->create_database("shop"));
  auto opened = store_->open("shop");
  EXPECT_TRUE(opened) << opened.error().message();
  database_ = *opened;
}

DocumentStoreContract::~DocumentStoreContract() {
  database_.reset();
  store_.reset();
  server_.reset();
}

value::Buffer DocumentStoreContract::json(std::string_view text) { return value::parse_json(text).value(); }

std::string DocumentStoreContract::rows(std::string_view text, const QueryOptions& options, std::string_view bind) {
  auto cursor = database_->query(text, json(bind).slice(), options);
  if (!cursor) return "error " + std::to_string(cursor.error().number()) + ": " + cursor.error().message();
  value::Builder all;
  all.open_array();
  while (true) {
    auto batch = (*cursor)->next_batch();
    if (!batch) return "error " + std::to_string(batch.error().number()) + ": " + batch.error().message();
    if (!*batch) break;
    for (value::ArrayIterator row(**batch); row.valid(); row.next()) all.slice(row.value());
  }
  all.close();
  return value::to_json(all.slice());
}

ErrorCode DocumentStoreContract::query_error(std::string_view text, const QueryOptions& options) {
  auto cursor = database_->query(text, value::Slice::null(), options);
  if (!cursor) return cursor.error().code();
  while (true) {
    auto batch = (*cursor)->next_batch();
    if (!batch) return batch.error().code();
    if (!*batch) return ErrorCode(0);
  }
}

void DocumentStoreContract::make(std::string_view collection, std::initializer_list<std::string_view> documents) {
  CollectionDescription description;
  description.name = collection;
  auto made = database_->create_collection(description);
  EXPECT_TRUE(made) << made.error().message();
  for (std::string_view document : documents) {
    auto written = database_->insert(collection, json(document).slice());
    EXPECT_TRUE(written) << written.error().message();
  }
}

}  // namespace workerdb::stores::documents
