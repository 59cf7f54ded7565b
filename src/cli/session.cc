#include "cli/session.h"

namespace workerdb::cli {

stores::documents::DocumentStore& Session::documents() {
  if (documents_ == nullptr) documents_ = stores::documents::make_remote_store(endpoints_.documents);
  return *documents_;
}

stores::relational::RelationalStore& Session::relational() {
  if (relational_ == nullptr)
    relational_ = std::make_unique<stores::relational::RelationalStore>(endpoints_.relational);
  return *relational_;
}

stores::cache::CacheStore& Session::cache() {
  if (cache_ == nullptr) cache_ = std::make_unique<stores::cache::CacheStore>(endpoints_.cache);
  return *cache_;
}

}  // namespace workerdb::cli
