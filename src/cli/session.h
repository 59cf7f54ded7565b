#pragma once
// The stores that a command talks to, opened when they are first asked for.
#include <memory>
#include <string>

#include "base/result.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/document_store.h"
#include "stores/documents/remote/remote_store.h"
#include "stores/relational/relational_store.h"

namespace workerdb::cli {

struct StoreEndpoints {
  stores::documents::RemoteOptions documents;
  stores::relational::ConnectionOptions relational;  // of the maintenance database
  stores::cache::CacheOptions cache;
};

// One thread.
class Session {
 public:
  explicit Session(StoreEndpoints endpoints) : endpoints_(std::move(endpoints)) {}

  const StoreEndpoints& endpoints() const { return endpoints_; }
  stores::documents::DocumentStore& documents();
  stores::relational::RelationalStore& relational();
  stores::cache::CacheStore& cache();

 private:
  StoreEndpoints endpoints_;
  std::unique_ptr<stores::documents::DocumentStore> documents_;
  std::unique_ptr<stores::relational::RelationalStore> relational_;
  std::unique_ptr<stores::cache::CacheStore> cache_;
};

}  // namespace workerdb::cli
