#include "aql/execute/graph_access.h"

#include <fmt/format.h>

namespace workerdb::aql::execute {

using base::ErrorCode;
using base::Result;
using plan::ElementContent;
using value::Slice;

graph::Weights weights_of(const plan::GraphOptions& options) {
  return {options.weight_attribute, options.default_weight};
}

Result<std::unique_ptr<GraphAccess>> GraphAccess::make(Runtime& runtime, const GraphParts& parts) {
  std::unique_ptr<GraphAccess> access(new GraphAccess(runtime));
  std::vector<graph::EdgeSource> sources;
  for (const auto& edges : parts.edges) {
    graph::EdgeSource source;
    source.collection = TRY(runtime.collection(*edges.collection));
    source.outbound = edges.direction != syntax::Direction::kInbound;
    source.inbound = edges.direction != syntax::Direction::kOutbound;
    source.edge_count = edges.collection->document_count;
    sources.push_back(std::move(source));
  }
  graph::NetworkOptions options;
  options.may_build = parts.use_cache;
  options.vertex_collections = parts.vertex_collections;
  access->network_ = std::make_unique<graph::Network>(
      runtime.transaction, std::move(sources),
      [access = access.get()](std::string_view name) { return access->find_collection(name); },
      runtime.options.adjacency, access->watch_, &runtime.interrupt, std::move(options));
  return access;
}

Result<> GraphAccess::open() {
  if (is_open_) return {};
  is_open_ = true;
  return network_->open();
}

// The collections of vertices are known only by the ids that edges hold.
Result<storage::CollectionPtr> GraphAccess::find_collection(std::string_view name) const {
  storage::CollectionPtr found = runtime_.store.find_collection(runtime_.database, name);
  if (found == nullptr || found->name != name) return storage::CollectionPtr();
  if (runtime_.options.authorize_read) TRY(runtime_.options.authorize_read(found->name));
  return found;
}

Result<std::optional<graph::VertexNumber>> GraphAccess::find_vertex(Slice named) {
  std::optional<graph::VertexNumber> none;
  Slice id = named.is_object() ? named.get("_id") : named;
  size_t slash = id.is_string() ? id.as_string().find('/') : std::string_view::npos;
  if (slash == std::string_view::npos) {
    runtime_.functions.warn(
        ErrorCode::kBadParameter,
        "invalid vertex to start from or to end at: only id strings or objects with _id are allowed");
    return none;
  }
  std::string_view collection = id.as_string().substr(0, slash);
  if (TRY(find_collection(collection)) == nullptr) {
    runtime_.functions.warn(ErrorCode::kCollectionNotFound,
                            fmt::format("collection or view not found: {}", collection));
    return none;
  }
  graph::VertexNumber vertex = network_->number_of(id.as_string());
  if (!TRY(network_->exists(vertex))) return none;
  return std::optional(vertex);
}

// {_key, _id}
Slice GraphAccess::identity(std::string_view key, std::string_view id, value::Arena& arena) {
  identity_.clear();
  identity_.open_object();
  identity_.add("_key", key);
  identity_.add("_id", id);
  identity_.close();
  return arena.copy(identity_.slice());
}

Result<Slice> GraphAccess::vertex(graph::VertexNumber vertex, ElementContent content, value::Arena& arena) {
  if (content == ElementContent::kNothing) return Slice::null();
  if (content == ElementContent::kDocument) {
    Slice document = TRY(network_->vertex(vertex));
    return document.is_none() ? Slice::null() : document;
  }
  if (!TRY(network_->exists(vertex))) return Slice::null();
  std::string_view id = network_->vertex_id(vertex);
  return identity(id.substr(id.find('/') + 1), id, arena);
}

Result<Slice> GraphAccess::edge(graph::EdgeNumber edge, ElementContent content, value::Arena& arena) {
  if (edge == graph::kNoNumber || content == ElementContent::kNothing) return Slice::null();
  if (content == ElementContent::kDocument) {
    Slice document = TRY(network_->edge(edge));
    return document.is_none() ? Slice::null() : document;
  }
  std::string_view key = network_->edge_key(edge);
  id_.assign(network_->edge_collection(edge).name).append("/").append(key);
  return identity(key, id_, arena);
}

Result<Slice> GraphAccess::path(std::span<const graph::VertexNumber> vertices, std::span<const graph::EdgeNumber> edges,
                                std::span<const double> weights, const double* weight, const plan::PathContent& content,
                                value::Arena& arena) {
  path_.clear();
  path_.open_object();
  if (content.vertices != ElementContent::kNothing) {
    path_.key("vertices");
    path_.open_array();
    for (graph::VertexNumber one : vertices) path_.slice(TRY(vertex(one, content.vertices, arena)));
    path_.close();
  }
  if (content.edges != ElementContent::kNothing) {
    path_.key("edges");
    path_.open_array();
    for (graph::EdgeNumber one : edges) path_.slice(TRY(edge(one, content.edges, arena)));
    path_.close();
  }
  auto put_number = [this](double number) {
    number == double(int64_t(number)) && number < 9.0e15 ? path_.integer(int64_t(number)) : path_.number(number);
  };
  if (content.weights && weight != nullptr) {
    path_.key("weight");
    put_number(*weight);
  } else if (content.weights && !weights.empty()) {
    path_.key("weights");
    path_.open_array();
    for (double one : weights) put_number(one);
    path_.close();
  }
  path_.close();
  if (path_.byte_size() > kLargestValueBytes) return ErrorCode::kResourceLimit;
  return arena.copy(path_.slice());
}

void GraphAccess::count_reads() {
  runtime_.statistics.scanned_index += std::exchange(network_->edges_read, 0);
  runtime_.statistics.document_lookups += std::exchange(network_->documents_read, 0);
  runtime_.statistics.seeks += std::exchange(network_->seeks, 0);
}

}  // namespace workerdb::aql::execute
