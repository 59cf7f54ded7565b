#pragma once
// A stream transaction over HTTP. Source: the 3.12 documentation, "HTTP interface for Stream Transactions".
// Private to this folder.
#include <memory>
#include <string>
#include <vector>

#include "stores/documents/remote/http_channel.h"

namespace workerdb::stores::documents {

struct TransactionCollections {
  std::vector<std::string> read, written;
  bool may_read_others = false;
};

// Aborts in its destructor unless it was committed. One thread at a time.
class RemoteTransaction {
 public:
  static base::Result<std::unique_ptr<RemoteTransaction>> begin(std::shared_ptr<HttpChannel> channel,
                                                                const std::string& prefix,
                                                                const TransactionCollections& collections);
  ~RemoteTransaction() { abort(); }
  RemoteTransaction(const RemoteTransaction&) = delete;
  RemoteTransaction& operator=(const RemoteTransaction&) = delete;

  net::HttpHeader header() const { return {"x-arango-trx-id", id_}; }
  size_t endpoint() const { return endpoint_; }
  // After a failure for which effect_is_unknown() holds the writes may or may not be there.
  base::Result<> commit();
  void abort();

 private:
  RemoteTransaction(std::shared_ptr<HttpChannel> channel, std::string target, std::string id, size_t endpoint)
      : channel_(std::move(channel)), target_(std::move(target)), id_(std::move(id)), endpoint_(endpoint) {}

  const std::shared_ptr<HttpChannel> channel_;
  const std::string target_, id_;
  const size_t endpoint_;
  bool is_running_ = true;
};

}  // namespace workerdb::stores::documents
