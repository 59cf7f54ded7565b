#include "search/analysis/analyzer.h"

#include "search/analysis/text_analyzer.h"

namespace workerdb::search::analysis {
namespace {

// The whole text is the one term.
class Identity : public Analyzer {
 public:
  std::string_view name() const override { return "identity"; }
  void analyze(std::string_view text, std::vector<Term>& to) const override {
    to.push_back({std::string(text), 0, uint32_t(text.size())});
  }
};

}  // namespace

std::span<const Analyzer* const> built_in_analyzers() {
  static const Identity identity;
  // Names, ICU's locales, Snowball's languages; Chinese words have no stems.
  static const TextAnalyzer german("text_de", "de", "german"), english("text_en", "en", "english"),
      spanish("text_es", "es", "spanish"), finnish("text_fi", "fi", "finnish"),
      french("text_fr", "fr", "french"), italian("text_it", "it", "italian"), dutch("text_nl", "nl", "dutch"),
      norwegian("text_no", "no", "norwegian"), portuguese("text_pt", "pt", "portuguese"),
      russian("text_ru", "ru", "russian"), swedish("text_sv", "sv", "swedish"), chinese("text_zh", "zh", "");
  static const Analyzer* const all[] = {&identity, &german,  &english, &spanish,   &finnish,
                                        &french,   &italian, &dutch,   &norwegian, &portuguese,
                                        &russian,  &swedish, &chinese};
  return all;
}

const Analyzer* built_in_analyzer(std::string_view name) {
  for (const Analyzer* analyzer : built_in_analyzers()) {
    if (analyzer->name() == name) return analyzer;
  }
  return nullptr;
}

}  // namespace workerdb::search::analysis
