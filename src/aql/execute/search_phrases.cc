// Conditions of a SEARCH that look at the order of terms.
#include <algorithm>

#include "aql/execute/search_run.h"

namespace workerdb::aql::execute {
namespace {

using search::analysis::Term;

constexpr uint64_t kLargestTable = 16 << 20;  // pairs of terms that NGRAM_MATCH compares in one document

class PhraseFilter : public SearchFilter {
 public:
  PhraseFilter(SearchField& field, std::vector<PhrasePart> parts, double boost)
      : field_(field), parts_(std::move(parts)), documents_(parts_.size(), 0), boost_(boost) {}

  bool matches(SearchRun& run) override { return count(run, true) > 0; }
  void observe(SearchRun& run) override {
    for (size_t i = 0; i < parts_.size(); ++i) {
      documents_[i] +=
          std::ranges::any_of(run.terms(field_), [&](const Term& term) { return parts_[i].test(term.text); });
    }
  }
  // The phrase counts as one term that is as rare as its parts are together.
  double score(SearchRun& run, const Scorer& scorer) override {
    search::Occurrences in{double(count(run, false)), double(run.terms(field_).size()), 0};
    if (!field_.analyzer->features.frequency || in.frequency == 0) return 0;
    bool has_norm = field_.analyzer->features.norm;
    return boost_ * std::visit(
                        [&](const auto& method) {
                          double idf = 0;
                          for (uint64_t documents : documents_) idf += method.idf(field_.statistics, documents);
                          return idf * method.weight(field_.statistics, in, has_norm);
                        },
                        scorer);
  }

 private:
  uint64_t count(SearchRun& run, bool only_one) {
    const std::vector<Term>& terms = run.terms(field_);
    uint64_t found = 0;
    for (const Term& first : terms) {
      if (run.runtime.interrupt.tick()) return 0;
      if (!parts_[0].test(first.text)) continue;
      bool all = std::all_of(parts_.begin() + 1, parts_.end(), [&](const PhrasePart& part) {
        return has_at(terms, int64_t(first.position) - parts_[0].offset + part.offset, part.test);
      });
      found += all;
      if (found > 0 && only_one) return found;
    }
    return found;
  }
  static bool has_at(const std::vector<Term>& terms, int64_t position, const TermTest& test) {
    if (position < 0) return false;
    auto at = std::lower_bound(terms.begin(), terms.end(), position,
                               [](const Term& term, int64_t wanted) { return int64_t(term.position) < wanted; });
    for (; at != terms.end() && int64_t(at->position) == position; ++at) {
      if (test(at->text)) return true;
    }
    return false;
  }

  SearchField& field_;
  std::vector<PhrasePart> parts_;
  std::vector<uint64_t> documents_;  // that have each part's terms
  double boost_;
};

class NgramFilter : public SearchFilter {
 public:
  NgramFilter(SearchField& field, std::vector<std::string> target, double threshold, double boost)
      : field_(field),
        target_(std::move(target)),
        threshold_(threshold),
        boost_(boost),
        documents_(target_.size(), 0) {}

  bool matches(SearchRun& run) override {
    return !target_.empty() && double(longest_sequence(run)) / double(target_.size()) >= threshold_;
  }
  void observe(SearchRun& run) override {
    for (size_t i = 0; i < target_.size(); ++i) documents_[i] += frequency(run, i) > 0;
  }
  double score(SearchRun& run, const Scorer& scorer) override {
    double sum = 0, length = double(run.terms(field_).size());
    bool has_norm = field_.analyzer->features.norm;
    for (size_t i = 0; i < target_.size(); ++i) {
      search::Occurrences in{double(frequency(run, i)), length, documents_[i]};
      if (in.frequency == 0) continue;
      sum += std::visit(
          [&](const auto& method) {
            return method.idf(field_.statistics, in.documents) * method.weight(field_.statistics, in, has_norm);
          },
          scorer);
    }
    return boost_ * sum;
  }

 private:
  uint64_t frequency(SearchRun& run, size_t which) {
    return uint64_t(std::ranges::count(run.terms(field_), target_[which], &Term::text));
  }
  uint64_t longest_sequence(SearchRun& run) {
    const std::vector<Term>& terms = run.terms(field_);
    if (uint64_t(terms.size()) * target_.size() > kLargestTable) return 0;
    std::vector<uint32_t> row(target_.size() + 1), above(target_.size() + 1);
    for (const Term& term : terms) {
      if (run.runtime.interrupt.tick()) return 0;
      std::swap(row, above);
      for (size_t i = 0; i < target_.size(); ++i) {
        row[i + 1] = term.text == target_[i] ? above[i] + 1 : std::max(row[i], above[i + 1]);
      }
    }
    return row.back();
  }

  SearchField& field_;
  std::vector<std::string> target_;
  double threshold_, boost_;
  std::vector<uint64_t> documents_;
};

}  // namespace

SearchFilterPtr make_phrase_filter(SearchField& field, std::vector<PhrasePart> parts, double boost) {
  return std::make_unique<PhraseFilter>(field, std::move(parts), boost);
}
SearchFilterPtr make_ngram_filter(SearchField& field, std::vector<std::string> target, double threshold, double boost) {
  return std::make_unique<NgramFilter>(field, std::move(target), threshold, boost);
}

}  // namespace workerdb::aql::execute
