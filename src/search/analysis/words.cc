#include "search/analysis/words.h"

#include <libstemmer.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <map>
#include <memory>

namespace workerdb::search::analysis {
namespace {

bool is_ascii(std::string_view word) {
  for (char c : word) {
    if ((c & 0x80) != 0) return false;
  }
  return true;
}

// Turkish and its relatives have letters of ASCII whose case is not ASCII's.
bool has_plain_case(const std::string& locale) {
  std::string language = language_of(locale);
  return language != "tr" && language != "az" && language != "lt";
}

char in_case(char c, LetterCase letter_case) {
  if (letter_case == LetterCase::kLower && c >= 'A' && c <= 'Z') return char(c + 32);
  if (letter_case == LetterCase::kUpper && c >= 'a' && c <= 'z') return char(c - 32);
  return c;
}

void remove_accents(icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* decomposed = icu::Normalizer2::getNFDInstance(status);
  const icu::Normalizer2* composed = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return;
  icu::UnicodeString parts = decomposed->normalize(text, status), bare;
  for (int32_t at = 0; at < parts.length(); at = parts.moveIndex32(at, 1)) {
    UChar32 character = parts.char32At(at);
    if (u_charType(character) != U_NON_SPACING_MARK) bare.append(character);
  }
  text = composed->normalize(bare, status);
}

}  // namespace

std::string language_of(std::string_view locale) { return std::string(locale.substr(0, locale.find_first_of("_-.@"))); }

std::string normalized(std::string_view word, const std::string& locale, LetterCase letter_case, bool keeps_accents) {
  std::string result;
  if (is_ascii(word) && has_plain_case(locale)) {
    for (char c : word) result += in_case(c, letter_case);
    return result;
  }
  icu::UnicodeString text = icu::UnicodeString::fromUTF8(icu::StringPiece(word.data(), int32_t(word.size())));
  icu::Locale rules(language_of(locale).c_str());
  if (!keeps_accents) remove_accents(text);
  if (letter_case == LetterCase::kLower) text.toLower(rules);
  if (letter_case == LetterCase::kUpper) text.toUpper(rules);
  text.toUTF8String(result);
  return result;
}

void stem(const std::string& language, std::string& word) {
  using Stemmer = std::unique_ptr<sb_stemmer, void (*)(sb_stemmer*)>;
  static thread_local std::map<std::string, Stemmer> all;  // a stemmer is not for two threads
  constexpr size_t kMostLanguages = 64;                    // locales are users' text
  auto found = all.find(language);
  if (found == all.end()) {
    if (all.size() >= kMostLanguages) all.clear();
    found = all.emplace(language, Stemmer(sb_stemmer_new(language.c_str(), "UTF_8"), sb_stemmer_delete)).first;
  }
  if (found->second == nullptr) return;
  const sb_symbol* stemmed =
      sb_stemmer_stem(found->second.get(), reinterpret_cast<const sb_symbol*>(word.data()), int(word.size()));
  if (stemmed == nullptr) return;
  word.assign(reinterpret_cast<const char*>(stemmed), size_t(sb_stemmer_length(found->second.get())));
}

}  // namespace workerdb::search::analysis
