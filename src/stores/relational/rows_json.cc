#include "stores/relational/rows_json.h"

#include <charconv>

#include "value/json.h"

namespace workerdb::stores::relational {
namespace {

constexpr size_t kDoubleDigits = 15;  // decimal digits that every double keeps
constexpr int kArrayDepth = 6;        // PostgreSQL's own limit of array dimensions (MAXDIM)

void append_real(std::string_view text, value::Builder& builder) {
  double number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool is_finite = number - number == 0;
  if (failure != std::errc() || end != text.data() + text.size() || !is_finite) return builder.string(text);
  builder.number(number);
}

void append_integer(std::string_view text, value::Builder& builder) {
  int64_t number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return builder.string(text);
  builder.integer(number);
}

void append_numeric(std::string_view text, value::Builder& builder) {
  if (text.find_first_not_of("-0123456789") == std::string_view::npos) return append_integer(text, builder);
  size_t digits = 0;
  for (char byte : text) digits += byte >= '0' && byte <= '9' ? 1 : 0;
  if (digits > kDoubleDigits) return builder.string(text);
  append_real(text, builder);
}

// "2026-01-31 08:15:30.5+00" to "2026-01-31T08:15:30.5+00:00"; other forms (infinity, BC) stay as they are.
void append_timestamp(std::string_view text, value::Builder& builder) {
  std::string iso(text);
  if (iso.size() < 19 || iso[10] != ' ' || iso.ends_with("BC")) return builder.string(text);
  iso[10] = 'T';
  char sign = iso[iso.size() - 3];
  if (sign == '+' || sign == '-') iso += ":00";
  builder.string(iso);
}

void append_scalar(ColumnType type, std::string_view text, value::Builder& builder) {
  switch (type) {
    case ColumnType::kBoolean: return builder.boolean(text == "t");
    case ColumnType::kInteger: return append_integer(text, builder);
    case ColumnType::kReal: return append_real(text, builder);
    case ColumnType::kNumeric: return append_numeric(text, builder);
    case ColumnType::kTimestamp: return append_timestamp(text, builder);
    case ColumnType::kJson: {
      auto parsed = value::parse_json(text);
      // The server's JSON may nest deeper than ours does; then its text is better than nothing.
      return parsed ? builder.slice(parsed->slice()) : builder.string(text);
    }
    default: return builder.string(text);
  }
}

// Reads an array literal: {1,NULL,"a \"b\"",{...}}, optionally after bounds ("[0:1]={...}").
class ArrayText {
 public:
  ArrayText(std::string_view text, ColumnType element, value::Builder& builder)
      : text_(text), element_(element), builder_(builder) {}

  void append() {
    if (text_.starts_with('[')) at_ = text_.find('=') + 1;
    array(1);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '}'; }

  void array(int depth) {
    builder_.open_array();
    ++at_;
    while (peek() != '}') {
      if (peek() == '{' && depth < kArrayDepth) {
        array(depth + 1);
      } else {
        item();
      }
      if (peek() == ',') ++at_;
    }
    ++at_;
    builder_.close();
  }

  void item() {
    std::string text;
    bool quoted = peek() == '"';
    if (quoted) ++at_;
    while (at_ < text_.size()) {
      char byte = text_[at_];
      if (quoted ? byte == '"' : byte == ',' || byte == '}') break;
      if (byte == '\\' && at_ + 1 < text_.size()) byte = text_[++at_];
      text += byte;
      ++at_;
    }
    if (quoted) ++at_;
    if (!quoted && text == "NULL") return builder_.null();
    append_scalar(element_, text, builder_);
  }

  std::string_view text_;
  ColumnType element_;
  value::Builder& builder_;
  size_t at_ = 0;
};

}  // namespace

void append_cell(const Rows& rows, int row, int column, value::Builder& builder) {
  std::optional<std::string_view> text = rows.text(row, column);
  if (!text) return builder.null();
  const Column& described = rows.columns()[column];
  if (described.type == ColumnType::kArray) return ArrayText(*text, described.element, builder).append();
  append_scalar(described.type, *text, builder);
}

void append_row(const Rows& rows, int row, value::Builder& builder) {
  builder.open_object();
  for (int column = 0; column < rows.column_count(); ++column) {
    builder.key(rows.columns()[column].name);
    append_cell(rows, row, column, builder);
  }
  builder.close();
}

value::Buffer rows_to_value(const Rows& rows) {
  value::Builder builder;
  builder.open_array();
  for (int row = 0; row < rows.row_count(); ++row) append_row(rows, row, builder);
  builder.close();
  return builder.take();
}

}  // namespace workerdb::stores::relational
