#pragma once
// CSV as RFC 4180 has it: fields between separators, quoted ones may hold separators, line ends and doubled
// quotes. Rows end in CR LF or LF. The first row names the attributes, unless the options do.
#include <memory>
#include <string>
#include <vector>

#include "cli/import/byte_source.h"
#include "cli/import/record.h"

namespace workerdb::cli {

struct CsvOptions {
  char separator = ',';
  char quote = '"';
  // Attribute names; empty: the first row has them.
  std::vector<std::string> columns;
  // An unquoted field that is a JSON number, true, false or null becomes that value, an empty unquoted one is
  // left out. Quoted fields, and the attributes _key, _id, _from and _to, stay strings.
  bool guess_types = true;
};

constexpr size_t kMaxCsvColumns = 4096;

class CsvReader : public RecordReader {
 public:
  CsvReader(std::unique_ptr<ByteSource> source, CsvOptions options, ProgressCallback progress);

  // A record's errors: kCorruptedCsv (quotes, number of fields, no UTF-8) and kDocumentTooLarge. Behind a row
  // with broken quotes the reading goes on at the next line end. Of the file: kCorruptedCsv for a header that
  // is missing, broken, or names an attribute twice or not at all; kIllegalOption for options that cannot be.
  base::Result<std::optional<Record>> next() override;

 private:
  struct Field {
    std::string text;
    bool is_quoted = false;
  };

  base::Result<> check_options() const;
  base::Result<> read_header();
  // Reads one row into fields_ (the first field_count_). Nothing at the end of the file.
  base::Result<bool> read_row();
  base::Result<> read_field(Field& field);
  base::Result<> read_quoted(Field& field);
  base::Result<> append(Field& field, int character);
  Field& add_field();
  bool at_row_end();
  void skip_line();
  base::Result<value::Buffer> document();
  void write_guess(const std::string& column, const Field& field);

  CharacterReader characters_;
  CsvOptions options_;
  std::vector<Field> fields_;  // reused from row to row
  size_t field_count_ = 0;
  size_t row_bytes_ = 0;
  value::Builder builder_;
  bool is_started_ = false;
  bool is_finished_ = false;
};

}  // namespace workerdb::cli
