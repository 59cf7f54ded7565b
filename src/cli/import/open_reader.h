#pragma once
// The reader that a file gets.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/import/bpmn_reader.h"
#include "cli/import/csv_reader.h"
#include "cli/import/record.h"

namespace workerdb::cli {

enum class ImportFormat { kJsonLines, kCsv, kBpmn };

// By the ending of a file's name: .jsonl .ndjson .json; .csv .tsv; .bpmn .bpmn20.xml .xml. Letters of either
// case.
std::optional<ImportFormat> format_of_file(std::string_view path);
// By the name that a user gives: "jsonl", "csv", "bpmn".
std::optional<ImportFormat> format_of_name(std::string_view name);

struct ImportOptions {
  // Empty: by the file's ending.
  std::optional<ImportFormat> format;
  CsvOptions csv;
  BpmnOptions bpmn;
  ProgressCallback progress;
};

// Opens the file ("-" is standard input, which needs a format). A .tsv gets the tabulator as separator unless
// the options name another than the comma; a model gets the file's name as `source` unless the options name
// one. Errors: kFileNotFound, kCannotReadFile, kIllegalOption for a file whose format cannot be told.
base::Result<std::unique_ptr<RecordReader>> open_reader(const std::string& path, ImportOptions options);

}  // namespace workerdb::cli
