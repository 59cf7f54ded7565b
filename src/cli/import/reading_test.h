#pragma once
// What the tests of this folder share: everything that a reader gives, as lines of text.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/import/record.h"
#include "value/json.h"

namespace workerdb::cli {

// One string a record: "LINE JSON" or "LINE !message", "end !message" for an error of the file.
inline std::vector<std::string> read_lines(RecordReader& reader) {
  std::vector<std::string> lines;
  for (;;) {
    base::Result<std::optional<Record>> next = reader.next();
    if (!next) {
      lines.push_back("end !" + next.error().message());
      continue;
    }
    if (!*next) return lines;
    const Record& record = **next;
    const std::string what =
        record.document ? value::to_json(record.document->slice()) : "!" + record.document.error().message();
    lines.push_back(std::to_string(record.line) + " " + what);
  }
}

using Lines = std::vector<std::string>;

}  // namespace workerdb::cli
