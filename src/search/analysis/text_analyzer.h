#pragma once
// Words of natural language: split at ICU's word boundaries, without accents, in lower case, stemmed by
// Snowball.
#include <string>
#include <string_view>
#include <vector>

#include "search/analysis/analyzer.h"

namespace workerdb::search::analysis {

class TextAnalyzer : public Analyzer {
 public:
  // `stemmer` is Snowball's name of the language, empty for none. All are literals.
  TextAnalyzer(const char* name, const char* locale, const char* stemmer)
      : name_(name), locale_(locale), stemmer_(stemmer) {}

  std::string_view name() const override { return name_; }
  void analyze(std::string_view text, std::vector<Term>& to) const override;

 private:
  const char* name_;
  const char* locale_;
  const char* stemmer_;
};

}  // namespace workerdb::search::analysis
