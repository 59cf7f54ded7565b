#include "aql/execute/search_run.h"

#include <algorithm>

namespace workerdb::aql::execute {

using search::FieldRule;
using search::analysis::Term;
using value::Slice;

namespace {

// Members of an array follow one another at this distance, so that no phrase goes from one to the next.
constexpr uint32_t kGapBetweenValues = 1000;

bool uses(const FieldRule& rule, const search::DefinitionPtr& analyzer) {
  return std::ranges::any_of(rule.analyzers, [&](const auto& one) {
    return one == analyzer ||
           (one->name == analyzer->name && value::equal(one->properties.slice(), analyzer->properties.slice()));
  });
}

}  // namespace

SearchField& SearchRun::field(const search::Path& path, const search::DefinitionPtr& analyzer) {
  for (const auto& known : fields_) {
    if (known->analyzer == analyzer && known->path == path) return *known;
  }
  fields_.push_back(std::make_unique<SearchField>(SearchField{path, analyzer, {}, {}, false}));
  return *fields_.back();
}

void SearchRun::set_document(Slice document, const FieldRule& link) {
  document_ = document;
  link_ = &link;
  document_charge_.clear();
  for (const auto& field : fields_) field->is_filled = false;
}

const std::vector<Term>& SearchRun::terms(SearchField& field) {
  if (field.is_filled) return field.terms;
  field.is_filled = true;
  field.terms.clear();
  uint32_t next_position = 0;
  walk(field.path, false, [&](Slice value, const FieldRule& rule) {
    if (!value.is_string() || !uses(rule, field.analyzer)) return;
    size_t before = field.terms.size();
    field.analyzer->analyzer->analyze(value.as_string(), field.terms);
    for (size_t i = before; i < field.terms.size(); ++i) field.terms[i].position += next_position;
    if (field.terms.size() > before) next_position = field.terms.back().position + kGapBetweenValues;
  });
  document_charge_.add(field.terms.size() * sizeof(Term));
  return field.terms;
}

void SearchRun::observe_fields() {
  for (const auto& field : fields_) {
    size_t count = terms(*field).size();
    if (count == 0) continue;
    ++field->statistics.documents;
    field->statistics.terms += count;
  }
}

}  // namespace workerdb::aql::execute
