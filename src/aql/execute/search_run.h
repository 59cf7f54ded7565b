#pragma once
// What a SEARCH looks at: the document at hand, the terms of its fields, and what is known of all documents for scores.
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "aql/execute/runtime.h"
#include "search/link.h"
#include "search/scoring.h"

namespace workerdb::aql::execute {

// A path's terms by one analyzer.
struct SearchField {
  search::Path path;
  search::DefinitionPtr analyzer;
  search::FieldStatistics statistics;         // of the documents that were observed
  std::vector<search::analysis::Term> terms;  // of the document at hand
  bool is_filled = false;
};

// One search of one execution. Not for two threads.
class SearchRun {
 public:
  explicit SearchRun(Runtime& runtime_used)
      : runtime(runtime_used), charge(runtime_used.interrupt), document_charge_(runtime_used.interrupt) {}

  // The one for this path and analyzer; lives as long as this object.
  SearchField& field(const search::Path& path, const search::DefinitionPtr& analyzer);
  // Both are borrowed until the next call.
  void set_document(value::Slice document, const search::FieldRule& link);
  // The document's terms, in the order of their positions; none where the link does not use the analyzer there.
  const std::vector<search::analysis::Term>& terms(SearchField& field);
  void walk(const search::Path& path, bool whole_arrays, const search::VisitValue& visit) const {
    search::walk(document_, *link_, path, whole_arrays, visit);
  }
  // Counts the fields of the document at hand.
  void observe_fields();

  Runtime& runtime;
  MemoryCharge charge;  // what filters keep to score documents

 private:
  std::vector<std::unique_ptr<SearchField>> fields_;
  MemoryCharge document_charge_;  // the terms of the document at hand
  value::Slice document_;
  const search::FieldRule* link_ = nullptr;
};

// How documents are scored: BM25 or TFIDF, with its parameters.
using Scorer = std::variant<search::Bm25, search::Tfidf>;

// A condition whose values are known, asked of one document after the other.
class SearchFilter {
 public:
  virtual ~SearchFilter() = default;
  virtual bool matches(SearchRun& run) = 0;
  // Before scores are asked for, every document of the view is shown once.
  virtual void observe(SearchRun&) {}
  // Of a document that the filter matches.
  virtual double score(SearchRun&, const Scorer&) { return 0; }
};
using SearchFilterPtr = std::unique_ptr<SearchFilter>;

// search_filters.cc
using TermTest = std::function<bool(std::string_view term)>;
SearchFilterPtr make_constant_filter(bool result);
SearchFilterPtr make_not_filter(SearchFilterPtr inside);
// At least so many of them; all of them make an AND, one an OR.
SearchFilterPtr make_minimum_filter(std::vector<SearchFilterPtr> parts, size_t least);
SearchFilterPtr make_term_filter(SearchField& field, TermTest test, double boost);
// Some value that is no string meets the test; `value` is never an array.
using ValueTest = std::function<bool(value::Slice value, const search::FieldRule& rule)>;
SearchFilterPtr make_value_filter(search::Path path, bool whole_arrays, ValueTest test);

// search_phrases.cc
struct PhrasePart {
  int64_t offset;  // positions behind the first part, or before it
  TermTest test;
};
SearchFilterPtr make_phrase_filter(SearchField& field, std::vector<PhrasePart> parts, double boost);
// The longest sequence of the target's terms that the field has in this order is at least this share of them.
SearchFilterPtr make_ngram_filter(SearchField& field, std::vector<std::string> target, double threshold, double boost);

}  // namespace workerdb::aql::execute
