#pragma once
// Definitions of views: the properties that users give, complete and checked. Source: the 3.12 documentation,
// "arangosearch Views reference" and "HTTP interface for arangosearch Views".
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/link.h"
#include "value/builder.h"

namespace workerdb::search {

// What definitions name. Collections by name or number; kCollectionNotFound.
struct Names {
  std::function<base::Result<uint64_t>(std::string_view collection)> collection_id;
  FindAnalyzer find_analyzer;
};

// Properties as they are kept: complete, and links by their collections' numbers. kBadParameter; kCollectionNotFound.
base::Result<value::Buffer> make_view_properties(value::Slice given, const Names& names);
// The same with changes. With `replaces` what is not given goes back to its default, and links that are not named go;
// otherwise it stays. A link that is null goes. What cannot be changed stays silently as it is.
base::Result<value::Buffer> change_view_properties(value::Slice kept, value::Slice given, bool replaces,
                                                   const Names& names);

// A view's links, as kept.
struct ViewLink {
  uint64_t collection_id;
  value::Slice properties;  // borrowed from the kept properties
};
std::vector<ViewLink> links_of(value::Slice kept);
// Whether some link names the analyzer.
bool uses_analyzer(value::Slice kept, std::string_view analyzer);

// Writes the properties' attributes into an open object, links by collections' names; `name_of` gives an empty name for
// a collection that is gone, whose link is left out.
void append_view_properties(value::Slice kept, const std::function<std::string(uint64_t)>& name_of, value::Builder& to);

}  // namespace workerdb::search
