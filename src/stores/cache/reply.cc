#include "stores/cache/reply.h"

#include "value/json.h"

namespace workerdb::stores::cache {
namespace {

void append_text(const std::string& text, value::Builder& builder) {
  if (value::is_utf8(text)) return builder.string(text);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : text) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  builder.open_object();
  builder.add("hex", hex);
  builder.close();
}

}  // namespace

void append_reply(const Reply& reply, value::Builder& builder) {
  switch (reply.type) {
    case ReplyType::kNil: return builder.null();
    case ReplyType::kInteger: return builder.integer(reply.integer);
    case ReplyType::kStatus:
    case ReplyType::kString: return append_text(reply.text, builder);
    case ReplyType::kError:
      builder.open_object();
      builder.add("error", value::is_utf8(reply.text) ? reply.text : "unreadable error");
      return builder.close();
    case ReplyType::kArray:
      builder.open_array();
      for (const Reply& element : reply.elements) append_reply(element, builder);
      return builder.close();
  }
}

}  // namespace workerdb::stores::cache
