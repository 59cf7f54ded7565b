#include "yaml/tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "value/json.h"

namespace workerdb::yaml {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLargestFile = size_t{1} << 20;
constexpr size_t kDeepest = 100;
constexpr size_t kMostValues = 100'000;

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && failure == std::errc() && end == text.data() + text.size();
}

YamlKind kind_of_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return YamlKind::kNull;
  constexpr std::string_view kBooleans[] = {"true", "false", "True", "False", "TRUE", "FALSE"};
  if (std::ranges::find(kBooleans, text) != std::end(kBooleans)) return YamlKind::kBoolean;
  int64_t integer = 0;
  double real = 0;
  if (read_number(text, integer)) return YamlKind::kInteger;
  bool starts_like_a_number =
      std::isdigit(static_cast<unsigned char>(text[0])) != 0 || text[0] == '-' || text[0] == '+' || text[0] == '.';
  return starts_like_a_number && read_number(text, real) ? YamlKind::kReal : YamlKind::kText;
}

// Receives yaml-cpp's events. The library keeps no positions of keys and lets duplicates pass; this does
// neither. After the first problem the rest of the events is ignored.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string file) : file_(std::move(file)) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != 0) return refuse(mark, "anchors are not allowed");
    place_value({.kind = YamlKind::kNull, .place = place_of(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases are not allowed"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (anchor != 0) return refuse(mark, "anchors are not allowed");
    if (tag != "?" && tag != "!") return refuse(mark, fmt::format("tags ('{}') are not allowed", tag));
    YamlKind kind = tag == "?" ? kind_of_plain(text) : YamlKind::kText;
    place_value({.kind = kind, .text = text, .place = place_of(mark)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlKind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlKind::kMap);
  }
  void OnMapEnd() override { close(); }

  const std::string& problem() const { return problem_; }
  YamlValue take_root() { return std::move(root_); }

 private:
  struct Open {
    YamlValue value;
    std::string key;
    bool has_key = false;
  };

  Place place_of(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  void refuse(const YAML::Mark& mark, const std::string& why) { refuse(place_of(mark), why); }
  void refuse(const Place& place, const std::string& why) {
    if (problem_.empty()) problem_ = fmt::format("{}: {}", to_string(place), why);
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlKind kind) {
    if (anchor != 0) return refuse(mark, "anchors are not allowed");
    if (tag != "?" && tag != "!" && !tag.empty()) return refuse(mark, fmt::format("tags ('{}') are not allowed", tag));
    if (open_.size() >= kDeepest) return refuse(mark, fmt::format("more than {} levels", kDeepest));
    open_.push_back({.value = {.kind = kind, .place = place_of(mark)}});
  }

  void close() {
    if (!problem_.empty()) return;
    YamlValue value = std::move(open_.back().value);
    open_.pop_back();
    place_value(std::move(value));
  }

  void place_value(YamlValue value) {
    if (!problem_.empty()) return;
    if (++count_ > kMostValues) return refuse(value.place, fmt::format("more than {} values", kMostValues));
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.kind == YamlKind::kList) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.has_key) {
      take_key(parent, value);
    } else {
      parent.value.keys.push_back(std::move(parent.key));
      parent.value.items.push_back(std::move(value));
      parent.has_key = false;
    }
  }

  void take_key(Open& parent, const YamlValue& key) {
    if (key.kind == YamlKind::kList || key.kind == YamlKind::kMap || key.kind == YamlKind::kNull) {
      return refuse(key.place, fmt::format("expected a text as key, found {}", name_of(key.kind)));
    }
    if (parent.value.find(key.text) != nullptr) {
      return refuse(key.place, fmt::format("the key '{}' stands here twice", key.text));
    }
    parent.key = key.text;
    parent.has_key = true;
  }

  std::string file_;
  std::vector<Open> open_;
  YamlValue root_;
  std::string problem_;
  size_t count_ = 0;
};

}  // namespace

std::string to_string(const Place& place) { return fmt::format("{}:{}:{}", place.file, place.line, place.column); }

const YamlValue* YamlValue::find(std::string_view key) const {
  for (size_t index = 0; index < keys.size(); ++index) {
    if (keys[index] == key) return &items[index];
  }
  return nullptr;
}

std::string_view name_of(YamlKind kind) {
  constexpr std::string_view kNames[] = {"nothing", "a boolean", "a whole number", "a number",
                                         "a text",  "a list",    "a map"};
  return kNames[static_cast<size_t>(kind)];
}

Result<YamlValue> parse_yaml(std::string_view text, const std::string& file) {
  if (text.size() > kLargestFile) return Error(ErrorCode::kBadParameter, file + ": larger than 1 MiB");
  if (!value::is_utf8(text)) return Error(ErrorCode::kBadParameter, file + ": not UTF-8");
  TreeBuilder builder(file);
  try {
    std::istringstream input{std::string(text)};
    YAML::Parser parser(input);
    parser.HandleNextDocument(builder);
    if (builder.problem().empty() && parser) {
      TreeBuilder second(file);
      if (parser.HandleNextDocument(second)) {
        return Error(ErrorCode::kBadParameter, file + ": more than one YAML document in a file");
      }
    }
  } catch (const YAML::Exception& failure) {
    Place place{file, failure.mark.line + 1, failure.mark.column + 1};
    return Error(ErrorCode::kBadParameter, fmt::format("{}: {}", to_string(place), failure.msg));
  }
  if (!builder.problem().empty()) return Error(ErrorCode::kBadParameter, builder.problem());
  return builder.take_root();
}

void append_yaml(const YamlValue& value, value::Builder& builder) {
  switch (value.kind) {
    case YamlKind::kNull: return builder.null();
    case YamlKind::kBoolean: return builder.boolean(value.text[0] == 't' || value.text[0] == 'T');
    case YamlKind::kInteger: {
      int64_t number = 0;
      read_number(value.text, number);
      return builder.integer(number);
    }
    case YamlKind::kReal: {
      double number = 0;
      read_number(value.text, number);
      return builder.number(number);
    }
    case YamlKind::kText: return builder.string(value.text);
    case YamlKind::kList:
      builder.open_array();
      for (const YamlValue& item : value.items) append_yaml(item, builder);
      return builder.close();
    case YamlKind::kMap:
      builder.open_object();
      for (size_t index = 0; index < value.keys.size(); ++index) {
        builder.key(value.keys[index]);
        append_yaml(value.items[index], builder);
      }
      return builder.close();
  }
}

}  // namespace workerdb::yaml
