#pragma once
// Reads the maps of a declaration strictly: what is unknown, missing or of a wrong type becomes a complaint
// with its place. Complaints are collected, so that one run shows them all.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "yaml/tree.h"

namespace workerdb::yaml {

class Complaints {
 public:
  void add(const Place& place, std::string_view what);
  bool empty() const { return lines_.empty(); }
  // All of them as one kBadParameter, a line each; the first 20 when there are more.
  base::Result<> result() const;

 private:
  std::vector<std::string> lines_;
};

// One map. Every key that a method below names is known; finish() complains about all others. A method that
// finds a wrong type complains and returns its default, so that reading goes on.
class MapReader {
 public:
  // `what` names the map in messages: "a collection".
  MapReader(const YamlValue& value, std::string what, Complaints& complaints);

  std::string required_text(std::string_view key);
  std::string text(std::string_view key, std::string_view otherwise = "");
  std::vector<std::string> texts(std::string_view key);
  bool flag(std::string_view key, bool otherwise);
  // Within [lowest, highest].
  std::optional<int64_t> integer(std::string_view key, int64_t lowest, int64_t highest);
  // One of the words; complains when it is another, or when it is missing and there is no `otherwise`.
  template <typename Choice>
  Choice choice(std::string_view key, std::initializer_list<std::pair<std::string_view, Choice>> choices,
                std::optional<Choice> otherwise = std::nullopt) {
    std::vector<std::string_view> words;
    for (const auto& [word, value] : choices) words.push_back(word);
    std::optional<size_t> chosen = choose(key, words, otherwise.has_value());
    return chosen ? std::data(choices)[*chosen].second : otherwise.value_or(std::data(choices)[0].second);
  }
  // The member itself when it is a map; null when it is missing.
  const YamlValue* map(std::string_view key);
  // The maps of a list; empty when it is missing.
  std::vector<const YamlValue*> maps(std::string_view key);

  bool has(std::string_view key) const { return value_.find(key) != nullptr; }
  const Place& place() const { return value_.place; }
  // The place of a member, or of the map when it is missing.
  const Place& place_of(std::string_view key) const;
  void complain(std::string_view key, std::string_view what) { complaints_.add(place_of(key), what); }
  Complaints& complaints() { return complaints_; }
  void finish();

 private:
  const YamlValue* take(std::string_view key, YamlKind expected);
  std::optional<size_t> choose(std::string_view key, const std::vector<std::string_view>& words, bool optional);

  const YamlValue& value_;
  std::string what_;
  Complaints& complaints_;
  std::vector<std::string> known_;
};

}  // namespace workerdb::yaml
