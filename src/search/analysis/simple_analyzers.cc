#include "search/analysis/simple_analyzers.h"

#include <unicode/brkiter.h>
#include <unicode/coll.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "search/analysis/text_analyzer.h"

namespace workerdb::search::analysis {
namespace {

class Delimiter : public Analyzer {
 public:
  explicit Delimiter(std::string delimiter) : delimiter_(std::move(delimiter)) {}

  void analyze(std::string_view text, std::vector<Term>& to) const override {
    text = bounded(text);
    size_t start = 0;
    for (uint32_t position = 0; start <= text.size(); ++position) {
      std::string term;
      size_t end = start;
      if (end < text.size() && text[end] == '"') {
        end = unquoted(text, end + 1, term);
        end = std::min(text.find(delimiter_, end), text.size());
      } else {
        end = delimiter_.empty() ? text.size() : std::min(text.find(delimiter_, start), text.size());
        term = text.substr(start, end - start);
      }
      to.push_back({std::move(term), uint32_t(start), uint32_t(end), position});
      if (end == text.size()) return;
      start = end + delimiter_.size();
    }
  }

 private:
  // Behind the closing quote.
  static size_t unquoted(std::string_view text, size_t at, std::string& term) {
    for (; at < text.size(); ++at) {
      if (text[at] != '"') {
        term += text[at];
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        term += text[at++];
      } else {
        return at + 1;
      }
    }
    return at;
  }

  std::string delimiter_;
};

class MultiDelimiter : public Analyzer {
 public:
  explicit MultiDelimiter(std::vector<std::string> delimiters) : delimiters_(std::move(delimiters)) {}

  void analyze(std::string_view text, std::vector<Term>& to) const override {
    text = bounded(text);
    size_t start = 0;
    uint32_t position = 0;
    auto add = [&](size_t end) {
      if (end > start)
        to.push_back({std::string(text.substr(start, end - start)), uint32_t(start), uint32_t(end), position++});
    };
    for (size_t at = 0; at < text.size();) {
      auto found = std::ranges::find_if(delimiters_, [&](const auto& one) { return text.substr(at).starts_with(one); });
      if (found == delimiters_.end()) {
        ++at;
        continue;
      }
      add(at);
      start = at += found->size();
    }
    add(text.size());
  }

 private:
  std::vector<std::string> delimiters_;
};

class Stem : public Analyzer {
 public:
  explicit Stem(std::string locale) : language_(language_of(locale)) {}
  void analyze(std::string_view text, std::vector<Term>& to) const override {
    std::string word(bounded(text));
    stem(language_, word);
    to.push_back({std::move(word), 0, uint32_t(text.size()), 0});
  }

 private:
  std::string language_;
};

class Norm : public Analyzer {
 public:
  Norm(std::string locale, LetterCase letter_case, bool keeps_accents)
      : locale_(std::move(locale)), letter_case_(letter_case), keeps_accents_(keeps_accents) {}
  void analyze(std::string_view text, std::vector<Term>& to) const override {
    text = bounded(text);
    to.push_back({normalized(text, locale_, letter_case_, keeps_accents_), 0, uint32_t(text.size()), 0});
  }

 private:
  std::string locale_;
  LetterCase letter_case_;
  bool keeps_accents_;
};

class Ngram : public Analyzer {
 public:
  explicit Ngram(NgramOptions options) : options_(std::move(options)) {}

  void analyze(std::string_view text, std::vector<Term>& to) const override {
    text = bounded(text);
    std::vector<uint32_t> starts;  // of characters, and the end
    for (size_t at = 0; at < text.size(); ++at) {
      if (!options_.is_utf8 || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) starts.push_back(uint32_t(at));
    }
    size_t count = starts.size();
    starts.push_back(uint32_t(text.size()));
    bool has_whole = false;
    for (size_t first = 0; first < count; ++first) {
      for (size_t length = options_.min; length <= options_.max && first + length <= count; ++length) {
        add(text, starts, first, first + length, to);
        has_whole = has_whole || length == count;
      }
      if (first == 0 && options_.keeps_original && !has_whole) add_original(text, starts, to);
    }
  }

 private:
  void add(std::string_view text, const std::vector<uint32_t>& starts, size_t first, size_t last,
           std::vector<Term>& to) const {
    std::string term(text.substr(starts[first], starts[last] - starts[first]));
    bool is_begin = first == 0 && !options_.start_marker.empty();
    bool is_end = last + 1 == starts.size() && !options_.end_marker.empty();
    auto put = [&](std::string marked) {
      to.push_back({std::move(marked), starts[first], starts[last], uint32_t(first)});
    };
    if (is_begin) put(options_.start_marker + term);
    if (is_end) put(term + options_.end_marker);
    if (!is_begin && !is_end) put(std::move(term));
  }
  void add_original(std::string_view text, const std::vector<uint32_t>& starts, std::vector<Term>& to) const {
    add(text, starts, 0, starts.size() - 1, to);
  }

