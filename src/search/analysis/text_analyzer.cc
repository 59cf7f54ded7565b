#include "search/analysis/text_analyzer.h"

#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include <map>
#include <memory>

namespace workerdb::search::analysis {
namespace {

icu::BreakIterator* boundaries_of(const std::string& locale) {
  static thread_local std::map<std::string, std::unique_ptr<icu::BreakIterator>> all;
  constexpr size_t kMostLocales = 64;
  auto found = all.find(locale);
  if (found != all.end()) return found->second.get();
  if (all.size() >= kMostLocales) all.clear();
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::BreakIterator> made(icu::BreakIterator::createWordInstance(icu::Locale(locale.c_str()), status));
  if (U_FAILURE(status)) made = nullptr;
  return all.emplace(locale, std::move(made)).first->second.get();
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

}  // namespace

std::string_view bounded(std::string_view text) {
  if (text.size() <= kLargestTextBytes) return text;
  size_t end = kLargestTextBytes;
  while (end > 0 && !starts_character(text[end])) --end;
  return text.substr(0, end);
}

void walk_words(std::string_view text, const std::string& locale, const VisitPiece& visit) {
  text = bounded(text);
  icu::BreakIterator* words = boundaries_of(locale);
  if (words == nullptr) return;
  UErrorCode status = U_ZERO_ERROR;
  // Boundaries come as bytes of the UTF-8 text.
  UText* bytes = utext_openUTF8(nullptr, text.data(), int64_t(text.size()), &status);
  if (U_FAILURE(status)) return;
  words->setText(bytes, status);
  int32_t start = words->first();
  for (int32_t end = words->next(); U_SUCCESS(status) && end != icu::BreakIterator::DONE;
       start = end, end = words->next()) {
    visit(uint32_t(start), uint32_t(end), words->getRuleStatus());
  }
  utext_close(bytes);
}

TextAnalyzer::TextAnalyzer(TextOptions options, std::string name)
    : options_(std::move(options)), name_(std::move(name)), language_(language_of(options_.locale)) {}

void TextAnalyzer::analyze(std::string_view text, std::vector<Term>& to) const {
  uint32_t position = 0;
  walk_words(text, language_, [&](uint32_t start, uint32_t end, int status) {
    if (status < UBRK_WORD_NONE_LIMIT) return;  // spaces and punctuation
    std::string word =
        normalized(text.substr(start, end - start), language_, options_.letter_case, options_.keeps_accents);
    if (options_.stop_words.contains(word)) return;
    if (options_.stems) stem(language_, word);
    if (!word.empty()) add(std::move(word), start, end, position++, to);
  });
}

void TextAnalyzer::add(std::string word, uint32_t start, uint32_t end, uint32_t position, std::vector<Term>& to) const {
  if (!options_.edge_ngrams) {
    to.push_back({std::move(word), start, end, position});
    return;
  }
  const auto& ngrams = *options_.edge_ngrams;
  uint32_t characters = 0;
  bool has_whole = false;
  for (size_t at = 1; at <= word.size(); ++at) {
    if (at < word.size() && !starts_character(word[at])) continue;
    ++characters;
    if (characters < ngrams.min || (ngrams.max != 0 && characters > ngrams.max)) continue;
    to.push_back({word.substr(0, at), start, end, position});
    has_whole = at == word.size();
  }
  if (ngrams.keeps_original && !has_whole) to.push_back({std::move(word), start, end, position});
}

}  // namespace workerdb::search::analysis
