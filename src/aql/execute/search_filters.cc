// Conditions of a SEARCH on one document: logic, terms, values.
#include <map>
#include <unordered_map>

#include "aql/execute/search_run.h"

namespace workerdb::aql::execute {
namespace {

using value::Slice;

class ConstantFilter : public SearchFilter {
 public:
  explicit ConstantFilter(bool result) : result_(result) {}
  bool matches(SearchRun&) override { return result_; }

 private:
  bool result_;
};

// What does not match has no score.
class NotFilter : public SearchFilter {
 public:
  explicit NotFilter(SearchFilterPtr inside) : inside_(std::move(inside)) {}
  bool matches(SearchRun& run) override { return !inside_->matches(run); }

 private:
  SearchFilterPtr inside_;
};

class MinimumFilter : public SearchFilter {
 public:
  MinimumFilter(std::vector<SearchFilterPtr> parts, size_t least) : parts_(std::move(parts)), least_(least) {}

  bool matches(SearchRun& run) override {
    size_t found = 0, left = parts_.size();
    for (const auto& part : parts_) {
      if (found >= least_ || found + left < least_) break;
      found += part->matches(run);
      --left;
    }
    return found >= least_;
  }
  void observe(SearchRun& run) override {
    for (const auto& part : parts_) part->observe(run);
  }
  double score(SearchRun& run, const Scorer& scorer) override {
    double sum = 0;
    for (const auto& part : parts_) {
      if (part->matches(run)) sum += part->score(run, scorer);
    }
    return sum;
  }

 private:
  std::vector<SearchFilterPtr> parts_;
  size_t least_;
};

class TermFilter : public SearchFilter {
 public:
  TermFilter(SearchField& field, TermTest test, double boost) : field_(field), test_(std::move(test)), boost_(boost) {}

  bool matches(SearchRun& run) override {
    for (const auto& term : run.terms(field_)) {
      if (test_(term.text)) return true;
    }
    return false;
  }
  void observe(SearchRun& run) override {
    for (const auto& [term, frequency] : matched(run)) {
      auto [entry, is_new] = documents_.try_emplace(term, 0);
      if (is_new) run.charge.add(term.size() + 2 * sizeof(std::string));
      ++entry->second;
    }
  }
  double score(SearchRun& run, const Scorer& scorer) override {
    if (!field_.analyzer->features.frequency) return 0;
    double sum = 0, length = double(run.terms(field_).size());
    bool has_norm = field_.analyzer->features.norm;
    for (const auto& [term, frequency] : matched(run)) {
      auto known = documents_.find(term);
      search::Occurrences in{double(frequency), length, known == documents_.end() ? 0 : known->second};
      sum += std::visit(
          [&](const auto& method) {
            return method.idf(field_.statistics, in.documents) * method.weight(field_.statistics, in, has_norm);
          },
          scorer);
    }
    return boost_ * sum;
  }

 private:
  std::map<std::string, uint64_t> matched(SearchRun& run) {
    std::map<std::string, uint64_t> result;
    for (const auto& term : run.terms(field_)) {
      if (test_(term.text)) ++result[term.text];
    }
    return result;
  }

  SearchField& field_;
  TermTest test_;
  double boost_;
  std::unordered_map<std::string, uint64_t> documents_;  // that have the term
};

// Values that are no strings have no frequencies, and so no scores.
class ValueFilter : public SearchFilter {
 public:
  ValueFilter(search::Path path, bool whole_arrays, ValueTest test)
      : path_(std::move(path)), whole_arrays_(whole_arrays), test_(std::move(test)) {}
  bool matches(SearchRun& run) override {
    bool found = false;
    run.walk(path_, whole_arrays_,
             [&](Slice value, const search::FieldRule& rule) { found = found || test_(value, rule); });
    return found;
  }

 private:
  search::Path path_;
  bool whole_arrays_;
  ValueTest test_;
};

}  // namespace

SearchFilterPtr make_constant_filter(bool result) { return std::make_unique<ConstantFilter>(result); }
SearchFilterPtr make_not_filter(SearchFilterPtr inside) { return std::make_unique<NotFilter>(std::move(inside)); }
SearchFilterPtr make_minimum_filter(std::vector<SearchFilterPtr> parts, size_t least) {
  return std::make_unique<MinimumFilter>(std::move(parts), least);
}
SearchFilterPtr make_term_filter(SearchField& field, TermTest test, double boost) {
  return std::make_unique<TermFilter>(field, std::move(test), boost);
}
SearchFilterPtr make_value_filter(search::Path path, bool whole_arrays, ValueTest test) {
  return std::make_unique<ValueFilter>(std::move(path), whole_arrays, std::move(test));
}

}  // namespace workerdb::aql::execute
