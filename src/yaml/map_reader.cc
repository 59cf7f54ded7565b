#include "yaml/map_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace workerdb::yaml {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {
constexpr size_t kShownComplaints = 20;
}

void Complaints::add(const Place& place, std::string_view what) {
  lines_.push_back(fmt::format("{}: {}", to_string(place), what));
}

Result<> Complaints::result() const {
  if (lines_.empty()) return {};
  size_t shown = std::min(lines_.size(), kShownComplaints);
  std::string message =
      fmt::format("{}", fmt::join(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(shown), "\n"));
  if (shown < lines_.size()) message += fmt::format("\nand {} more", lines_.size() - shown);
  return Error(ErrorCode::kBadParameter, message);
}

MapReader::MapReader(const YamlValue& value, std::string what, Complaints& complaints)
    : value_(value), what_(std::move(what)), complaints_(complaints) {
  if (value.kind != YamlKind::kMap) {
    complaints_.add(value.place, fmt::format("expected {} as a map, found {}", what_, name_of(value.kind)));
  }
}

const Place& MapReader::place_of(std::string_view key) const {
  const YamlValue* member = value_.find(key);
  return member == nullptr ? value_.place : member->place;
}

const YamlValue* MapReader::take(std::string_view key, YamlKind expected) {
  known_.emplace_back(key);
  const YamlValue* member = value_.find(key);
  if (member == nullptr || member->kind == expected) return member;
  std::string_view advice =
      expected == YamlKind::kText && member->kind != YamlKind::kList && member->kind != YamlKind::kMap
          ? "; put it in quotes"
          : "";
  complain(key, fmt::format("'{}' of {} is {}, expected {}{}", key, what_, name_of(member->kind), name_of(expected),
                            advice));
  return nullptr;
}

std::string MapReader::required_text(std::string_view key) {
  if (value_.kind == YamlKind::kMap && !has(key)) {
    complaints_.add(value_.place, fmt::format("{} needs '{}'", what_, key));
  }
  std::string found = text(key);
  if (has(key) && value_.find(key)->kind == YamlKind::kText && found.empty()) {
    complain(key, fmt::format("'{}' of {} is empty", key, what_));
  }
  return found;
}

std::string MapReader::text(std::string_view key, std::string_view otherwise) {
  const YamlValue* member = take(key, YamlKind::kText);
  return member == nullptr ? std::string(otherwise) : member->text;
}

std::vector<std::string> MapReader::texts(std::string_view key) {
  std::vector<std::string> found;
  const YamlValue* member = take(key, YamlKind::kList);
  if (member == nullptr) return found;
  for (const YamlValue& item : member->items) {
    if (item.kind != YamlKind::kText || item.text.empty()) {
      complaints_.add(item.place, fmt::format("'{}' of {} holds {}, expected texts", key, what_, name_of(item.kind)));
    } else if (std::ranges::find(found, item.text) != found.end()) {
      complaints_.add(item.place, fmt::format("'{}' stands twice in '{}'", item.text, key));
    } else {
      found.push_back(item.text);
    }
  }
  return found;
}

bool MapReader::flag(std::string_view key, bool otherwise) {
  const YamlValue* member = take(key, YamlKind::kBoolean);
  return member == nullptr ? otherwise : member->text[0] == 't' || member->text[0] == 'T';
}

std::optional<int64_t> MapReader::integer(std::string_view key, int64_t lowest, int64_t highest) {
  const YamlValue* member = take(key, YamlKind::kInteger);
  if (member == nullptr) return std::nullopt;
  int64_t number = 0;
  std::from_chars(member->text.data(), member->text.data() + member->text.size(), number);
  if (number >= lowest && number <= highest) return number;
  complain(key, fmt::format("'{}' of {} is {}, expected {} to {}", key, what_, number, lowest, highest));
  return std::nullopt;
}

std::optional<size_t> MapReader::choose(std::string_view key, const std::vector<std::string_view>& words,
                                        bool optional) {
  if (!optional && value_.kind == YamlKind::kMap && !has(key)) {
    complaints_.add(value_.place, fmt::format("{} needs '{}': {}", what_, key, fmt::join(words, ", ")));
  }
  const YamlValue* member = take(key, YamlKind::kText);
  if (member == nullptr) return std::nullopt;
  auto found = std::ranges::find(words, member->text);
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  complain(key,
           fmt::format("'{}' of {} is '{}', expected one of: {}", key, what_, member->text, fmt::join(words, ", ")));
  return std::nullopt;
}

const YamlValue* MapReader::map(std::string_view key) { return take(key, YamlKind::kMap); }

std::vector<const YamlValue*> MapReader::maps(std::string_view key) {
  std::vector<const YamlValue*> found;
  const YamlValue* member = take(key, YamlKind::kList);
  if (member == nullptr) return found;
  for (const YamlValue& item : member->items) found.push_back(&item);
  return found;
}

void MapReader::finish() {
  for (size_t index = 0; index < value_.keys.size(); ++index) {
    const std::string& key = value_.keys[index];
    const YamlValue& member = value_.items[index];
    if (std::ranges::find(known_, key) != known_.end()) continue;
    complaints_.add(member.place,
                    fmt::format("unknown key '{}' in {}; known are: {}", key, what_, fmt::join(known_, ", ")));
  }
}

}  // namespace workerdb::yaml
