#include "stores/documents/remote/remote_transaction.h"

#include "value/json.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;

namespace {

void append_names(std::string_view name, const std::vector<std::string>& collections, value::Builder& to) {
  to.key(name);
  to.open_array();
  for (const std::string& collection : collections) to.string(collection);
  to.close();
}

}  // namespace

Result<std::unique_ptr<RemoteTransaction>> RemoteTransaction::begin(std::shared_ptr<HttpChannel> channel,
                                                                    const std::string& prefix,
                                                                    const TransactionCollections& collections) {
  value::Builder body;
  body.open_object();
  body.key("collections");
  body.open_object();
  append_names("read", collections.read, body);
  append_names("write", collections.written, body);
  body.add("allowImplicit", collections.may_read_others);
  body.close();
  body.add("allowImplicit", collections.may_read_others);
  body.close();
  // One that was begun twice is forgotten by the server within a minute.
  Answer answer = TRY(channel->exchange({.method = HttpMethod::kPost,
                                         .target = prefix + "/_api/transaction/begin",
                                         .body = value::to_json(body.slice()),
                                         .repeat = Repeat::kRead}));
  if (answer.is_error()) return answer.error();
  value::Slice id = answer.body.slice().get("result").get("id");
  if (!id.is_string()) return Error(ErrorCode::kSimpleClientCouldNotRead, "a transaction was begun without a number");
  std::string number(id.as_string());
  std::string target = prefix + "/_api/transaction/" + number;
  return std::unique_ptr<RemoteTransaction>(
      new RemoteTransaction(std::move(channel), std::move(target), std::move(number), answer.endpoint));
}

Result<> RemoteTransaction::commit() {
  if (!std::exchange(is_running_, false)) return Error(ErrorCode::kIllegalState, "the transaction has ended already");
  // A server that committed it already says so again.
  Answer answer = TRY(channel_->exchange(
      {.method = HttpMethod::kPut, .target = target_, .repeat = Repeat::kIdempotent, .endpoint = endpoint_}));
  if (!answer.is_error()) return {};
  return answer.may_have_run ? unknown_effect(answer.error()) : answer.error();
}

void RemoteTransaction::abort() {
  if (!std::exchange(is_running_, false)) return;
  // A server that is gone has aborted it.
  (void)channel_->exchange(
      {.method = HttpMethod::kDelete, .target = target_, .repeat = Repeat::kReadOnce, .endpoint = endpoint_});
}

}  // namespace workerdb::stores::documents
