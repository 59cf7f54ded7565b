#pragma once
// Analyzers as users define them: a type, its properties, and what is kept of the terms (features).
// Source: the 3.12 documentation, "Transforming data with Analyzers".
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "search/analysis/analyzer.h"
#include "value/builder.h"

namespace workerdb::search::analysis {

struct Features {
  bool frequency = false, norm = false, position = false, offset = false;
};

// Immutable, shared. Any thread may use it.
struct Definition {
  std::string name;  // without a database
  std::string type;
  value::Buffer properties;  // complete: with defaults
  Features features;
  bool is_geo = false;  // its terms are shapes: it has no texts
  std::shared_ptr<const Analyzer> analyzer;
};
using DefinitionPtr = std::shared_ptr<const Definition>;

// {name, type, properties?, features?}. kBadParameter for what is wrong in it; kNotImplemented for types that are
// documented but not built here: aql, classification, minhash, nearest_neighbors, wildcard.
base::Result<DefinitionPtr> parse_definition(value::Slice definition);
// {name, type, properties, features}, the name with `prefix` in front.
void append_definition(const Definition& definition, std::string_view prefix, value::Builder& to);

// Null if there is none of that name.
DefinitionPtr built_in_definition(std::string_view name);
std::span<const DefinitionPtr> built_in_definitions();

// Letters, digits, _ and -, a letter first, at most 254 bytes.
bool is_valid_analyzer_name(std::string_view name);

}  // namespace workerdb::search::analysis
