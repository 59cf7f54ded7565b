#pragma once
// What Redis answers (RESP2), as plain data.
#include <cstdint>
#include <string>
#include <vector>

#include "value/builder.h"

namespace workerdb::stores::cache {

enum class ReplyType { kNil, kStatus, kString, kInteger, kArray, kError };

struct Reply {
  ReplyType type = ReplyType::kNil;
  // kStatus ("OK"), kString (any bytes), kError ("WRONGTYPE Operation against...").
  std::string text;
  int64_t integer = 0;
  std::vector<Reply> elements;

  bool is_nil() const { return type == ReplyType::kNil; }
  bool is_error() const { return type == ReplyType::kError; }
};

// The reply as JSON: nil is null, status and string a string, error {"error": text}. Strings that are no
// UTF-8 become {"hex": "..."}, because JSON can carry nothing else of them.
void append_reply(const Reply& reply, value::Builder& builder);

}  // namespace workerdb::stores::cache
