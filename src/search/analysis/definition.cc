#include "search/analysis/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "search/analysis/simple_analyzers.h"
#include "search/analysis/text_analyzer.h"

namespace workerdb::search::analysis {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;
using value::Slice;

constexpr size_t kMostStages = 64, kDeepestPipeline = 8;
constexpr int64_t kLongestNgram = 1024;

Error wrong(std::string_view what) { return Error(ErrorCode::kBadParameter, fmt::format("analyzer: {}", what)); }

// Reads properties one by one and writes each, with its default where it was not given.
class Properties {
 public:
  explicit Properties(Slice given) : given_(given) { to_.open_object(); }

  Result<std::string> text(const char* name) {
    Slice value = given_.get(name);
    if (!value.is_string()) return wrong(fmt::format("the property '{}' must be a string", name));
    to_.add(name, value);
    return std::string(value.as_string());
  }
  Result<std::string> text_or(const char* name, std::string_view otherwise) {
    if (!given_.get(name).is_none()) return text(name);
    to_.add(name, otherwise);
    return std::string(otherwise);
  }
  Result<bool> flag_or(const char* name, bool otherwise) {
    Slice value = given_.get(name);
    if (!value.is_none() && !value.is_bool()) return wrong(fmt::format("the property '{}' must be a boolean", name));
    bool result = value.is_none() ? otherwise : value.is_true();
    to_.add(name, result);
    return result;
  }
  Result<std::vector<std::string>> texts(const char* name, bool is_required) {
    Slice value = given_.get(name);
    if ((value.is_none() && is_required) || (!value.is_none() && !value.is_array())) {
      return wrong(fmt::format("the property '{}' must be an array of strings", name));
    }
    std::vector<std::string> result;
    for (value::ArrayIterator item(value); item.valid(); item.next()) {
      if (!item.value().is_string()) return wrong(fmt::format("the property '{}' must be an array of strings", name));
      result.emplace_back(item.value().as_string());
    }
    to_.add(name, value.is_array() ? value : Slice::empty_array());
    return result;
  }
  Result<uint32_t> count(const char* name, int64_t least) {
    Slice value = given_.get(name);
    if (!value.is_number() || value.as_double() < double(least) || value.as_double() > double(kLongestNgram)) {
      return wrong(fmt::format("the property '{}' must be a number from {} to {}", name, least, kLongestNgram));
    }
    auto result = uint32_t(value.as_double());
    to_.add(name, result);
    return result;
  }
  Result<LetterCase> letter_case(const char* otherwise) {
    std::string name = TRY(text_or("case", otherwise));
    if (name == "lower") return LetterCase::kLower;
    if (name == "upper") return LetterCase::kUpper;
    if (name == "none") return LetterCase::kNone;
    return wrong("the property 'case' must be lower, upper or none");
  }
  Result<std::string> locale() {
    std::string name = TRY(text("locale"));
    if (name.empty() || name.size() > 100) return wrong("the property 'locale' must name a locale");
    return name;
  }

  Slice given() const { return given_; }
  Builder& to() { return to_; }
  value::Buffer take() {
    to_.close();
    return to_.take();
  }

