#include "search/analysis/text_analyzer.h"

#include <libstemmer.h>
#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>

#include <map>
#include <memory>

namespace workerdb::search::analysis {
namespace {

constexpr size_t kLongestText = size_t(64) << 20;

// What one thread needs for one language.
struct Tools {
  std::unique_ptr<icu::BreakIterator> words;
  std::unique_ptr<sb_stemmer, void (*)(sb_stemmer*)> stemmer{nullptr, sb_stemmer_delete};
};

Tools& tools_of(const char* locale, const char* stemmer) {
  static thread_local std::map<std::string_view, Tools> all;
  auto [entry, is_new] = all.try_emplace(locale);
  if (is_new) {
    UErrorCode status = U_ZERO_ERROR;
    entry->second.words.reset(icu::BreakIterator::createWordInstance(icu::Locale(locale), status));
    if (U_FAILURE(status)) entry->second.words.reset();
    if (*stemmer != '\0') entry->second.stemmer.reset(sb_stemmer_new(stemmer, "UTF_8"));
  }
  return entry->second;
}

bool is_ascii_word(std::string_view word) {
  for (char c : word) {
    if ((c & 0x80) != 0) return false;
  }
  return true;
}

// Without accents and in lower case.
std::string folded(std::string_view word, const icu::Locale& locale) {
  std::string result;
  if (is_ascii_word(word)) {
    for (char c : word) result += c >= 'A' && c <= 'Z' ? char(c + 32) : c;
    return result;
  }
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString text = icu::UnicodeString::fromUTF8(icu::StringPiece(word.data(), int32_t(word.size())));
  const icu::Normalizer2* decomposed = icu::Normalizer2::getNFDInstance(status);
  const icu::Normalizer2* composed = icu::Normalizer2::getNFCInstance(status);
  if (U_SUCCESS(status)) {
    icu::UnicodeString parts = decomposed->normalize(text, status), bare;
    for (int32_t at = 0; at < parts.length(); at = parts.moveIndex32(at, 1)) {
      UChar32 character = parts.char32At(at);
      if (u_charType(character) != U_NON_SPACING_MARK) bare.append(character);
    }
    text = composed->normalize(bare, status);
  }
  text.toLower(locale).toUTF8String(result);
  return result;
}

void stem(sb_stemmer* stemmer, std::string& word) {
  if (stemmer == nullptr) return;
  const sb_symbol* stemmed =
      sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(word.data()), int(word.size()));
  if (stemmed == nullptr) return;
  word = std::string(reinterpret_cast<const char*>(stemmed), size_t(sb_stemmer_length(stemmer)));
}

}  // namespace

void TextAnalyzer::analyze(std::string_view text, std::vector<Term>& to) const {
  if (text.size() > kLongestText) {
    size_t end = kLongestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end);
  }
  Tools& tools = tools_of(locale_, stemmer_);
  if (tools.words == nullptr) return;
  icu::Locale locale(locale_);
  UErrorCode status = U_ZERO_ERROR;
  // Boundaries come as bytes of the UTF-8 text.
  UText* bytes = utext_openUTF8(nullptr, text.data(), int64_t(text.size()), &status);
  if (U_FAILURE(status)) return;
  tools.words->setText(bytes, status);
  int32_t start = tools.words->first();
  for (int32_t end = tools.words->next(); U_SUCCESS(status) && end != icu::BreakIterator::DONE;
       start = end, end = tools.words->next()) {
    // Spaces and punctuation are pieces of their own without a status.
    if (tools.words->getRuleStatus() < UBRK_WORD_NONE_LIMIT) continue;
    std::string word = folded(text.substr(size_t(start), size_t(end - start)), locale);
    stem(tools.stemmer.get(), word);
    if (!word.empty()) to.push_back({std::move(word), uint32_t(start), uint32_t(end)});
  }
  utext_close(bytes);
}

}  // namespace workerdb::search::analysis
