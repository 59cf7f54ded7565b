#pragma once
// What a statement answered: typed columns over the rows that the server sent, without a copy.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;  // libpq's PGresult

namespace workerdb::stores::relational {

// What a column's type means for a reader that knows JSON (see rows_json.h). Everything without a closer
// meaning (text, uuid, inet, interval, enums, ranges...) is kText.
enum class ColumnType { kBoolean, kInteger, kReal, kNumeric, kText, kJson, kTimestamp, kArray, kBytes };

struct Column {
  std::string name;
  ColumnType type = ColumnType::kText;
  // For kArray the type of the elements; otherwise the same as `type`.
  ColumnType element = ColumnType::kText;
  // pg_type.oid, for readers that need to know more.
  uint32_t type_id = 0;
};

// Cheap to copy (the rows are shared and never change). Any thread may read. Views live as long as one copy.
class Rows {
 public:
  Rows() = default;
  // Takes the libpq result over; used by Connection.
  explicit Rows(std::shared_ptr<pg_result> result);

  int row_count() const { return row_count_; }
  int column_count() const { return static_cast<int>(columns_.size()); }
  const std::vector<Column>& columns() const { return columns_; }
  // The position of a column by name; nothing when there is none.
  std::optional<int> column(std::string_view name) const;

  // The cell in the server's text form; nothing for SQL NULL and for a row or column out of range.
  std::optional<std::string_view> text(int row, int column) const;
  // The cell, or "" for NULL.
  std::string_view text_or_empty(int row, int column) const;
  // The cell as an integer; nothing when it is NULL or no integer.
  std::optional<int64_t> integer(int row, int column) const;
  // True only for a boolean cell that is true.
  bool is_true(int row, int column) const { return text(row, column) == "t"; }

  // Rows that INSERT, UPDATE, DELETE, COPY or SELECT touched; 0 for other statements.
  int64_t affected_rows() const { return affected_rows_; }
  // "INSERT 0 3", "CREATE TABLE": what psql prints under a statement.
  const std::string& command_tag() const { return command_tag_; }

 private:
  std::shared_ptr<pg_result> result_;
  std::vector<Column> columns_;
  std::string command_tag_;
  int64_t affected_rows_ = 0;
  int row_count_ = 0;
};

}  // namespace workerdb::stores::relational