 private:
  Slice given_;
  Builder to_;
};

struct Made {
  AnalyzerPtr analyzer;
  value::Buffer properties;
  bool is_geo = false;
};
Result<Made> make(std::string_view type, Slice properties, size_t depth);

// Geo analyzers have no terms: searches ask the shapes themselves.
class NoTerms : public Analyzer {
 public:
  void analyze(std::string_view, std::vector<Term>&) const override {}
};

Result<AnalyzerPtr> read_identity(Properties&, size_t) {
  return AnalyzerPtr(AnalyzerPtr(), built_in_analyzer("identity"));
}

Result<AnalyzerPtr> read_delimiter(Properties& from, size_t) { return make_delimiter(TRY(from.text("delimiter"))); }

Result<AnalyzerPtr> read_multi_delimiter(Properties& from, size_t) {
  auto delimiters = TRY(from.texts("delimiters", true));
  for (size_t i = 0; i < delimiters.size(); ++i) {
    if (delimiters[i].empty()) return wrong("a delimiter must not be empty");
    for (size_t j = 0; j < delimiters.size(); ++j) {
      if (i != j && delimiters[j].starts_with(delimiters[i])) return wrong("no delimiter may begin with another one");
    }
  }
  return make_multi_delimiter(std::move(delimiters));
}

Result<AnalyzerPtr> read_stem(Properties& from, size_t) { return make_stem(TRY(from.locale())); }

Result<AnalyzerPtr> read_norm(Properties& from, size_t) {
  std::string locale = TRY(from.locale());
  LetterCase letter_case = TRY(from.letter_case("none"));
  return make_norm(std::move(locale), letter_case, TRY(from.flag_or("accent", true)));
}

Result<AnalyzerPtr> read_ngram(Properties& from, size_t) {
  NgramOptions options;
  options.min = TRY(from.count("min", 1));
  options.max = TRY(from.count("max", 1));
  if (options.min > options.max) return wrong("'min' must not be above 'max'");
  if (!from.given().get("preserveOriginal").is_bool())
    return wrong("the property 'preserveOriginal' must be a boolean");
  options.keeps_original = TRY(from.flag_or("preserveOriginal", false));
  std::string stream = TRY(from.text_or("streamType", "binary"));
  if (stream != "binary" && stream != "utf8") return wrong("the property 'streamType' must be binary or utf8");
  options.is_utf8 = stream == "utf8";
  options.start_marker = TRY(from.text_or("startMarker", ""));
  options.end_marker = TRY(from.text_or("endMarker", ""));
  return make_ngram(std::move(options));
}

Result<AnalyzerPtr> read_text(Properties& from, size_t) {
  TextOptions options;
  options.locale = TRY(from.locale());
  options.letter_case = TRY(from.letter_case("lower"));
  options.keeps_accents = TRY(from.flag_or("accent", false));
  options.stems = TRY(from.flag_or("stemming", true));
  for (std::string& word : TRY(from.texts("stopwords", false))) options.stop_words.insert(std::move(word));
  if (!from.given().get("stopwordsPath").is_none()) {
    return wrong("stop words are not read from files here: list them in 'stopwords'");
  }
  Slice edge = from.given().get("edgeNgram");
  if (edge.is_none()) return std::make_shared<TextAnalyzer>(std::move(options));
  if (!edge.is_object()) return wrong("the property 'edgeNgram' must be an object");
  Properties inner(edge);
  TextOptions::EdgeNgrams ngrams;
  if (!edge.get("min").is_none()) ngrams.min = TRY(inner.count("min", 1));
  if (!edge.get("max").is_none()) ngrams.max = TRY(inner.count("max", 1));
  if (ngrams.max != 0 && ngrams.min > ngrams.max) return wrong("'min' must not be above 'max'");
  ngrams.keeps_original = TRY(inner.flag_or("preserveOriginal", false));
  options.edge_ngrams = ngrams;
  from.to().add("edgeNgram", inner.take().slice());
  return std::make_shared<TextAnalyzer>(std::move(options));
}

Result<AnalyzerPtr> read_collation(Properties& from, size_t) { return make_collation(TRY(from.locale())); }

Result<AnalyzerPtr> read_segmentation(Properties& from, size_t) {
  std::string where = TRY(from.text_or("break", "alpha"));
  LetterCase letter_case = TRY(from.letter_case("lower"));
  if (where == "all") return make_segmentation(Break::kAll, letter_case);
  if (where == "alpha") return make_segmentation(Break::kAlpha, letter_case);
  if (where == "graphic") return make_segmentation(Break::kGraphic, letter_case);
  return wrong("the property 'break' must be all, alpha or graphic");
}

std::optional<std::string> from_hexadecimal(std::string_view digits) {
  std::string bytes;
  if (digits.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < digits.size(); i += 2) {
    int value = 0;
    for (char c : digits.substr(i, 2)) {
      if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
      value = value * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    bytes += char(value);
  }
  return bytes;
}

Result<AnalyzerPtr> read_stop_words(Properties& from, size_t) {
  std::unordered_set<std::string> words;
  auto given = TRY(from.texts("stopwords", true));
  bool is_hexadecimal = TRY(from.flag_or("hex", false));
  for (std::string& word : given) {
    auto bytes = is_hexadecimal ? from_hexadecimal(word) : std::optional(std::move(word));
    if (!bytes) return wrong("a stop word is no sequence of hexadecimal bytes");
    words.insert(*std::move(bytes));
  }
  return make_stop_words(std::move(words));
}

Result<AnalyzerPtr> read_pipeline(Properties& from, size_t depth) {
  Slice stages = from.given().get("pipeline");
  if (!stages.is_array() || stages.size() == 0 || stages.size() > kMostStages) {
    return wrong("the property 'pipeline' must be an array of analyzers");
  }
  if (depth >= kDeepestPipeline) return wrong("too many pipelines inside one another");
  std::vector<AnalyzerPtr> made;
  from.to().key("pipeline");
  from.to().open_array();
  for (value::ArrayIterator item(stages); item.valid(); item.next()) {
    Slice type = item.value().get("type");
    if (!type.is_string()) return wrong("each analyzer of a pipeline needs its 'type'");
    Made stage = TRY(make(type.as_string(), item.value().get("properties"), depth + 1));
    if (stage.is_geo) return wrong("a pipeline holds no geo analyzers");
    from.to().open_object();
    from.to().add("type", type);
    from.to().add("properties", stage.properties.slice());
    from.to().close();
    made.push_back(std::move(stage.analyzer));
  }
  from.to().close();
  return make_pipeline(std::move(made));
}

Result<AnalyzerPtr> read_geo(Properties& from, size_t) {
  for (value::ObjectIterator property(from.given()); property.valid(); property.next()) {
    from.to().add(property.name(), property.value());
  }
  return std::make_shared<NoTerms>();
}

struct Type {
  std::string_view name;
  Result<AnalyzerPtr> (*make)(Properties& from, size_t depth);  // null: known, but not built
  bool is_geo = false;
};
constexpr Type kTypes[] = {{"identity", read_identity},
                           {"delimiter", read_delimiter},
                           {"multi_delimiter", read_multi_delimiter},
                           {"stem", read_stem},
                           {"norm", read_norm},
                           {"ngram", read_ngram},
                           {"text", read_text},
                           {"collation", read_collation},
                           {"segmentation", read_segmentation},
                           {"stopwords", read_stop_words},
                           {"pipeline", read_pipeline},
                           {"geojson", read_geo, true},
                           {"geopoint", read_geo, true},
                           {"geo_s2", read_geo, true},
                           {"aql", nullptr},
                           {"classification", nullptr},
                           {"minhash", nullptr},
                           {"nearest_neighbors", nullptr},
                           {"wildcard", nullptr}};

Result<Made> make(std::string_view type, Slice properties, size_t depth) {
  auto found = std::ranges::find(kTypes, type, &Type::name);
  if (found == std::end(kTypes)) return wrong(fmt::format("there is no type '{}'", type));
  if (found->make == nullptr) {
    return Error(ErrorCode::kNotImplemented,
                 fmt::format("analyzers of the type '{}' are not built into this server", type));
  }
  if (!properties.is_null() && !properties.is_object()) return wrong("'properties' must be an object");
  Properties from(properties.is_object() ? properties : Slice::empty_object());
  auto analyzer = TRY(found->make(from, depth));
  return Made{std::move(analyzer), from.take(), found->is_geo};
}

Result<Features> parse_features(Slice given) {
  Features features;
  if (given.is_null()) return features;
  if (!given.is_array()) return wrong("'features' must be an array");
  for (value::ArrayIterator item(given); item.valid(); item.next()) {
    std::string_view name = item.value().is_string() ? item.value().as_string() : "";
    if (name == "frequency") {
      features.frequency = true;
    } else if (name == "norm") {
      features.norm = true;
    } else if (name == "position") {
      features.position = true;
    } else if (name == "offset") {
      features.offset = true;
    } else {
      return wrong("features are frequency, norm, position and offset");
    }
  }
  if (features.offset && !features.position) return wrong("the feature offset needs position and frequency");
  if (features.position && !features.frequency) return wrong("the feature position needs frequency");
  return features;
}

DefinitionPtr describe(const Analyzer& analyzer) {
  Definition result;
  result.name = analyzer.name();
  bool is_text = result.name.starts_with("text_");
  result.type = is_text ? "text" : "identity";
  Builder properties;
  properties.open_object();
  if (is_text) {
    properties.add("locale", result.name.substr(5));
    properties.add("case", "lower");
    properties.add("stopwords", Slice::empty_array());
    properties.add("accent", false);
    properties.add("stemming", true);
  }
  properties.close();
  result.properties = properties.take();
  result.features = {true, true, is_text, false};
  result.analyzer = AnalyzerPtr(AnalyzerPtr(), &analyzer);
  return std::make_shared<const Definition>(std::move(result));
}

}  // namespace

bool is_valid_analyzer_name(std::string_view name) {
  if (name.empty() || name.size() > 254 || !std::isalpha(static_cast<unsigned char>(name[0]))) return false;
  return std::ranges::all_of(name, [](char c) {
    return (static_cast<unsigned char>(c) < 128 && std::isalnum(static_cast<unsigned char>(c))) || c == '_' || c == '-';
  });
}

Result<DefinitionPtr> parse_definition(Slice definition) {
  if (!definition.is_object()) return wrong("a definition is an object");
  Slice name = definition.get("name"), type = definition.get("type");
  if (!name.is_string() || !is_valid_analyzer_name(name.as_string())) {
    return wrong("a name has letters, digits, _ and -, a letter first, and at most 254 bytes");
  }
  if (!type.is_string()) return wrong("the 'type' must be a string");
  Made made = TRY(make(type.as_string(), definition.get("properties"), 0));
  Definition result;
  result.name = name.as_string();
  result.type = type.as_string();
  result.properties = std::move(made.properties);
  result.features = TRY(parse_features(definition.get("features")));
  result.is_geo = made.is_geo;
  result.analyzer = std::move(made.analyzer);
  return std::make_shared<const Definition>(std::move(result));
}

void append_definition(const Definition& definition, std::string_view prefix, Builder& to) {
  to.open_object();
  to.add("name", std::string(prefix) + definition.name);
  to.add("type", definition.type);
  to.add("properties", definition.properties.slice());
  to.key("features");
  to.open_array();
  if (definition.features.frequency) to.string("frequency");
  if (definition.features.norm) to.string("norm");
  if (definition.features.position) to.string("position");
  if (definition.features.offset) to.string("offset");
  to.close();
  to.close();
}

std::span<const DefinitionPtr> built_in_definitions() {
  static const std::vector<DefinitionPtr> all = [] {
    std::vector<DefinitionPtr> result;
    for (const Analyzer* analyzer : built_in_analyzers()) result.push_back(describe(*analyzer));
    return result;
  }();
  return all;
}

DefinitionPtr built_in_definition(std::string_view name) {
  for (const DefinitionPtr& one : built_in_definitions()) {
    if (one->name == name) return one;
  }
  return nullptr;
}

}  // namespace workerdb::search::analysis
