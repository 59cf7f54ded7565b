#include "cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "value/json.h"

namespace workerdb::cli {

using value::Slice;

namespace {

constexpr size_t kNarrowestColumn = 8;

// Characters that a terminal shows for UTF-8 text, near enough for tables.
size_t display_width(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string cut(const std::string& text, size_t width) {
  if (display_width(text) <= width) return text;
  std::string result;
  size_t shown = 0;
  for (char c : text) {
    if ((c & 0xc0) != 0x80 && ++shown >= width) break;
    result += c;
  }
  return result + "…";
}

// A cell is one line: control characters, also those that would move the cursor, become blanks.
std::string cell_text(Slice value) {
  std::string text = value.is_string() ? std::string(value.as_string()) : value.is_none() ? "" : value::to_json(value);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

bool is_terminal(FILE* stream) { return isatty(fileno(stream)) != 0; }

size_t terminal_width(FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

std::string styled(FILE* stream, std::string_view text, std::string_view sequence) {
  static const bool no_color = std::getenv("NO_COLOR") != nullptr;
  if (no_color || !is_terminal(stream)) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", sequence, text);
}

RowPrinter::RowPrinter(FILE* stream, OutputFormat format) : stream_(stream), format_(format) {
  if (format_ == OutputFormat::kAutomatic) {
    format_ = is_terminal(stream) ? OutputFormat::kTable : OutputFormat::kJsonLines;
  }
}

void RowPrinter::print(Slice row) {
  ++row_count_;
  if (format_ == OutputFormat::kTable) return add_to_table(row);
  std::string line;
  if (format_ == OutputFormat::kJson) {
    fmt::print(stream_, "{}", row_count_ == 1 ? "[\n" : ",\n");
    line = value::to_pretty_json(row);
  } else {
    value::append_json(row, line);
    line += '\n';
  }
  std::fwrite(line.data(), 1, line.size(), stream_);
}

void RowPrinter::add_to_table(Slice row) {
  if (!table_started_ && held_.empty()) {
    is_object_table_ = row.is_object();
    if (!is_object_table_) columns_ = {"result"};
  }
  if (is_object_table_ && !table_started_) {
    for (value::ObjectIterator attribute(row); attribute.valid(); attribute.next()) {
      if (std::find(columns_.begin(), columns_.end(), attribute.name()) == columns_.end()) {
        columns_.emplace_back(attribute.name());
      }
    }
  }
  Cells cells;
  if (is_object_table_ && row.is_object()) {
    for (const auto& column : columns_) cells.push_back(cell_text(row.get(column)));
  } else {
    cells.push_back(cell_text(row));
  }
  if (table_started_) return print_cells(cells);
  held_.push_back(std::move(cells));
  if (held_.size() >= kRowsForWidths) start_table();
}

void RowPrinter::start_table() {
  table_started_ = true;
  widths_.clear();
  for (const auto& column : columns_) widths_.push_back(display_width(column));
  for (const auto& cells : held_) {
    for (size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], display_width(cells[i]));
  }
  // The widest columns give way until all fit.
  size_t room = terminal_width(stream_);
  auto total = [&] {
    size_t sum = 1;
    for (size_t width : widths_) sum += width + 3;
    return sum;
  };
  while (total() > room) {
    auto widest = std::max_element(widths_.begin(), widths_.end());
    if (*widest <= kNarrowestColumn) break;
    --*widest;
  }
  print_rule();
  print_cells(columns_);
  print_rule();
  for (const auto& cells : held_) print_cells(cells);
  held_.clear();
}

void RowPrinter::print_cells(const Cells& cells) {
  std::string line = "|";
  for (size_t i = 0; i < widths_.size(); ++i) {
    std::string text = i < cells.size() ? cut(cells[i], widths_[i]) : "";
    line += ' ' + text + std::string(widths_[i] - std::min(widths_[i], display_width(text)), ' ') + " |";
  }
  fmt::print(stream_, "{}\n", line);
}

void RowPrinter::print_rule() {
  std::string line = "+";
  for (size_t width : widths_) line += std::string(width + 2, '-') + "+";
  fmt::print(stream_, "{}\n", line);
}

void RowPrinter::finish() {
  if (finished_) return;
  finished_ = true;
  if (format_ == OutputFormat::kJson) fmt::print(stream_, "{}", row_count_ == 0 ? "[]\n" : "\n]\n");
  if (format_ == OutputFormat::kTable) {
    if (row_count_ > 0 && !table_started_) start_table();
    if (row_count_ > 0) print_rule();
    fmt::print(stream_, "{} {}\n", row_count_, row_count_ == 1 ? "row" : "rows");
  }
  std::fflush(stream_);
}

}  // namespace workerdb::cli
