#include "mcp/json_rpc.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "value/json.h"

namespace workerdb::mcp {

using value::Slice;

namespace {

constexpr double kLargestExactInteger = 9007199254740991.0;  // 2^53 - 1

RpcError make_error(RpcErrorNumber number, std::string message) {
  RpcError error;
  error.number = number;
  error.message = std::move(message);
  return error;
}

std::unexpected<Refusal> refuse(RpcErrorNumber number, std::string message, std::string id = {}) {
  return std::unexpected(Refusal{std::move(id), make_error(number, std::move(message))});
}

// The id as JSON text; nothing when it is neither a string nor an integer, or too long.
std::optional<std::string> id_text(Slice id, const CodecLimits& limits) {
  bool is_integer = id.is_int64() || id.is_large_unsigned() ||
                    (id.is_double() && std::trunc(id.as_double()) == id.as_double() &&
                     std::abs(id.as_double()) <= kLargestExactInteger);
  if (!id.is_string() && !is_integer) return std::nullopt;
  if (id.is_string() && id.as_string().size() > limits.id_bytes) return std::nullopt;
  return value::to_json(id);
}

Decoded decode_object(Slice object, const CodecLimits& limits) {
  if (!object.is_object()) return refuse(RpcErrorNumber::kInvalidRequest, "a message is a JSON object");
  Message message;
  Slice id = object.get("id");
  std::optional<std::string> text = id.is_none() ? std::string() : id_text(id, limits);
  if (!text)
    return refuse(RpcErrorNumber::kInvalidRequest,
                  "an id is a string (of at most 256 bytes) or an integer, and never null");
  message.id = *std::move(text);
  Slice version = object.get("jsonrpc");
  if (!version.is_string() || version.as_string() != "2.0") {
    return refuse(RpcErrorNumber::kInvalidRequest, "\"jsonrpc\" must be \"2.0\"", message.id);
  }
  Slice method = object.get("method");
  if (method.is_none() && (!object.get("result").is_none() || !object.get("error").is_none())) {
    message.kind = MessageKind::kResponse;
    return message;
  }
  if (!method.is_string() || method.as_string().empty() || method.as_string().size() > limits.method_bytes) {
    return refuse(RpcErrorNumber::kInvalidRequest, "\"method\" must be a string of 1 to 128 bytes", message.id);
  }
  message.method = method.as_string();
  message.kind = message.id.empty() ? MessageKind::kNotification : MessageKind::kRequest;
  Slice params = object.get("params");
  if (params.is_object()) message.params = value::Buffer(params);
  if (!params.is_none() && !params.is_object()) {
    return refuse(RpcErrorNumber::kInvalidParams, "\"params\" must be an object", message.id);
  }
  return message;
}

}  // namespace

DecodedText decode_text(std::string_view text, const CodecLimits& limits) {
  DecodedText decoded;
  auto alone = [&](Decoded one) {
    decoded.messages.push_back(std::move(one));
    return std::move(decoded);
  };
  if (text.size() > limits.message_bytes) {
    return alone(
        refuse(RpcErrorNumber::kInvalidRequest, fmt::format("a message has at most {} bytes", limits.message_bytes)));
  }
  auto parsed = value::parse_json(text);
  if (!parsed) return alone(refuse(RpcErrorNumber::kParseError, parsed.error().message()));
  Slice root = parsed->slice();
  if (root.nesting(limits.nesting + 1) > limits.nesting) {
    return alone(refuse(RpcErrorNumber::kInvalidRequest,
                        fmt::format("a message has at most {} levels of nesting", limits.nesting)));
  }
  if (!root.is_array()) return alone(decode_object(root, limits));
  if (root.size() == 0 || root.size() > limits.batch_messages) {
    return alone(
        refuse(RpcErrorNumber::kInvalidRequest, fmt::format("a batch holds 1 to {} messages", limits.batch_messages)));
  }
  decoded.is_batch = true;
  for (value::ArrayIterator item(root); item.valid(); item.next()) {
    decoded.messages.push_back(decode_object(item.value(), limits));
  }
  return decoded;
}

Refusal batch_refusal() {
  return {{},
          make_error(RpcErrorNumber::kInvalidRequest,
                     "batches left the protocol with version 2025-06-18; send each message by itself")};
}

Decoded decode_message(std::string_view text, const CodecLimits& limits) {
  DecodedText decoded = decode_text(text, limits);
  if (decoded.is_batch) return std::unexpected(batch_refusal());
  return std::move(decoded.messages.front());
}

std::string encode_result(std::string_view id, Slice result) {
  std::string text = "{\"jsonrpc\":\"2.0\",\"id\":";
  text += id;
  text += ",\"result\":";
  value::append_json(result, text);
  text += '}';
  return text;
}

std::string encode_error(std::string_view id, const RpcError& error) {
  std::string text = "{\"jsonrpc\":\"2.0\"";
  if (!id.empty()) text += fmt::format(",\"id\":{}", id);
  text += fmt::format(",\"error\":{{\"code\":{},\"message\":", static_cast<int>(error.number));
  value::append_json_string(error.message, text);
  if (!error.data.slice().is_null()) {
    text += ",\"data\":";
    value::append_json(error.data.slice(), text);
  }
  text += "}}";
  return text;
}

std::string encode_notification(std::string_view method, Slice params) {
  std::string text = "{\"jsonrpc\":\"2.0\",\"method\":";
  value::append_json_string(method, text);
  text += ",\"params\":";
  value::append_json(params, text);
  text += '}';
  return text;
}

}  // namespace workerdb::mcp
