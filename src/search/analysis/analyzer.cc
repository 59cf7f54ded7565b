#include "search/analysis/analyzer.h"

#include "search/analysis/text_analyzer.h"

namespace workerdb::search::analysis {
namespace {

// The whole text is the one term.
class Identity : public Analyzer {
 public:
  std::string_view name() const override { return "identity"; }
  void analyze(std::string_view text, std::vector<Term>& to) const override {
    to.push_back({std::string(text), 0, uint32_t(text.size()), 0});
  }
};

TextAnalyzer of_language(const char* language, bool stems = true) {
  TextOptions options;
  options.locale = language;
  options.stems = stems;
  return TextAnalyzer(std::move(options), std::string("text_") + language);
}

}  // namespace

std::span<const Analyzer* const> built_in_analyzers() {
  static const Identity identity;
  static const TextAnalyzer german = of_language("de"), english = of_language("en"), spanish = of_language("es"),
                            finnish = of_language("fi"), french = of_language("fr"), italian = of_language("it"),
                            dutch = of_language("nl"), norwegian = of_language("no"), portuguese = of_language("pt"),
                            russian = of_language("ru"), swedish = of_language("sv"),
                            chinese = of_language("zh", false);  // Chinese words have no stems
  static const Analyzer* const all[] = {&identity, &german,    &english,    &spanish, &finnish, &french, &italian,
                                        &dutch,    &norwegian, &portuguese, &russian, &swedish, &chinese};
  return all;
}

const Analyzer* built_in_analyzer(std::string_view name) {
  for (const Analyzer* analyzer : built_in_analyzers()) {
    if (analyzer->name() == name) return analyzer;
  }
  return nullptr;
}

}  // namespace workerdb::search::analysis
