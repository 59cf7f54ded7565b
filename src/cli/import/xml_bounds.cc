#include "cli/import/xml_bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "value/json.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

// The end of a tag that starts at `from`: behind its '>', which may also stand inside a quoted attribute
// value.
size_t tag_end(std::string_view xml, size_t from) {
  char quote = '\0';
  for (size_t at = from; at < xml.size(); ++at) {
    const char byte = xml[at];
    if (quote != '\0') {
      if (byte == quote) quote = '\0';
    } else if (byte == '"' || byte == '\'') {
      quote = byte;
    } else if (byte == '>') {
      return at + 1;
    }
  }
  return xml.size();
}

size_t behind(std::string_view xml, size_t from, std::string_view mark) {
  const size_t found = xml.find(mark, from);
  return found == std::string_view::npos ? xml.size() : found + mark.size();
}

}  // namespace

size_t line_at(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  return 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
}

base::Result<> check_xml_bounds(std::string_view xml) {
  if (const size_t nul = xml.find('\0'); nul != std::string_view::npos || !value::is_utf8(xml)) {
    return Error(ErrorCode::kBadParameter, "the file is not UTF-8; convert it first, for example with iconv");
  }
  const auto refuse = [xml](ErrorCode code, size_t at, std::string_view what) {
    return Error(code, fmt::format("line {}: {}", line_at(xml, at), what));
  };
  size_t depth = 0, elements = 0;
  for (size_t at = xml.find('<'); at < xml.size(); at = xml.find('<', at)) {
    const std::string_view rest = xml.substr(at);
    if (rest.starts_with("<!--")) {
      at = behind(xml, at + 4, "-->");
    } else if (rest.starts_with("<![CDATA[")) {
      at = behind(xml, at, "]]>");
    } else if (rest.starts_with("<?")) {
      at = behind(xml, at, "?>");
    } else if (rest.starts_with("<!")) {
      return refuse(ErrorCode::kBadParameter, at, "a document type declaration; entities are not read");
    } else if (rest.starts_with("</")) {
      if (depth > 0) --depth;
      at = tag_end(xml, at);
    } else {
      const size_t end = tag_end(xml, at);
      const bool is_closed = xml.substr(at, end - at).ends_with("/>");
      if (++elements > kMaxXmlElements) {
        return refuse(ErrorCode::kResourceLimit, at, fmt::format("more than {} elements", kMaxXmlElements));
      }
      if (!is_closed && ++depth > kMaxXmlDepth) {
        return refuse(ErrorCode::kResourceLimit, at, fmt::format("more than {} levels", kMaxXmlDepth));
      }
      at = end;
    }
  }
  return {};
}

}  // namespace workerdb::cli
