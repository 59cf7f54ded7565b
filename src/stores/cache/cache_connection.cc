#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <array>

#include "stores/cache/cache_store.h"
#include "stores/cache/reply_reading.h"

namespace workerdb::stores::cache {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kKeptReadBuffer = size_t{1} << 20;

timeval timeval_of(int timeout_ms) { return {.tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000}; }

struct ErrorPrefix {
  std::string_view prefix;
  ErrorCode code;
};
constexpr std::array kErrorPrefixes = {
    ErrorPrefix{"NOAUTH", ErrorCode::kHttpUnauthorized}, ErrorPrefix{"WRONGPASS", ErrorCode::kHttpUnauthorized},
    ErrorPrefix{"NOPERM", ErrorCode::kForbidden},        ErrorPrefix{"OOM", ErrorCode::kResourceLimit},
    ErrorPrefix{"LOADING", ErrorCode::kStartingUp},      ErrorPrefix{"READONLY", ErrorCode::kReadOnly},
    ErrorPrefix{"WRONGTYPE", ErrorCode::kTypeError},
};

Result<Reply> failed_if_error(Result<Reply> reply) {
  if (reply && reply->is_error()) return error_of_reply(*reply);
  return reply;
}

}  // namespace

Error error_of_reply(const Reply& reply) {
  for (const ErrorPrefix& known : kErrorPrefixes) {
    if (reply.text.starts_with(known.prefix)) return {known.code, "Redis: " + reply.text};
  }
  return {ErrorCode::kFailed, "Redis: " + reply.text};
}

Reply take_reply(void* raw) {
  auto* answered = static_cast<redisReply*>(raw);
  Reply reply;
  switch (answered->type) {
    case REDIS_REPLY_INTEGER:
      reply.type = ReplyType::kInteger;
      reply.integer = answered->integer;
      break;
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_ERROR:
      reply.type = answered->type == REDIS_REPLY_STATUS   ? ReplyType::kStatus
                   : answered->type == REDIS_REPLY_STRING ? ReplyType::kString
                                                          : ReplyType::kError;
      reply.text.assign(answered->str, answered->len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.type = ReplyType::kArray;
      reply.elements.reserve(answered->elements);
      for (size_t index = 0; index < answered->elements; ++index) {
        reply.elements.push_back(take_reply(answered->element[index]));
      }
      break;
    default: break;
  }
  return reply;
}

void CacheConnection::Closer::operator()(redisContext* context) const { redisFree(context); }

Error CacheConnection::broken() {
  std::string reason = context_->errstr;
  bool timed_out = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
  context_.reset();
  if (timed_out) return {ErrorCode::kHttpRequestTimeout, "Redis did not answer in time"};
  return {ErrorCode::kSimpleClientCouldNotRead, fmt::format("the connection to Redis broke: {}", reason)};
}

Result<CacheConnection> CacheConnection::open(const CacheOptions& options) {
  timeval timeout = timeval_of(options.connect_timeout_ms);
  redisContext* context = options.unix_socket.empty()
                              ? redisConnectWithTimeout(options.host.c_str(), options.port, timeout)
                              : redisConnectUnixWithTimeout(options.unix_socket.c_str(), timeout);
  if (context == nullptr) return Error(ErrorCode::kOutOfMemory);
  CacheConnection connection(context);
  if (context->err != 0) {
    std::string place =
        options.unix_socket.empty() ? fmt::format("{}:{}", options.host, options.port) : options.unix_socket;
    return Error(ErrorCode::kSimpleClientCouldNotConnect,
                 fmt::format("cannot connect to Redis at {}: {}", place, context->errstr));
  }
  if (options.unix_socket.empty()) redisEnableKeepAlive(context);
  redisSetTimeout(context, timeval_of(options.command_timeout_ms));
  context->reader->maxbuf = kKeptReadBuffer;
  return connection;
}

Result<> CacheConnection::log_in(const CacheOptions& options) {
  if (!options.password.empty()) {
    Command login = {"AUTH"};
    if (!options.user.empty()) login.push_back(options.user);
    login.push_back(options.password);
    TRY(call(login));
  }
  if (options.database != 0) TRY(call({"SELECT", std::to_string(options.database)}));
  return {};
}

Result<CacheConnection> CacheConnection::connect(const CacheOptions& options) {
  CacheConnection connection = TRY(open(options));
  TRY(connection.log_in(options));
  return connection;
}

Result<> CacheConnection::append(std::span<const std::string> arguments) {
  if (arguments.empty()) return Error(ErrorCode::kBadParameter, "a Redis command has at least its name");
  if (context_ == nullptr) return Error(ErrorCode::kSimpleClientCouldNotConnect, "the connection is closed");
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(texts.size()), texts.data(), lengths.data()) !=
      REDIS_OK) {
    return broken();
  }
  return {};
}

Result<Reply> CacheConnection::read_reply() {
  void* raw = nullptr;
  errno = 0;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK) return broken();
  Reply reply = take_reply(raw);
  freeReplyObject(raw);
  return reply;
}

Result<Reply> CacheConnection::command(std::span<const std::string> arguments) {
  TRY(append(arguments));
  return read_reply();
}

Result<Reply> CacheConnection::command(std::initializer_list<std::string> arguments) {
  return command(std::span(arguments.begin(), arguments.size()));
}

Result<Reply> CacheConnection::call(std::span<const std::string> arguments) {
  return failed_if_error(command(arguments));
}

Result<Reply> CacheConnection::call(std::initializer_list<std::string> arguments) {
  return call(std::span(arguments.begin(), arguments.size()));
}

Result<std::vector<Reply>> CacheConnection::pipeline(std::span<const Command> commands) {
  for (const Command& command : commands) {
    if (command.empty()) return Error(ErrorCode::kBadParameter, "a Redis command has at least its name");
  }
  for (const Command& command : commands) TRY(append(command));
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  while (replies.size() < commands.size()) replies.push_back(TRY(read_reply()));
  return replies;
}

}  // namespace workerdb::stores::cache
