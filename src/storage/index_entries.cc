#include "storage/index_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "storage/key_encoding.h"
#include "storage/rocks.h"
#include "value/builder.h"

namespace workerdb::storage {
namespace {

using value::Slice;

// Reads exactly `digits` digits and what must follow them.
bool take_digits(std::string_view& text, size_t digits, int& into) {
  if (text.size() < digits) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, into);
  if (error != std::errc() || end != text.data() + digits || into < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool take_char(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, double& seconds) {
  double unit = 0.1;
  size_t start = text.size();
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10) {
    seconds += (text[0] - '0') * unit;
  }
  return text.size() < start;
}

// "Z", "+01:00", or nothing, which is UTC.
bool take_zone(std::string_view text, double& seconds) {
  if (text.empty() || text == "Z" || text == "z") return true;
  bool is_ahead = text[0] == '+';
  int hours = 0, minutes = 0;
  if (!take_char(text, "+-") || !take_digits(text, 2, hours)) return false;
  take_char(text, ":");
  if (!text.empty() && !take_digits(text, 2, minutes)) return false;
  double offset = hours * 3600 + minutes * 60;
  seconds += is_ahead ? -offset : offset;
  return text.empty();
}

bool parse_date(std::string_view text, double& seconds) {
  int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 4, year) || !take_char(text, "-") || !take_digits(text, 2, month)) return false;
  if (take_char(text, "-") && !take_digits(text, 2, day)) return false;
  double fraction = 0;
  if (take_char(text, "T ")) {
    if (!take_digits(text, 2, hour) || !take_char(text, ":") || !take_digits(text, 2, minute)) return false;
    if (take_char(text, ":") && !take_digits(text, 2, second)) return false;
    if (take_char(text, ".,") && !take_fraction(text, fraction)) return false;
  }
  auto date = std::chrono::year(year) / month / day;
  if (!date.ok() || hour > 24 || minute > 59 || second > 60) return false;
  auto days = std::chrono::sys_days(date).time_since_epoch().count();
  seconds = double(days) * 86400 + hour * 3600 + minute * 60 + second + fraction;
  return take_zone(text, seconds);
}

}  // namespace

Slice value_at(Slice document, const AttributePath& path) {
  for (const PathStep& step : path) document = document.get(step.name);
  return document;
}

bool expiry_seconds(Slice value, double& seconds) {
  if (value.is_number()) {
    seconds = value.as_double();
    return true;
  }
  return value.is_string() && parse_date(value.as_string(), seconds);
}

std::string_view unique_owner(std::string_view entry_value) {
  if (entry_value.empty()) return {};
  return entry_value.substr(1, static_cast<unsigned char>(entry_value[0]));
}

base::Error unique_violation(const Index& index, std::string_view owner) {
  std::string fields;
  for (const AttributePath& path : index.fields) fields += (fields.empty() ? "'" : ", '") + to_string(path) + "'";
  return base::Error(base::ErrorCode::kUniqueConstraintViolated,
                     fmt::format("unique constraint violated - in index {} of type persistent over {}; conflicting "
                                 "key: {}",
                                 index.name, fields, owner));
}

void append_edge_prefix(const Index& index, uint8_t direction, std::string_view vertex, std::string& to) {
  append_id(index.object_id, to);
  to.push_back(char(direction));
  to.append(vertex);
  to.push_back('\0');
}

IndexEntry& IndexEntries::grow(const Index& index) {
  if (count_ == entries_.size()) entries_.emplace_back();
  IndexEntry& entry = entries_[count_++];
  entry.key.clear(), entry.value.clear();
  append_id(index.object_id, entry.key);
  return entry;
}

std::span<const IndexEntry> IndexEntries::of(const Index& index, Slice document) {
  count_ = 0;
  document_ = document;
  std::string_view key = document.get("_key").as_string();
  switch (index.type) {
    case IndexType::kPrimary: break;
    case IndexType::kEdge: add_edge(index, key); break;
    case IndexType::kTtl: add_time_to_live(index, key); break;
    case IndexType::kPersistent: {
      int expanded = index.expanded_field();
      fields_.clear();
      for (size_t i = 0; i < index.fields.size(); ++i) {
        bool is_array = int(i) == expanded;
        fields_.push_back(is_array ? Slice() : value_at(document, index.fields[i]));
        if (index.sparse && !is_array && fields_.back().is_null()) return {};
      }
      expanded >= 0 ? add_expanded(index, size_t(expanded), key) : add_persistent(index, key);
    }
  }
  return {entries_.data(), count_};
}

void IndexEntries::append_details(const Index& index, std::string& to) {
  bool exact = std::all_of(fields_.begin(), fields_.end(), decodes_exactly);
  if (exact && index.stored_values.empty()) return;
  details_.clear();
  details_.open_array();
  for (const AttributePath& path : index.stored_values) details_.slice(value_at(document_, path));
  if (!exact) {
    for (Slice field : fields_) details_.slice(field);
  }
  details_.close();
  to.append(details_.slice().bytes());
}

void IndexEntries::add_persistent(const Index& index, std::string_view key) {
  IndexEntry& entry = grow(index);
  for (Slice field : fields_) append_encoded(field, entry.key);
  std::string& owner = index.unique ? entry.value : entry.key;
  if (index.unique) owner.push_back(char(key.size()));
  owner.append(key);
  if (!index.unique) owner.push_back(char(key.size()));
  append_details(index, entry.value);
}

void IndexEntries::add_expanded(const Index& index, size_t field, std::string_view key) {
  const AttributePath& path = index.fields[field];
  Slice array = document_;
  size_t step = 0;
  for (; step < path.size(); ++step) {
    array = array.get(path[step].name);
    if (path[step].expand) break;
  }
  for (value::ArrayIterator item(array); item.valid(); item.next()) {
    Slice member = item.value();
    for (size_t below = step + 1; below < path.size(); ++below) member = member.get(path[below].name);
    fields_[field] = member;
    add_persistent(index, key);
  }
  auto begin = entries_.begin(), end = begin + ptrdiff_t(count_);
  std::stable_sort(begin, end, [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
  if (index.unique && !index.deduplicate) return;
  auto last = std::unique(begin, end, [](const IndexEntry& a, const IndexEntry& b) { return a.key == b.key; });
  count_ = size_t(last - begin);
}

void IndexEntries::add_time_to_live(const Index& index, std::string_view key) {
  Slice original = value_at(document_, index.fields[0]);
  double seconds = 0;
  if (!expiry_seconds(original, seconds)) return;
  value::Builder number;
  number.number(seconds);
  IndexEntry& entry = grow(index);
  append_encoded(number.slice(), entry.key);
  entry.key.append(key);
  entry.key.push_back(char(key.size()));
  if (!original.is_number() || original.is_large_unsigned() || !decodes_exactly(original)) {
    details_.clear();
    details_.open_array();
    details_.slice(original);
    details_.close();
    entry.value.append(details_.slice().bytes());
  }
}

void IndexEntries::add_edge(const Index& index, std::string_view key) {
  Slice vertices[2] = {document_.get("_from"), document_.get("_to")};
  if (!vertices[0].is_string() || !vertices[1].is_string()) return;
  for (uint8_t direction = 0; direction < 2; ++direction) {
    IndexEntry& entry = grow(index);
    entry.key.clear();
    append_edge_prefix(index, direction, vertices[direction].as_string(), entry.key);
    entry.key.append(key);
    entry.key.push_back(char(key.size()));
    entry.value = vertices[1 - direction].as_string();
  }
}

}  // namespace workerdb::storage
