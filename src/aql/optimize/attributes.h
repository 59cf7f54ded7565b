#pragma once
// Which attributes of a document are read, and which of them an index holds. Internal to this folder.
#include <optional>
#include <string>
#include <vector>

#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

// Names from the outside in.
using Path = std::vector<std::string>;
using Paths = std::vector<Path>;

// Adds the paths that the expression reads of the variable; of two, one of which leads through the other, the shorter
// one stays. False if it reads the variable itself.
bool collect_paths(const Expression& expression, VariableId variable, Paths& to);
// The same for a node and its subplans.
bool collect_paths(const Node& node, VariableId variable, Paths& to);
// What the nodes behind `position` read of the document; nothing if that is the document itself.
std::optional<Paths> paths_read_behind(const Plan& chain, size_t position, VariableId variable);

// Whether a scan could be made of the entries of its index alone. The documents of the primary index are its entries.
bool may_cover(const plan::IndexScan& scan);
// Whether the index's entries hold the attributes.
bool holds(const plan::IndexInfo& index, const Path& path);
bool holds(const plan::IndexInfo& index, const Paths& paths);

// Reads projections where attributes of the document were read.
void replace_paths(const Context& context, VariableId document, const std::vector<plan::Projection>& projections,
                   ExpressionPtr& expression);
void replace_paths(const Context& context, VariableId document, const std::vector<plan::Projection>& projections,
                   Node& node);
// A projection for each path, in order.
std::vector<plan::Projection> make_projections(Context& context, VariableId document, Paths paths);

}  // namespace workerdb::aql::optimize
