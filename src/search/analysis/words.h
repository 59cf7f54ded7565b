#pragma once
// What is done with one word: letter case, accents, stems. Source: the 3.12 documentation, "Analyzers", norm, stem,
// text.
#include <cstdint>
#include <string>
#include <string_view>

namespace workerdb::search::analysis {

enum class LetterCase : uint8_t { kNone, kLower, kUpper };

// The word in that case by the locale's rules, without its accents unless they are to be kept.
std::string normalized(std::string_view word, const std::string& locale, LetterCase letter_case, bool keeps_accents);

// Snowball's stem of a word in lower case; `language` is an ISO 639 code ("en"). Languages that Snowball does not know
// leave words as they are.
void stem(const std::string& language, std::string& word);

// "en" of "en_US.utf-8".
std::string language_of(std::string_view locale);

}  // namespace workerdb::search::analysis
