#pragma once
// Which values of a document are searched under which path. Source: the 3.12 documentation, "arangosearch Views
// reference", Link Properties.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/analysis/definition.h"
#include "value/slice.h"

namespace workerdb::search {

using analysis::DefinitionPtr;
// Null where there is no analyzer of that name.
using FindAnalyzer = std::function<DefinitionPtr(std::string_view name)>;

// What holds for one attribute and, unless said otherwise, for those inside of it.
struct FieldRule {
  std::vector<DefinitionPtr> analyzers;
  bool includes_all = false, tracks_positions = false, stores_values = false;
  std::map<std::string, std::shared_ptr<const FieldRule>, std::less<>> fields;
  std::shared_ptr<const FieldRule> others;  // for attributes that fields does not name; null where it needs no own rule

  // Null for an attribute that is not included.
  const FieldRule* child(std::string_view name) const {
    auto found = fields.find(name);
    if (found != fields.end()) return found->second.get();
    if (!includes_all) return nullptr;
    return others != nullptr ? others.get() : this;
  }
  bool has_geo() const {
    for (const auto& analyzer : analyzers) {
      if (analyzer->is_geo) return true;
    }
    return false;
  }
};
using LinkPtr = std::shared_ptr<const FieldRule>;

// kBadParameter for what is wrong in it, unknown analyzers included.
base::Result<LinkPtr> parse_link(value::Slice properties, const FindAnalyzer& find_analyzer);

// One step of a path: an attribute's name, or a position in an array.
struct PathStep {
  std::string name;
  std::optional<size_t> position;
  bool operator==(const PathStep&) const = default;
};
using Path = std::vector<PathStep>;

// Calls `visit` with each value that the document has at the path and the rule that holds for it. Members of arrays
// count as values of the array's path, unless the rule tracks their positions. Objects are given too, arrays only where
// `whole_arrays` asks for them as they are.
using VisitValue = std::function<void(value::Slice value, const FieldRule& rule)>;
void walk(value::Slice document, const FieldRule& link, const Path& path, bool whole_arrays, const VisitValue& visit);

}  // namespace workerdb::search