  NgramOptions options_;
};

class Collation : public Analyzer {
 public:
  explicit Collation(std::string locale) : locale_(std::move(locale)) {
    UErrorCode status = U_ZERO_ERROR;
    collator_.reset(icu::Collator::createInstance(icu::Locale(locale_.c_str()), status));
    if (U_FAILURE(status)) collator_ = nullptr;
  }
  void analyze(std::string_view text, std::vector<Term>& to) const override {
    text = bounded(text);
    if (collator_ == nullptr) return;
    icu::UnicodeString characters = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
    std::vector<uint8_t> key(size_t(collator_->getSortKey(characters, nullptr, 0)));
    collator_->getSortKey(characters, key.data(), int32_t(key.size()));
    constexpr char kDigits[] = "0123456789abcdef";
    std::string term;
    for (uint8_t byte : key) term += kDigits[byte >> 4], term += kDigits[byte & 15];
    to.push_back({std::move(term), 0, uint32_t(text.size()), 0});
  }

 private:
  std::string locale_;
  std::unique_ptr<icu::Collator> collator_;  // its const calls are safe for threads
};

class Segmentation : public Analyzer {
 public:
  Segmentation(Break where, LetterCase letter_case) : break_(where), letter_case_(letter_case) {}

  void analyze(std::string_view text, std::vector<Term>& to) const override {
    uint32_t position = 0;
    walk_words(text, "en", [&](uint32_t start, uint32_t end, int status) {
      std::string_view piece = text.substr(start, end - start);
      if (break_ == Break::kAlpha && status < UBRK_WORD_NONE_LIMIT) return;
      if (break_ == Break::kGraphic && !has_graphic(piece)) return;
      to.push_back({normalized(piece, "en", letter_case_, true), start, end, position++});
    });
  }

 private:
  static bool has_graphic(std::string_view piece) {
    for (int32_t at = 0, end = int32_t(piece.size()); at < end;) {
      UChar32 character = 0;
      U8_NEXT(piece.data(), at, end, character);
      if (character >= 0 && !u_isUWhiteSpace(character)) return true;
    }
    return false;
  }

  Break break_;
  LetterCase letter_case_;
};

class StopWords : public Analyzer {
 public:
  explicit StopWords(std::unordered_set<std::string> words) : words_(std::move(words)) {}
  void analyze(std::string_view text, std::vector<Term>& to) const override {
    std::string term(bounded(text));
    if (!words_.contains(term)) to.push_back({std::move(term), 0, uint32_t(text.size()), 0});
  }

 private:
  std::unordered_set<std::string> words_;
};

class Pipeline : public Analyzer {
 public:
  explicit Pipeline(std::vector<AnalyzerPtr> stages) : stages_(std::move(stages)) {}

  void analyze(std::string_view text, std::vector<Term>& to) const override {
    std::vector<Term> now, made, next;
    if (stages_.empty()) return;
    stages_[0]->analyze(text, now);
    for (size_t i = 1; i < stages_.size(); ++i) {
      uint32_t position = 0, before = UINT32_MAX;
      next.clear();
      for (const Term& term : now) {
        made.clear();
        stages_[i]->analyze(term.text, made);
        // Terms that stood at one position stay together; those that one term became follow one another.
        if (term.position != before && before != UINT32_MAX && !next.empty()) position = next.back().position + 1;
        before = term.position;
        for (Term& one : made) {
          bool is_same = one.text.size() == term.text.size() && made.size() == 1;
          uint32_t start = is_same ? term.start_bytes
                                   : term.start_bytes + std::min(one.start_bytes, term.end_bytes - term.start_bytes);
          uint32_t end = made.size() == 1 ? term.end_bytes : std::min(term.start_bytes + one.end_bytes, term.end_bytes);
          next.push_back({std::move(one.text), std::min(start, end), end, position + one.position});
        }
      }
      now.swap(next);
    }
    for (Term& term : now) to.push_back(std::move(term));
  }

 private:
  std::vector<AnalyzerPtr> stages_;
};

}  // namespace

AnalyzerPtr make_delimiter(std::string delimiter) { return std::make_shared<Delimiter>(std::move(delimiter)); }
AnalyzerPtr make_multi_delimiter(std::vector<std::string> delimiters) {
  return std::make_shared<MultiDelimiter>(std::move(delimiters));
}
AnalyzerPtr make_stem(std::string locale) { return std::make_shared<Stem>(std::move(locale)); }
AnalyzerPtr make_norm(std::string locale, LetterCase letter_case, bool keeps_accents) {
  return std::make_shared<Norm>(std::move(locale), letter_case, keeps_accents);
}
AnalyzerPtr make_ngram(NgramOptions options) { return std::make_shared<Ngram>(std::move(options)); }
AnalyzerPtr make_collation(std::string locale) { return std::make_shared<Collation>(std::move(locale)); }
AnalyzerPtr make_segmentation(Break where, LetterCase letter_case) {
  return std::make_shared<Segmentation>(where, letter_case);
}
AnalyzerPtr make_stop_words(std::unordered_set<std::string> words) {
  return std::make_shared<StopWords>(std::move(words));
}
AnalyzerPtr make_pipeline(std::vector<AnalyzerPtr> stages) { return std::make_shared<Pipeline>(std::move(stages)); }

}  // namespace workerdb::search::analysis
