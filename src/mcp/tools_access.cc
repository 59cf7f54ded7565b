// get_credential and publish_event: the two that change something.
#include <fmt/format.h>

#include "base/time.h"
#include "mcp/tool.h"
#include "value/json.h"

namespace workerdb::mcp {

using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;

namespace {

constexpr int64_t kDefaultLifetimeS = 900;
constexpr size_t kLongestPayload = 16 * 1024;

void add_login(Builder& to, const IssuedCredential& login) {
  to.add("user", login.user);
  if (!login.secret.empty()) to.add("password", login.secret.expose());
  if (!login.host.empty()) to.add("host", login.host);
  if (login.port != 0) to.add("port", static_cast<int>(login.port));
  if (!login.socket.empty()) to.add("socket", login.socket);
  if (!login.database.empty()) to.add("database", login.database);
}

}  // namespace

Result<ToolAnswer> get_credential(const ToolCall& call) {
  CredentialRequest request;
  request.store = store_argument(call, StoreKind::kDocuments);
  request.database = text_argument(call, "database");
  for (value::ArrayIterator item(call.arguments.get("objects")); item.valid(); item.next()) {
    request.objects.emplace_back(item.value().as_string());
  }
  if (request.database.empty() && request.store != StoreKind::kCache) {
    return Error(ErrorCode::kBadParameter, "'database' is needed for this store");
  }
  if (request.objects.empty() && request.store == StoreKind::kCache) {
    return Error(ErrorCode::kBadParameter, "'objects' must name key patterns for the cache, such as \"session:*\"");
  }
  value::Slice lifetime = call.arguments.get("lifetime_s");
  request.lifetime_s = lifetime.is_number() ? static_cast<int64_t>(lifetime.as_double()) : kDefaultLifetimeS;
  IssuedCredential login = TRY(call.door.issue_credential(call.call, request));
  Builder answer;
  answer.open_object();
  answer.add("notice", "A login that can only read and ends by itself. Keep it out of files, logs and messages.");
  answer.add("store", access::name_of(request.store));
  add_login(answer, login);
  answer.key("scope");
  answer.open_array();
  for (const std::string& object : login.scope) answer.string(object);
  answer.close();
  answer.add("read_only", true);
  std::string end = base::format_iso8601(login.expires_unix_s * 1000);
  answer.add("expires_at", end);
  answer.close();
  return ToolAnswer{fmt::format("A read-only login for {} until {}.", access::name_of(request.store), end),
                    answer.take()};
}

Result<ToolAnswer> publish_event(const ToolCall& call) {
  std::string channel = text_argument(call, "channel");
  std::string payload = value::to_json(call.arguments.get("payload"));
  if (payload.size() > kLongestPayload) {
    return Error(ErrorCode::kResourceLimit,
                 fmt::format("'payload' has {} bytes as JSON, at most {} are allowed; put the data "
                             "into a document and publish its key",
                             payload.size(), kLongestPayload));
  }
  uint64_t receivers = TRY(call.door.publish(call.call, channel, payload));
  Builder answer;
  answer.open_object();
  answer.add("channel", channel);
  answer.add("receivers", receivers);
  answer.close();
  return ToolAnswer{fmt::format("Published; {} received it.", receivers), answer.take()};
}

}  // namespace workerdb::mcp
