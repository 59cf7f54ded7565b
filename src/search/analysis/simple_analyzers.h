#pragma once
// Analyzers without a language of their own. Source: the 3.12 documentation, "Transforming data with Analyzers".
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "search/analysis/analyzer.h"
#include "search/analysis/words.h"

namespace workerdb::search::analysis {

using AnalyzerPtr = std::shared_ptr<const Analyzer>;

// Splits at a delimiter; double quotes keep one inside of a term, and a doubled quote stands for one.
AnalyzerPtr make_delimiter(std::string delimiter);
// Splits at any of them, quotes mean nothing.
AnalyzerPtr make_multi_delimiter(std::vector<std::string> delimiters);
AnalyzerPtr make_stem(std::string locale);
AnalyzerPtr make_norm(std::string locale, LetterCase letter_case, bool keeps_accents);

struct NgramOptions {
  uint32_t min = 1, max = 1;
  bool keeps_original = false;
  std::string start_marker, end_marker;
  bool is_utf8 = false;
};
AnalyzerPtr make_ngram(NgramOptions options);

// ICU's collation key, as hexadecimal digits: terms are strings.
AnalyzerPtr make_collation(std::string locale);
enum class Break : uint8_t { kAll, kAlpha, kGraphic };
AnalyzerPtr make_segmentation(Break where, LetterCase letter_case);
AnalyzerPtr make_stop_words(std::unordered_set<std::string> words);
// Each one's terms are the next one's texts.
AnalyzerPtr make_pipeline(std::vector<AnalyzerPtr> stages);

}  // namespace workerdb::search::analysis
