#pragma once
// Words of natural language: split at ICU's word boundaries, accents, letter case, stop words, Snowball's stems, in
// this order.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "search/analysis/analyzer.h"
#include "search/analysis/words.h"

namespace workerdb::search::analysis {

struct TextOptions {
  std::string locale;
  LetterCase letter_case = LetterCase::kLower;
  bool keeps_accents = false, stems = true;
  std::unordered_set<std::string> stop_words;
  struct EdgeNgrams {
    uint32_t min = 0, max = 0;  // characters; 0: no bound
    bool keeps_original = false;
  };
  std::optional<EdgeNgrams> edge_ngrams;
};

class TextAnalyzer : public Analyzer {
 public:
  explicit TextAnalyzer(TextOptions options, std::string name = {});

  std::string_view name() const override { return name_; }
  void analyze(std::string_view text, std::vector<Term>& to) const override;

 private:
  void add(std::string word, uint32_t start, uint32_t end, uint32_t position, std::vector<Term>& to) const;

  TextOptions options_;
  std::string name_, language_;
};

// Pieces between ICU's word boundaries: first byte, the byte behind the last, and ICU's status, below
// UBRK_WORD_NONE_LIMIT for what is no word. Thread-safe.
using VisitPiece = std::function<void(uint32_t start, uint32_t end, int status)>;
void walk_words(std::string_view text, const std::string& locale, const VisitPiece& visit);

// Cut at kLargestTextBytes.
std::string_view bounded(std::string_view text);

}  // namespace workerdb::search::analysis
