#pragma once
// Rows for people and for pipes: a table on a terminal, one JSON value a line elsewhere.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "value/slice.h"

namespace workerdb::cli {

enum class OutputFormat : uint8_t { kAutomatic, kTable, kJsonLines, kJson };

bool is_terminal(FILE* stream);
// Columns of the terminal; 100 when it is none.
size_t terminal_width(FILE* stream);
// Escape sequences, only when `stream` is a terminal and NO_COLOR is not set (https://no-color.org).
std::string styled(FILE* stream, std::string_view text, std::string_view sequence);
inline constexpr std::string_view kBold = "1", kRed = "31", kGreen = "32", kYellow = "33", kDim = "2";

// Prints rows as they come; a table's column widths are those of the first rows. One thread.
class RowPrinter {
 public:
  RowPrinter(FILE* stream, OutputFormat format);
  ~RowPrinter() { finish(); }

  void print(value::Slice row);
  // Writes what is held back, and under a table the number of rows.
  void finish();
  size_t row_count() const { return row_count_; }

 private:
  static constexpr size_t kRowsForWidths = 100;
  using Cells = std::vector<std::string>;

  void add_to_table(value::Slice row);
  void start_table();
  void print_cells(const Cells& cells);
  void print_rule();

  FILE* stream_;
  OutputFormat format_;
  size_t row_count_ = 0;
  bool finished_ = false, table_started_ = false, is_object_table_ = false;
  std::vector<std::string> columns_;
  std::vector<size_t> widths_;
  std::vector<Cells> held_;
};

}  // namespace workerdb::cli
