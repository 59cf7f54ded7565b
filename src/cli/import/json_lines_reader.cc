#include "cli/import/json_lines_reader.h"

#include <fmt/format.h>

#include <string_view>

#include "value/json.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

base::Result<value::Buffer> parse_line(std::string_view text, value::Builder& builder) {
  if (text.size() > kMaxRecordBytes) {
    return Error(ErrorCode::kDocumentTooLarge, fmt::format("the line is longer than {} bytes", kMaxRecordBytes));
  }
  builder.clear();
  TRY(value::parse_json(text, builder));
  if (!builder.slice().is_object()) {
    const bool is_array = builder.slice().is_array();
    return Error(ErrorCode::kDocumentTypeInvalid,
                 is_array ? "the line is an array; JSON lines have one object a line" : "the line is no object");
  }
  return builder.take();
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

base::Result<std::optional<Record>> JsonLinesReader::next() {
  while (!is_finished_) {
    const uint64_t line = characters_.line();
    text_.clear();
    const bool found = characters_.take_line(text_, kMaxRecordBytes);
    // A line that a failing file cut off is no bad record.
    is_finished_ = !found || !characters_.status();
    TRY(characters_.status());
    if (found && !is_blank(text_)) return Record{line, "", parse_line(text_, builder_)};
  }
  return std::optional<Record>();
}

}  // namespace workerdb::cli
