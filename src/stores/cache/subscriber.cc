#include <hiredis/hiredis.h>
#include <poll.h>

#include <cerrno>

#include "base/time.h"
#include "stores/cache/cache_store.h"
#include "stores/cache/reply_reading.h"

namespace workerdb::stores::cache {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int64_t kNsPerMs = 1'000'000;

bool is_kind(const Reply& reply, std::string_view kind, size_t size) {
  return reply.type == ReplyType::kArray && reply.elements.size() == size && reply.elements[0].text == kind;
}

std::optional<Message> message_of(Reply& reply) {
  auto& parts = reply.elements;
  if (is_kind(reply, "message", 3)) return Message{parts[1].text, "", std::move(parts[2].text)};
  if (is_kind(reply, "pmessage", 4)) return Message{parts[2].text, parts[1].text, std::move(parts[3].text)};
  return std::nullopt;
}

}  // namespace

Result<Subscriber> Subscriber::subscribe(const CacheOptions& options, std::span<const std::string> channels,
                                         std::span<const std::string> patterns) {
  if (channels.empty() && patterns.empty()) {
    return Error(ErrorCode::kBadParameter, "a subscription names at least one channel or pattern");
  }
  Subscriber subscriber(TRY(CacheConnection::connect(options)));
  auto send = [&](std::string name, std::span<const std::string> topics) -> Result<> {
    if (topics.empty()) return {};
    Command command = {std::move(name)};
    command.insert(command.end(), topics.begin(), topics.end());
    TRY(subscriber.connection_.append(command));
    // One confirmation a topic; a refusal is one error for the whole command.
    for (size_t confirmed = 0; confirmed < topics.size();) {
      Reply reply = TRY(subscriber.connection_.read_reply());
      if (reply.is_error()) return error_of_reply(reply);
      std::optional<Message> early = message_of(reply);  // of a channel that was confirmed before
      if (early) {
        subscriber.early_.push_back(*std::move(early));
      } else {
        ++confirmed;
      }
    }
    return {};
  };
  TRY(send("SUBSCRIBE", channels));
  TRY(send("PSUBSCRIBE", patterns));
  return subscriber;
}

Result<std::optional<Reply>> Subscriber::poll_reply(int64_t deadline_ns) {
  if (!connection_.is_open()) return Error(ErrorCode::kSimpleClientCouldNotConnect, "the connection is closed");
  redisContext* context = connection_.context_.get();
  while (true) {
    void* raw = nullptr;
    errno = 0;
    if (redisGetReplyFromReader(context, &raw) != REDIS_OK) return connection_.broken();
    if (raw != nullptr) {
      Reply reply = take_reply(raw);
      freeReplyObject(raw);
      return reply;
    }
    int64_t left_ms = (deadline_ns - base::steady_time_ns() + kNsPerMs - 1) / kNsPerMs;
    pollfd socket{context->fd, POLLIN, 0};
    int ready = ::poll(&socket, 1, static_cast<int>(std::max<int64_t>(0, left_ms)));
    if (ready == 0) return std::nullopt;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0 || redisBufferRead(context) != REDIS_OK) return connection_.broken();
  }
}

Result<std::optional<Message>> Subscriber::next(int timeout_ms) {
  if (!early_.empty()) {
    Message message = std::move(early_.front());
    early_.pop_front();
    return message;
  }
  int64_t deadline_ns = base::steady_time_ns() + timeout_ms * kNsPerMs;
  while (true) {
    std::optional<Reply> reply = TRY(poll_reply(deadline_ns));
    if (!reply) return std::nullopt;
    if (reply->is_error()) return error_of_reply(*reply);
    std::optional<Message> message = message_of(*reply);
    if (message) return message;
  }
}

}  // namespace workerdb::stores::cache
