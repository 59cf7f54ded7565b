#include "cli/import/open_reader.h"

#include <fmt/format.h>

#include <utility>

#include "cli/import/json_lines_reader.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::optional<ImportFormat> format_of_file(std::string_view path) {
  const std::string lower = lower_case(path);
  for (const std::string_view ending : {".jsonl", ".ndjson", ".json"}) {
    if (lower.ends_with(ending)) return ImportFormat::kJsonLines;
  }
  for (const std::string_view ending : {".csv", ".tsv"}) {
    if (lower.ends_with(ending)) return ImportFormat::kCsv;
  }
  for (const std::string_view ending : {".bpmn", ".xml"}) {
    if (lower.ends_with(ending)) return ImportFormat::kBpmn;
  }
  return std::nullopt;
}

std::optional<ImportFormat> format_of_name(std::string_view name) {
  if (name == "jsonl") return ImportFormat::kJsonLines;
  if (name == "csv") return ImportFormat::kCsv;
  if (name == "bpmn") return ImportFormat::kBpmn;
  return std::nullopt;
}

base::Result<std::unique_ptr<RecordReader>> open_reader(const std::string& path, ImportOptions options) {
  const std::optional<ImportFormat> format = options.format ? options.format : format_of_file(path);
  if (!format) {
    return Error(ErrorCode::kIllegalOption,
                 fmt::format("cannot tell the format of '{}' by its name; say jsonl, csv or bpmn", path));
  }
  std::unique_ptr<ByteSource> source = TRY(open_file(path));
  std::unique_ptr<RecordReader> reader;
  switch (*format) {
    case ImportFormat::kJsonLines:
      reader = std::make_unique<JsonLinesReader>(std::move(source), std::move(options.progress));
      break;
    case ImportFormat::kCsv:
      if (lower_case(path).ends_with(".tsv") && options.csv.separator == ',') options.csv.separator = '\t';
      reader = std::make_unique<CsvReader>(std::move(source), std::move(options.csv), std::move(options.progress));
      break;
    case ImportFormat::kBpmn:
      if (options.bpmn.source.empty() && path != "-") options.bpmn.source = file_name(path);
      reader = std::make_unique<BpmnReader>(std::move(source), std::move(options.bpmn), std::move(options.progress));
      break;
  }
  return reader;
}

}  // namespace workerdb::cli
