#include "stores/documents/remote/remote_cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "stores/documents/remote/remote_transaction.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;
using value::Buffer;
using value::Builder;
using value::Slice;
using value::text_or_empty;

namespace {

constexpr int kTransactionAttempts = 3;

class RemoteCursor : public QueryCursor {
 public:
  // `transaction`: one that must live as long as the rows are read; committed behind the last one if it
  // `writes`.
  RemoteCursor(const RemoteQueries& at, Answer first, std::unique_ptr<RemoteTransaction> transaction, bool writes)
      : channel_(at.channel),
        prefix_(at.prefix),
        endpoint_(first.endpoint),
        transaction_(std::move(transaction)),
        writes_(writes),
        answer_(std::move(first.body)) {
    remember_cursor();
  }

  ~RemoteCursor() override {
    // Ends the query when its rows were not all wanted, and lets a server that kept the last batch forget it;
    // a server that is gone ends it by time.
    end();
  }

  Result<std::optional<Slice>> next_batch() override {
    while (true) {
      if (!is_fresh_) {
        if (!has_more_) return finish();
        TRY(fetch());
      }
      is_fresh_ = false;
      // A batch without rows is the end only where no other one follows.
      Slice rows = answer_.slice().get("result");
      if (rows.size() > 0) return rows;
    }
  }

  Slice extra() const override { return extra_.slice(); }

 private:
  Request request(HttpMethod method, const std::string& path, Repeat repeat) const {
    Request made{.method = method, .target = prefix_ + "/_api/cursor/" + path, .repeat = repeat, .endpoint = endpoint_};
    if (transaction_ != nullptr) made.headers.push_back(transaction_->header());
    return made;
  }

  // A batch with a number can be asked for twice; the one without is gone when its answer was lost.
  Result<> fetch() {
    auto answer = next_id_.empty()
                      ? channel_->send(request(HttpMethod::kPost, open_id_, Repeat::kReadOnce))
                      : channel_->send(request(HttpMethod::kPost, open_id_ + "/" + next_id_, Repeat::kRead));
    if (!answer) {
      has_more_ = false;
      open_id_.clear();
      failure_ = std::move(answer).error();
      return *failure_;
    }
    answer_ = *std::move(answer);
    remember_cursor();
    return {};
  }

  void remember_cursor() {
    Slice batch = answer_.slice();
    has_more_ = batch.get("hasMore").is_true() && batch.get("id").is_string();
    next_id_ = text_or_empty(batch.get("nextBatchId"));
    // Without numbered batches the server forgets the cursor with the last one.
    if (has_more_) {
      open_id_ = text_or_empty(batch.get("id"));
      is_numbered_ = !next_id_.empty();
    } else if (!is_numbered_) {
      open_id_.clear();
    }
    if (batch.get("extra").is_object()) extra_ = Buffer(batch.get("extra"));
    is_fresh_ = true;
  }

  void end() {
    std::string id = std::exchange(open_id_, {});
    if (!id.empty()) (void)channel_->exchange(request(HttpMethod::kDelete, id, Repeat::kReadOnce));
  }

  Result<std::optional<Slice>> finish() {
    if (failure_) return *failure_;
    end();  // a cursor that the server keeps would hold its transaction
    if (transaction_ != nullptr && std::exchange(writes_, false)) TRY(transaction_->commit());
    return std::nullopt;
  }

