#pragma once
// Requests to one document server, JSON both ways. Private to this folder.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_annotations.h"
#include "net/http_client.h"
#include "stores/documents/remote/remote_store.h"
#include "value/builder.h"

namespace workerdb::stores::documents {

// Thread-safe.
class HttpChannel {
 public:
  explicit HttpChannel(const RemoteOptions& options);

  // The parsed body of a success (below 400). An error body becomes the Error that it carries. `body` none: without.
  base::Result<value::Buffer> send(net::HttpMethod method, std::string_view target, value::Slice body = {},
                                   const std::vector<net::HttpHeader>& headers = {});
  base::Result<value::Buffer> send_text(net::HttpMethod method, std::string_view target, std::string_view body,
                                        const std::vector<net::HttpHeader>& headers = {});

 private:
  static constexpr size_t kIdleKept = 16;

  std::unique_ptr<net::HttpClient> take();
  void give_back(std::unique_ptr<net::HttpClient> client);

  net::HttpClientOptions options_;
  base::Mutex mutex_;
  std::vector<std::unique_ptr<net::HttpClient>> idle_ GUARDED_BY(mutex_);
};

}  // namespace workerdb::stores::documents
