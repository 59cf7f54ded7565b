#include "cli/import/csv_reader.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_set>
#include <utility>

#include "value/json.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

Error corrupt(std::string message) { return Error(ErrorCode::kCorruptedCsv, std::move(message)); }

bool stays_string(std::string_view column) {
  return column == "_key" || column == "_id" || column == "_from" || column == "_to";
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

bool looks_like_number(std::string_view text) {
  return (text.front() == '-' || is_digit(text.front())) && is_digit(text.back());
}

// An integer beyond 64 bits would lose digits as a double; it is more likely a name than a quantity.
bool loses_digits(std::string_view text, value::Slice parsed) {
  return parsed.is_double() && text.find_first_of(".eE") == std::string_view::npos;
}

}  // namespace

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, CsvOptions options, ProgressCallback progress)
    : characters_(std::move(source), std::move(progress)), options_(std::move(options)) {}

base::Result<std::optional<Record>> CsvReader::next() {
  if (is_finished_) return std::optional<Record>();
  is_finished_ = true;  // until this call has come through without an error of the file
  if (!is_started_) {
    is_started_ = true;
    TRY(check_options());
    if (options_.columns.empty()) TRY(read_header());
  }
  for (;;) {
    const uint64_t line = characters_.line();
    base::Result<bool> row = read_row();
    TRY(characters_.status());
    if (!row) {
      skip_line();
      is_finished_ = false;
      return Record{line, "", std::move(row).error()};
    }
    if (!*row) return std::optional<Record>();
    const bool is_empty_line = field_count_ == 1 && fields_[0].text.empty() && !fields_[0].is_quoted;
    if (is_empty_line) continue;
    is_finished_ = false;
    return Record{line, "", document()};
  }
}

base::Result<> CsvReader::check_options() const {
  const auto is_usable = [](char character) {
    return character != '\n' && character != '\r' && static_cast<unsigned char>(character) < 0x80;
  };
  if (!is_usable(options_.separator) || !is_usable(options_.quote) || options_.separator == options_.quote) {
    return Error(ErrorCode::kIllegalOption, "separator and quote are two different ASCII characters, no line ends");
  }
  if (options_.columns.size() > kMaxCsvColumns) {
    return Error(ErrorCode::kIllegalOption, fmt::format("more than {} columns", kMaxCsvColumns));
  }
  return {};
}

base::Result<> CsvReader::read_header() {
  const bool found = TRY(read_row());
  TRY(characters_.status());
  if (!found) return corrupt("the file is empty; its first row names the columns");
  std::unordered_set<std::string_view> seen;
  for (size_t index = 0; index < field_count_; ++index) {
    const std::string& name = fields_[index].text;
    if (name.empty()) return corrupt(fmt::format("column {} of the header has no name", index + 1));
    if (!value::is_utf8(name)) return corrupt(fmt::format("column {} of the header is not UTF-8", index + 1));
    if (!seen.insert(name).second) return corrupt(fmt::format("the header names column '{}' twice", name));
  }
  for (size_t index = 0; index < field_count_; ++index) options_.columns.push_back(fields_[index].text);
  return {};
}

base::Result<bool> CsvReader::read_row() {
  field_count_ = 0;
  row_bytes_ = 0;
  if (characters_.peek() == CharacterReader::kEnd) return false;
  for (;;) {
    if (field_count_ == kMaxCsvColumns) return corrupt(fmt::format("more than {} fields", kMaxCsvColumns));
    TRY(read_field(add_field()));
    if (characters_.peek() == options_.separator) {
      characters_.take();
      continue;
    }
    characters_.take();  // the line feed that read_field() stopped at, or the end
    return true;
  }
}

base::Result<> CsvReader::read_field(Field& field) {
  if (characters_.peek() == options_.quote) return read_quoted(field);
  for (;;) {
    if (at_row_end() || characters_.peek() == options_.separator) break;
    const int character = characters_.take();
    if (character == options_.quote) {
      return corrupt(fmt::format("field {}: a quote inside a field that does not start with one", field_count_));
    }
    TRY(append(field, character));
  }
  // A row's CR LF: the carriage return was taken as text before the line feed was seen.
  if (at_row_end() && field.text.ends_with('\r')) field.text.pop_back();
  return {};
}

base::Result<> CsvReader::read_quoted(Field& field) {
  field.is_quoted = true;
  characters_.take();
  for (;;) {
    const int character = characters_.take();
    if (character == CharacterReader::kEnd)
      return corrupt(fmt::format("field {}: its quote is never closed", field_count_));
    if (character != options_.quote) {
      TRY(append(field, character));
      continue;
    }
    if (characters_.peek() != options_.quote) break;
    characters_.take();
    TRY(append(field, character));
  }
  if (characters_.peek() == '\r') characters_.take();
  if (at_row_end() || characters_.peek() == options_.separator) return {};
  return corrupt(fmt::format("field {}: text behind the closing quote", field_count_));
}

base::Result<> CsvReader::append(Field& field, int character) {
  if (++row_bytes_ > kMaxRecordBytes) {
    return Error(ErrorCode::kDocumentTooLarge, fmt::format("the row is longer than {} bytes", kMaxRecordBytes));
  }
  field.text.push_back(static_cast<char>(character));
  return {};
}

CsvReader::Field& CsvReader::add_field() {
  if (field_count_ == fields_.size()) fields_.emplace_back();
  Field& field = fields_[field_count_++];
  field.text.clear();
  field.is_quoted = false;
  return field;
}

bool CsvReader::at_row_end() {
  const int character = characters_.peek();
  return character == '\n' || character == CharacterReader::kEnd;
}

void CsvReader::skip_line() {
  while (!at_row_end()) characters_.take();
  characters_.take();
}

base::Result<value::Buffer> CsvReader::document() {
  const std::vector<std::string>& columns = options_.columns;
  if (field_count_ != columns.size()) {
    return corrupt(fmt::format("{} fields where the header has {}", field_count_, columns.size()));
  }
  builder_.clear();
  builder_.open_object();
  for (size_t index = 0; index < field_count_; ++index) {
    const Field& field = fields_[index];
    if (!value::is_utf8(field.text)) return corrupt(fmt::format("column '{}' is not UTF-8", columns[index]));
    if (!options_.guess_types || field.is_quoted || stays_string(columns[index])) {
      // An empty key would be refused; left out, the collection makes one.
      if (field.text.empty() && stays_string(columns[index])) continue;
      builder_.add(columns[index], field.text);
    } else {
      write_guess(columns[index], field);
    }
  }
  builder_.close();
  return builder_.take();
}

void CsvReader::write_guess(const std::string& column, const Field& field) {
  const std::string& text = field.text;
  if (text.empty()) return;
  const bool is_word = text == "true" || text == "false" || text == "null";
  if (is_word || looks_like_number(text)) {
    // What JSON's grammar does not take (007, 1., 12:30) stays a string.
    base::Result<value::Buffer> parsed = value::parse_json(text);
    if (parsed && !loses_digits(text, parsed->slice())) {
      builder_.add(column, parsed->slice());
      return;
    }
  }
  builder_.add(column, text);
}

}  // namespace workerdb::cli
