#pragma once
// JSON-RPC 2.0 as MCP uses it (specification 2026-07-28, "Messages"; 2025-11-25, "Messages"): no null ids, params
// is an object, and since 2025-06-18 no batches. Text in, plain data out, and back; knows no method.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "value/builder.h"

namespace workerdb::mcp {

// Numbers of the wire: JSON-RPC's own, and those that MCP 2026-07-28 defines ("Error Codes"). Never change.
enum class RpcErrorNumber : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kInternalError = -32603,
  kHeaderMismatch = -32020,
  kMissingClientCapability = -32021,
  kUnsupportedProtocolVersion = -32022,
};

struct RpcError {
  RpcErrorNumber number = RpcErrorNumber::kInternalError;
  std::string message;                                       // for a person; never a value of the data
  value::Buffer data = value::Buffer(value::Slice::null());  // null: left out
};

enum class MessageKind { kRequest, kNotification, kResponse };

struct Message {
  MessageKind kind = MessageKind::kRequest;
  // The id as JSON text ("7", "\"a\""), so that it goes back as it came; empty for a notification.
  std::string id;
  std::string method;                                                  // empty for a response
  value::Buffer params = value::Buffer(value::Slice::empty_object());  // always an object
};

// What cannot be taken as a message, with the id where one could be read.
struct Refusal {
  std::string id;
  RpcError error;
};

using Decoded = std::expected<Message, Refusal>;

struct CodecLimits {
  size_t message_bytes = size_t(1) << 20;
  size_t nesting = 32;  // of the whole message
  size_t id_bytes = 256;
  size_t method_bytes = 128;
  size_t batch_messages = 32;
};

struct DecodedText {
  // The text was an array of an allowed size. Who speaks 2025-03-26 must take it, all others refuse it.
  bool is_batch = false;
  std::vector<Decoded> messages;  // at least one
};

// Thread-safe, takes any bytes.
DecodedText decode_text(std::string_view text, const CodecLimits& limits = {});
// One message; a batch is refused with kInvalidRequest.
Decoded decode_message(std::string_view text, const CodecLimits& limits = {});
// The refusal of a batch, for those who look at DecodedText.
Refusal batch_refusal();

// One line of JSON, without line breaks. An empty id leaves the attribute out, as MCP asks for errors whose request
// could not be read.
std::string encode_result(std::string_view id, value::Slice result);
std::string encode_error(std::string_view id, const RpcError& error);
std::string encode_notification(std::string_view method, value::Slice params);

}  // namespace workerdb::mcp
