#pragma once
// Requests to the coordinators of one document store, JSON both ways. Private to this folder.
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_annotations.h"
#include "net/http_client.h"
#include "stores/documents/remote/remote_store.h"
#include "value/builder.h"

namespace workerdb::stores::documents {

// Whether a request may be sent again when nobody knows whether the server acted on it. Everything is sent
// again after a failure that proves that it did not run.
enum class Repeat {
  kRead,        // yes: it changes nothing
  kReadOnce,    // no, but it changes nothing either
  kIdempotent,  // yes: sending it twice has the effect of once; the caller reads Answer::may_have_run
  kUnsafe,      // no
};

struct Request {
  net::HttpMethod method = net::HttpMethod::kGet;
  std::string target;
  std::string body;
  Repeat repeat = Repeat::kUnsafe;
  std::vector<net::HttpHeader> headers = {};
  std::optional<size_t> endpoint = {};  // where its cursor or transaction lives: nowhere else
};

// What became of a request that a server answered, with a success (below 400) or an error.
struct Answer {
  int status = 0;
  value::Buffer body = value::Buffer(value::Slice::null());
  size_t endpoint = 0;
  // An earlier attempt failed so that the server may have acted on it: a refusal may be that attempt's echo.
  bool may_have_run = false;

  bool is_error() const { return status >= 400; }
  base::ErrorCode code() const;
  base::Error error() const;
};

// The failure of a write that may or may not have happened; see effect_is_unknown().
base::Error unknown_effect(const base::Error& reason);

// Thread-safe.
class HttpChannel {
 public:
  explicit HttpChannel(const RemoteOptions& options);

  // The server's answer, whatever its status. Fails when no server answered.
  base::Result<Answer> exchange(const Request& request);
  // The same for callers to whom an error answer is a failure; gives the body.
  base::Result<value::Buffer> send(const Request& request);
  // A read: repeated whenever it fails.
  base::Result<value::Buffer> read(std::string target);

 private:
  struct Place {
    RemoteEndpoint endpoint;
    base::Mutex mutex;
    std::vector<std::unique_ptr<net::HttpClient>> idle GUARDED_BY(mutex);
  };
  enum class Outcome { kAnswered, kDidNotRun, kUnclear };
  static constexpr size_t kIdleKept = 16;

  std::unique_ptr<net::HttpClient> take(Place& place) const;
  static void give_back(Place& place, std::unique_ptr<net::HttpClient> client);
  Outcome attempt(const Request& request, size_t endpoint, Answer& answer, base::Error& failure);
  // Turns to the next endpoint, unless another thread did so already.
  void leave(size_t endpoint);

  const RemoteOptions options_;
  std::vector<net::HttpHeader> headers_;
  std::vector<std::unique_ptr<Place>> places_;
  std::atomic<size_t> preferred_ = 0;
  std::atomic<bool> was_reached_ = false;
};

}  // namespace workerdb::stores::documents
