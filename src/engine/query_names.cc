#include "engine/query_names.h"

#include "aql/semantics/analyze.h"
#include "value/builder.h"

namespace workerdb::engine {
namespace {

// Has every collection that it is asked for, and remembers what it was asked.
class AnyCollection : public aql::semantics::CatalogView {
 public:
  std::shared_ptr<const aql::semantics::CollectionInfo> find_collection(std::string_view name) const override {
    asked_.emplace(name);
    auto info = std::make_shared<aql::semantics::CollectionInfo>();
    info->name = name;
    info->is_edge = true;  // wherever one is wanted
    return info;
  }
  // Any name that FOR walks over may be a view's, and then SEARCH may follow.
  std::shared_ptr<const aql::semantics::ViewInfo> find_view(std::string_view name) const override {
    asked_.emplace(name);
    auto view = std::make_shared<aql::semantics::ViewInfo>();
    view->name = name;
    return view;
  }
  std::shared_ptr<const aql::semantics::GraphInfo> find_graph(std::string_view name) const override {
    auto graph = std::make_shared<aql::semantics::GraphInfo>();
    graph->name = name;
    return graph;
  }
  const std::set<std::string>& asked() const { return asked_; }

 private:
  mutable std::set<std::string> asked_;
};

bool is_name_character(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

// `text` is the printer's: no comments, and quotes only around strings and names.
std::set<std::string> parameters_in(std::string_view text) {
  std::set<std::string> names;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote != '\0') {
      if (c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = '\0';
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '@') {
      size_t end = i + 1;
      if (end < text.size() && text[end] == '@') ++end;
      while (end < text.size() && is_name_character(text[end])) ++end;
      names.emplace(text.substr(i + 1, end - i - 1));
      i = end - 1;
    }
  }
  return names;
}

}  // namespace

QueryNames names_of(const aql::syntax::Query& query) {
  QueryNames names;
  names.parameters = parameters_in(aql::syntax::to_string(query));
  value::Builder bind;
  bind.open_object();
  for (const auto& name : names.parameters) {
    bind.key(name);
    if (name.starts_with('@')) {
      bind.string(name);
    } else {
      bind.integer(1);
    }
  }
  bind.close();
  AnyCollection catalog;
  // A value of another type than the query wants ends the analysis early; what it asked for until then is right.
  (void)aql::semantics::analyze(std::move(*aql::syntax::clone(query)), bind.slice(), catalog, nullptr);
  for (const auto& name : catalog.asked()) {
    if (!name.starts_with('@')) names.collections.insert(name);
  }
  return names;
}

}  // namespace workerdb::engine
