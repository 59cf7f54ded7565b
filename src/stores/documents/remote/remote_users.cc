#include "stores/documents/remote/remote_users.h"

#include "base/secret.h"
#include "net/percent.h"
#include "value/json.h"

namespace workerdb::stores::documents {

using base::ErrorCode;
using base::Result;
using net::HttpMethod;
using value::Builder;
using value::Slice;

namespace {

std::string user_target(std::string_view user) { return "/_api/user/" + net::percent_encode(user); }

const char* name_of(UserRight right) {
  return right == UserRight::kReadWrite ? "rw" : right == UserRight::kRead ? "ro" : "none";
}

// The body holds a password: it is wiped behind the request, whatever came of it.
Result<Answer> exchange_secret(HttpChannel& channel, Request request) {
  auto answer = channel.exchange(request);
  base::Secret::wipe(request.body);
  return answer;
}

}  // namespace

Result<std::vector<UserDescription>> list_users(HttpChannel& channel) {
  auto answer = TRY(channel.read("/_api/user"));
  std::vector<UserDescription> users;
  for (value::ArrayIterator item(answer.slice().get("result")); item.valid(); item.next()) {
    Slice name = item.value().get("user");
    if (!name.is_string()) continue;
    UserDescription user;
    user.name = name.as_string();
    user.is_active = item.value().get("active").is_true();
    if (item.value().get("extra").is_object()) user.extra = value::Buffer(item.value().get("extra"));
    users.push_back(std::move(user));
  }
  return users;
}

Result<> create_remote_user(HttpChannel& channel, std::string_view user, std::string_view password, Slice extra) {
  Builder body;
  body.open_object();
  body.add("user", user);
  body.add("passwd", password);
  body.add("active", true);
  if (extra.is_object()) body.add("extra", extra);
  body.close();
  Answer answer = TRY(exchange_secret(channel, {.method = HttpMethod::kPost,
                                                .target = "/_api/user",
                                                .body = value::to_json(body.slice()),
                                                .repeat = Repeat::kIdempotent}));
  // Its own earlier attempt made it: then the password is the one that was sent.
  if (answer.is_error() && answer.code() == ErrorCode::kUserDuplicate && answer.may_have_run) {
    return set_remote_password(channel, user, password);
  }
  if (answer.is_error()) return answer.error();
  return {};
}

Result<> set_remote_password(HttpChannel& channel, std::string_view user, std::string_view password) {
  Builder body;
  body.open_object();
  body.add("passwd", password);
  body.close();
  Answer answer = TRY(exchange_secret(channel, {.method = HttpMethod::kPatch,
                                                .target = user_target(user),
                                                .body = value::to_json(body.slice()),
                                                .repeat = Repeat::kIdempotent}));
  if (answer.is_error()) return answer.error();
  return {};
}

Result<> drop_remote_user(HttpChannel& channel, std::string_view user) {
  Answer answer = TRY(
      channel.exchange({.method = HttpMethod::kDelete, .target = user_target(user), .repeat = Repeat::kIdempotent}));
  if (answer.is_error() && answer.code() == ErrorCode::kUserNotFound && answer.may_have_run) return {};
  if (answer.is_error()) return answer.error();
  return {};
}

Result<> grant_remote(HttpChannel& channel, std::string_view user, std::string_view database,
                      std::string_view collection, UserRight right) {
  std::string target = user_target(user) + "/database/" + (database == "*" ? "*" : net::percent_encode(database));
  if (!collection.empty()) target += "/" + (collection == "*" ? std::string("*") : net::percent_encode(collection));
  Builder body;
  body.open_object();
  body.add("grant", name_of(right));
  body.close();
  Answer answer = TRY(channel.exchange({.method = HttpMethod::kPut,
                                        .target = std::move(target),
                                        .body = value::to_json(body.slice()),
                                        .repeat = Repeat::kIdempotent}));
  if (answer.is_error()) return answer.error();
  return {};
}

}  // namespace workerdb::stores::documents
