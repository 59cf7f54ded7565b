#include "mcp/page.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/number.h"
#include "value/json.h"

namespace workerdb::mcp {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

namespace {

constexpr size_t kDigestDigits = 16;
constexpr size_t kLongestCursor = 1024;
// A page runs the query anew and skips: what lies further back is better asked for with a filter.
constexpr uint64_t kMostSkipped = 100'000;

// Of tool and arguments, without those that may change from page to page.
std::string digest_of_call(const ToolCall& call) {
  std::string text = call.call.tool;
  for (value::ObjectIterator argument(call.arguments); argument.valid(); argument.next()) {
    if (argument.name() == "cursor" || argument.name() == "limit") continue;
    value::append_json_string(argument.name(), text);
    value::append_json(argument.value(), text);
  }
  return base::sha256_hex(text).substr(0, kDigestDigits);
}

Error bad_cursor(const char* why) { return Error(ErrorCode::kBadParameter, std::string("'cursor' ") + why); }

}  // namespace

// The text inside: <digest> '.' <skip> '.' <position>.
Result<PageStart> page_start(const ToolCall& call) {
  Slice cursor = call.arguments.get("cursor");
  if (cursor.is_null()) return PageStart{};
  constexpr const char* kForeign = "is not one that this tool returned; leave it out to start from the beginning";
  if (cursor.as_string().size() > kLongestCursor) return bad_cursor(kForeign);
  auto text = base::base64_decode(cursor.as_string());
  if (!text || text->size() < kDigestDigits + 2) return bad_cursor(kForeign);
  std::string_view rest(*text);
  if (rest.substr(0, kDigestDigits) != digest_of_call(call)) {
    return bad_cursor(
        "belongs to a call with other arguments; repeat the call that returned it (only 'limit' may change)");
  }
  rest.remove_prefix(kDigestDigits);
  size_t dot = rest.find('.', 1);
  if (rest.front() != '.' || dot == std::string_view::npos) return bad_cursor(kForeign);
  auto skip = base::parse_integer<uint64_t>(rest.substr(1, dot - 1));
  if (!skip || *skip > kMostSkipped) return bad_cursor(kForeign);
  return PageStart{*skip, std::string(rest.substr(dot + 1))};
}

std::string make_cursor(const ToolCall& call, const PageStart& next) {
  return base::base64url_encode(digest_of_call(call) + "." + std::to_string(next.skip) + "." + next.position);
}

Fit fitting_items(Slice array, uint64_t at_most_items, uint64_t bytes) {
  Fit fit;
  uint64_t used = 2;  // the brackets
  std::string text;
  for (value::ArrayIterator item(array); item.valid() && fit.items < at_most_items; item.next()) {
    text.clear();
    value::append_json(item.value(), text);
    if (fit.items == 0) fit.first_bytes = text.size();
    used += text.size() + 1;
    if (used > bytes) break;
    ++fit.items;
  }
  return fit;
}

}  // namespace workerdb::mcp
