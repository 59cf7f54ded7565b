#include "value/text.h"

#include <algorithm>
#include <utility>

#include "value/json.h"

namespace workerdb::value {

std::string_view text_or_empty(Slice value) { return value.is_string() ? value.as_string() : std::string_view(); }

std::string as_utf8(std::string text) {
  if (!is_utf8(text)) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return text;
}

}  // namespace workerdb::value
