#pragma once
// JSON lines: one object a line (https://jsonlines.org). Empty lines are skipped.
#include <memory>
#include <string>

#include "cli/import/byte_source.h"
#include "cli/import/record.h"

namespace workerdb::cli {

class JsonLinesReader : public RecordReader {
 public:
  JsonLinesReader(std::unique_ptr<ByteSource> source, ProgressCallback progress)
      : characters_(std::move(source), std::move(progress)) {}

  // A record's errors: kHttpCorruptedJson with the position in the line, kDocumentTypeInvalid for a line that
  // is no object, kDocumentTooLarge for one over kMaxRecordBytes.
  base::Result<std::optional<Record>> next() override;

 private:
  CharacterReader characters_;
  std::string text_;        // of the line, kept for its memory
  value::Builder builder_;  // likewise
  bool is_finished_ = false;
};

}  // namespace workerdb::cli