  const std::shared_ptr<HttpChannel> channel_;
  const std::string prefix_;
  const size_t endpoint_;
  std::unique_ptr<RemoteTransaction> transaction_;
  bool writes_;
  std::string open_id_, next_id_;
  Buffer answer_;
  Buffer extra_{Slice::empty_object()};
  std::optional<Error> failure_;
  bool has_more_ = false, is_numbered_ = false;
  bool is_fresh_ = true;  // the rows of answer_ were not handed out yet
};

std::string query_body(std::string_view text, Slice bind_variables, const QueryOptions& options) {
  Builder body;
  body.open_object();
  body.add("query", text);
  if (!bind_variables.is_null()) body.add("bindVars", bind_variables);
  if (options.batch_size != 0) body.add("batchSize", options.batch_size);
  if (options.memory_limit_bytes != 0) body.add("memoryLimit", options.memory_limit_bytes);
  body.key("options");
  body.open_object();
  body.add("allowRetry", true);
  for (value::ObjectIterator extra(options.extra.slice()); extra.valid(); extra.next()) {
    body.add(extra.name(), extra.value());
  }
  if (options.max_runtime_ms != 0) body.add("maxRuntime", double(options.max_runtime_ms) / 1000);
  if (options.full_count) body.add("fullCount", true);
  if (options.fail_on_warning) body.add("failOnWarning", true);
  body.close();
  body.close();
  return value::to_json(body.slice());
}

// Only a query whose failure leaves doubt is looked at: explaining each one first would cost a round trip.
Result<std::unique_ptr<QueryCursor>> run_plain(const RemoteQueries& at, std::string_view text, Slice bind_variables,
                                               const QueryOptions& options) {
  Request request{.method = HttpMethod::kPost,
                  .target = at.prefix + "/_api/cursor",
                  .body = query_body(text, bind_variables, options)};
  auto answer = at.channel->exchange(request);
  if (!answer && effect_is_unknown(answer.error())) {
    auto analysis = at.database.analyze(text, bind_variables);
    if (!analysis || analysis->modifies) return std::move(answer).error();
    request.repeat = Repeat::kRead;
    answer = at.channel->exchange(request);
  }
  if (!answer) return std::move(answer).error();
  if (answer->is_error()) return answer->error();
  return std::make_unique<RemoteCursor>(at, *std::move(answer), nullptr, false);
}

// What the transaction declares. The server holds the query to it, also where the analysis was wrong.
Result<TransactionCollections> declared_of(const RemoteQueries& at, const QueryAnalysis& analysis,
                                           const QueryOptions& options) {
  TransactionCollections declared;
  declared.may_read_others = !options.allowed_collections.has_value();
  for (const CollectionUse& use : analysis.collections) {
    (use.writes ? declared.written : declared.read).push_back(use.name);
  }
  if (!options.allowed_collections) return declared;
  const auto& allowed = *options.allowed_collections;
  for (const CollectionUse& use : analysis.collections) {
    if (std::ranges::find(allowed, use.name) != allowed.end()) continue;
    return Error(ErrorCode::kForbidden, fmt::format("the query may not use the collection '{}'", use.name));
  }
  // Functions may read any of the allowed ones; a transaction cannot declare what does not exist.
  auto there = TRY(at.channel->read(at.prefix + "/_api/collection"));
  declared.read.clear();
  for (value::ArrayIterator item(there.slice().get("result")); item.valid(); item.next()) {
    std::string name(text_or_empty(item.value().get("name")));
    if (std::ranges::find(allowed, name) != allowed.end()) declared.read.push_back(std::move(name));
  }
  return declared;
}

Error as_the_port_says(const Error& error, const QueryOptions& options) {
  if (error.code() != ErrorCode::kTransactionUnregisteredCollection) return error;
  bool by_list = options.allowed_collections.has_value();
  return Error(by_list ? ErrorCode::kForbidden : ErrorCode::kReadOnly, error.message());
}

// Nothing that ran inside the transaction lasts before its commit, so that all until there can be repeated.
Result<std::unique_ptr<QueryCursor>> run_declared(const RemoteQueries& at, std::string_view text, Slice bind_variables,
                                                  const QueryOptions& options) {
  QueryAnalysis analysis = TRY(at.database.analyze(text, bind_variables));
  if (options.read_only && analysis.modifies) {
    return Error(ErrorCode::kReadOnly, "the query writes, but only reading is allowed");
  }
  auto declared = TRY(declared_of(at, analysis, options));
  bool writes = analysis.modifies, is_stream = options.extra.slice().get("stream").is_true();
  for (int attempts = 1;; ++attempts) {
    auto transaction = TRY(RemoteTransaction::begin(at.channel, at.prefix, declared));
    auto answer = at.channel->exchange({.method = HttpMethod::kPost,
                                        .target = at.prefix + "/_api/cursor",
                                        .body = query_body(text, bind_variables, options),
                                        .repeat = Repeat::kReadOnce,
                                        .headers = {transaction->header()},
                                        .endpoint = transaction->endpoint()});
    // The server that had the transaction went away.
    bool is_lost = !answer || answer->code() == ErrorCode::kTransactionNotFound;
    if (is_lost && attempts < kTransactionAttempts) continue;
    if (!answer) return std::move(answer).error();
    if (answer->is_error()) return as_the_port_says(answer->error(), options);
    if (is_stream) return std::make_unique<RemoteCursor>(at, *std::move(answer), std::move(transaction), writes);
    // All rows are made already; the cursor does not need the transaction any more.
    if (writes) TRY(transaction->commit());
    return std::make_unique<RemoteCursor>(at, *std::move(answer), nullptr, false);
  }
}

}  // namespace

Result<std::unique_ptr<QueryCursor>> open_remote_cursor(const RemoteQueries& at, std::string_view text,
                                                        Slice bind_variables, const QueryOptions& options) {
  if (options.read_only || options.allowed_collections) return run_declared(at, text, bind_variables, options);
  return run_plain(at, text, bind_variables, options);
}

}  // namespace workerdb::stores::documents
