#pragma once
// A document store of each kind over a fresh engine, and the fixture of the contract that all of them keep.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "server/document_server.h"
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

// An engine in a temporary folder.
class TemporaryEngine {
 public:
  TemporaryEngine();
  ~TemporaryEngine();
  engine::Engine& operator*() { return *engine_; }
  engine::Engine* operator->() { return engine_.get(); }

 private:
  std::string folder_;
  std::unique_ptr<engine::Engine> engine_;
};

// Its HTTP server on a free port; root's password is "secret".
std::unique_ptr<server::DocumentServer> serve(engine::Engine& engine, uint16_t port = 0);

enum class Adapter { kLocal, kRemote };

class DocumentStoreContract : public ::testing::TestWithParam<Adapter> {
 protected:
  DocumentStoreContract();
  ~DocumentStoreContract() override;

  static value::Buffer json(std::string_view text);
  // The rows of a query as JSON, or "error NUMBER".
  std::string rows(std::string_view text, const QueryOptions& options = {}, std::string_view bind = "null");
  base::ErrorCode query_error(std::string_view text, const QueryOptions& options = {});
  void make(std::string_view collection, std::initializer_list<std::string_view> documents = {});

  TemporaryEngine engine_;
  std::unique_ptr<server::DocumentServer> server_;
  std::unique_ptr<DocumentStore> store_;
  std::shared_ptr<DocumentDatabase> database_;
};

}  // namespace workerdb::stores::documents
