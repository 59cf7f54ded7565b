// JSON-RPC messages from an MCP client: any bytes are a message, a refusal, or a batch of these; ids come back as they
// came, and what is encoded is one line that can be decoded.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mcp/json_rpc.h"
#include "value/json.h"

using namespace workerdb;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_line(const std::string& line) {
  require(line.find('\n') == std::string::npos);
  require(value::parse_json(line).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mcp::CodecLimits limits;
  limits.message_bytes = 64 * 1024;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  mcp::DecodedText decoded = mcp::decode_text(text, limits);
  require(!decoded.messages.empty() && decoded.messages.size() <= limits.batch_messages);
  for (const mcp::Decoded& message : decoded.messages) {
    if (!message) {
      check_line(mcp::encode_error(message.error().id, message.error().error));
      continue;
    }
    require(message->params.slice().is_object());
    require(message->params.slice().nesting(limits.nesting + 1) <= limits.nesting);
    if (message->kind != mcp::MessageKind::kRequest) continue;
    std::string line = mcp::encode_result(message->id, message->params.slice());
    check_line(line);
    mcp::Decoded again = mcp::decode_message(line, limits);
    if (line.size() <= limits.message_bytes) require(again.has_value() && again->id == message->id);
  }
  return 0;
}
