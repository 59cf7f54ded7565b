#include "stores/documents/remote/remote_cursor.h"

namespace workerdb::stores::documents {

using base::Result;
using net::HttpMethod;
using value::Buffer;
using value::Builder;
using value::Slice;

namespace {

class RemoteCursor : public QueryCursor {
 public:
  RemoteCursor(std::shared_ptr<HttpChannel> channel, std::string prefix, Buffer answer)
      : channel_(std::move(channel)), prefix_(std::move(prefix)), answer_(std::move(answer)) {
    remember_cursor();
  }

  ~RemoteCursor() override {
    // Ends the query when its rows were not all wanted; a server that is gone ends it by time.
    if (!id_.empty()) (void)channel_->send(HttpMethod::kDelete, target());
  }

  Result<std::optional<Slice>> next_batch() override {
    while (true) {
      if (!is_fresh_) {
        if (id_.empty()) return std::nullopt;
        auto answer = channel_->send(HttpMethod::kPost, target());
        if (!answer) {
          id_.clear();
          return std::move(answer).error();
        }
        answer_ = *std::move(answer);
        remember_cursor();
      }
      is_fresh_ = false;
      // A batch without rows is the end only where no other one follows.
      Slice rows = answer_.slice().get("result");
      if (rows.size() > 0) return rows;
    }
  }

  Slice extra() const override { return extra_.slice(); }

 private:
  std::string target() const { return prefix_ + "/_api/cursor/" + id_; }

  void remember_cursor() {
    Slice id = answer_.slice().get("id");
    id_ = answer_.slice().get("hasMore").is_true() && id.is_string() ? std::string(id.as_string()) : std::string();
    if (answer_.slice().get("extra").is_object()) extra_ = Buffer(answer_.slice().get("extra"));
    is_fresh_ = true;
  }

  std::shared_ptr<HttpChannel> channel_;
  std::string prefix_, id_;
  Buffer answer_;
  Buffer extra_{Slice::empty_object()};
  bool is_fresh_ = true;      // the rows of answer_ were not handed out yet
};

void append_options(const QueryOptions& options, Builder& body) {
  body.key("options");
  body.open_object();
  for (value::ObjectIterator extra(options.extra.slice()); extra.valid(); extra.next()) {
    body.add(extra.name(), extra.value());
  }
  if (options.max_runtime_ms != 0) body.add("maxRuntime", double(options.max_runtime_ms) / 1000);
  if (options.full_count) body.add("fullCount", true);
  if (options.fail_on_warning) body.add("failOnWarning", true);
  body.close();
}

}  // namespace

Result<std::unique_ptr<QueryCursor>> open_remote_cursor(std::shared_ptr<HttpChannel> channel, std::string prefix,
                                                        std::string_view text, Slice bind_variables,
                                                        const QueryOptions& options) {
  Builder body;
  body.open_object();
  body.add("query", text);
  if (!bind_variables.is_null()) body.add("bindVars", bind_variables);
  if (options.batch_size != 0) body.add("batchSize", options.batch_size);
  if (options.memory_limit_bytes != 0) body.add("memoryLimit", options.memory_limit_bytes);
  append_options(options, body);
  body.close();
  auto answer = TRY(channel->send(HttpMethod::kPost, prefix + "/_api/cursor", body.slice()));
  return std::make_unique<RemoteCursor>(std::move(channel), std::move(prefix), std::move(answer));
}

}  // namespace workerdb::stores::documents
