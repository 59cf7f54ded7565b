#include "stores/relational/rows.h"

#include <libpq-fe.h>

#include <array>
#include <charconv>

namespace workerdb::stores::relational {
namespace {

struct KnownType {
  uint32_t scalar;
  uint32_t array;
  ColumnType type;
};

// pg_type.oid of the built-in types; these numbers are fixed by PostgreSQL (pg_type.dat).
constexpr std::array kKnownTypes = {
    KnownType{16, 1000, ColumnType::kBoolean},      // boolean
    KnownType{20, 1016, ColumnType::kInteger},      // bigint
    KnownType{21, 1005, ColumnType::kInteger},      // smallint
    KnownType{23, 1007, ColumnType::kInteger},      // integer
    KnownType{26, 1028, ColumnType::kInteger},      // oid
    KnownType{700, 1021, ColumnType::kReal},        // real
    KnownType{701, 1022, ColumnType::kReal},        // double precision
    KnownType{1700, 1231, ColumnType::kNumeric},    // numeric
    KnownType{114, 199, ColumnType::kJson},         // json
    KnownType{3802, 3807, ColumnType::kJson},       // jsonb
    KnownType{1114, 1115, ColumnType::kTimestamp},  // timestamp
    KnownType{1184, 1185, ColumnType::kTimestamp},  // timestamptz
    KnownType{17, 1001, ColumnType::kBytes},        // bytea
    KnownType{18, 1002, ColumnType::kText},         // "char"
    KnownType{19, 1003, ColumnType::kText},         // name
    KnownType{25, 1009, ColumnType::kText},         // text
    KnownType{1042, 1014, ColumnType::kText},       // char(n)
    KnownType{1043, 1015, ColumnType::kText},       // varchar
    KnownType{1082, 1182, ColumnType::kText},       // date
    KnownType{2950, 2951, ColumnType::kText},       // uuid
};

Column describe(const pg_result* result, int index) {
  Column column;
  column.name = PQfname(result, index);
  column.type_id = PQftype(result, index);
  for (const KnownType& known : kKnownTypes) {
    if (column.type_id == known.scalar) column.type = column.element = known.type;
    if (column.type_id == known.array) {
      column.type = ColumnType::kArray;
      column.element = known.type;
    }
  }
  return column;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Rows::Rows(std::shared_ptr<pg_result> result) : result_(std::move(result)) {
  row_count_ = PQntuples(result_.get());
  int count = PQnfields(result_.get());
  columns_.reserve(count);
  for (int index = 0; index < count; ++index) columns_.push_back(describe(result_.get(), index));
  command_tag_ = PQcmdStatus(result_.get());
  affected_rows_ = parse_integer(PQcmdTuples(result_.get())).value_or(0);
}

std::optional<int> Rows::column(std::string_view name) const {
  for (int index = 0; index < column_count(); ++index) {
    if (columns_[index].name == name) return index;
  }
  return std::nullopt;
}

std::optional<std::string_view> Rows::text(int row, int column) const {
  if (row < 0 || row >= row_count_ || column < 0 || column >= column_count()) return std::nullopt;
  if (PQgetisnull(result_.get(), row, column) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result_.get(), row, column), PQgetlength(result_.get(), row, column));
}

std::string_view Rows::text_or_empty(int row, int column) const {
  return text(row, column).value_or(std::string_view{});
}

std::optional<int64_t> Rows::integer(int row, int column) const {
  std::optional<std::string_view> cell = text(row, column);
  return cell ? parse_integer(*cell) : std::nullopt;
}

}  // namespace workerdb::stores::relational
