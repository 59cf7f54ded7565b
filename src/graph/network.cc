#include "graph/network.h"

#include <algorithm>

namespace workerdb::graph {

using base::Result;
using value::Slice;

namespace {
constexpr size_t kChunkSteps = 4096;
constexpr size_t kMostDocumentBytes = size_t(8) << 20;
constexpr size_t kMostKeyBytes = size_t(3) << 30;  // offsets have 32 bits
}  // namespace

Network::Network(storage::Transaction& transaction, std::vector<EdgeSource> sources, CollectionFinder find_collection,
                 AdjacencyCache* cache, Watch& watch, value::MemoryObserver* observer, NetworkOptions options)
    : transaction_(transaction),
      find_collection_(std::move(find_collection)),
      cache_(cache),
      watch_(watch),
      observer_(observer),
      options_(std::move(options)),
      edge_numbers_(sources.size()),
      kept_{NumberMap<KeptSteps>(observer), NumberMap<KeptSteps>(observer)},
      charge_(observer),
      documents_(observer),
      vertex_documents_(observer),
      edge_documents_(observer) {
  for (EdgeSource& source : sources) {
    sources_.emplace_back();
    sources_.back().source = std::move(source);
  }
}

Network::~Network() {
  if (cache_ == nullptr) return;
  for (const Source& source : sources_) {
    if (source.unreported_reads != 0) cache_->note_reads(*source.source.collection, source.unreported_reads);
  }
}

Result<> Network::open() {
  if (cache_ == nullptr) return {};
  for (Source& source : sources_) {
    source.held = TRY(
        cache_->find(transaction_, *source.source.collection, source.source.edge_count, options_.may_build, watch_));
  }
  if (sources_.size() == 1) only_ = sources_[0].held;
  return {};
}

// ---- names

VertexNumber Network::number_of(std::string_view id) {
  if (only_ == nullptr) return vertices_.add(id);
  VertexNumber known = only_->find(id);
  return known != kNoNumber ? known : only_->vertex_count() + vertices_.add(id);
}

std::string_view Network::vertex_id(VertexNumber vertex) const {
  if (only_ == nullptr) return vertices_.at(vertex);
  return vertex < only_->vertex_count() ? only_->vertex_id(vertex) : vertices_.at(vertex - only_->vertex_count());
}

std::string_view Network::edge_key(EdgeNumber edge) const {
  if (only_ != nullptr) return only_->edge_key(edge);
  uint32_t begin = edge == 0 ? 0 : edges_[edge - 1].key_end;
  return std::string_view(edge_keys_).substr(begin, edges_[edge].key_end - begin);
}

const storage::Collection& Network::edge_collection(EdgeNumber edge) const {
  return *sources_[only_ != nullptr ? 0 : edges_[edge].source].source.collection;
}

bool Network::admits(VertexNumber vertex) const {
  std::string_view id = vertex_id(vertex);
  std::string_view collection = id.substr(0, id.find('/'));
  return std::ranges::find(options_.vertex_collections, collection) != options_.vertex_collections.end();
}

// ---- steps

Result<Steps> Network::steps(VertexNumber vertex, bool reversed) {
  if (only_ != nullptr) {
    if (vertex >= only_->vertex_count()) return Steps();
    const EdgeSource& source = sources_[0].source;
    bool outbound = reversed ? source.inbound : source.outbound, inbound = reversed ? source.outbound : source.inbound;
    Steps result(outbound ? only_->outbound(vertex) : std::span<const Step>(),
                 inbound ? only_->inbound(vertex) : std::span<const Step>(), outbound && inbound ? vertex : kNoNumber);
    edges_read += result.size();
    return result;
  }
  KeptSteps* kept = kept_[reversed].find(vertex);
  if (kept == nullptr) {
    TRY(read_steps(vertex, reversed));
    kept = kept_[reversed].find(vertex);
  }
  edges_read += kept->size;
  if (kept->size == 0) return Steps();
  return Steps({chunks_[kept->chunk].data() + kept->begin, kept->size}, {}, kNoNumber);
}

Result<> Network::read_steps(VertexNumber vertex, bool reversed) {
  reading_.clear();
  if (edge_keys_.size() > kMostKeyBytes || vertices_.size() > kNoNumber / 2) return base::ErrorCode::kResourceLimit;
  for (uint32_t which = 0; which < sources_.size(); ++which) {
    const EdgeSource& source = sources_[which].source;
    bool outbound = reversed ? source.inbound : source.outbound, inbound = reversed ? source.outbound : source.inbound;
    if (outbound) TRY(read_side(which, vertex, true, false));
    if (inbound) TRY(read_side(which, vertex, false, outbound));
  }
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < reading_.size()) {
    chunks_.emplace_back();
    chunks_.back().reserve(std::max(kChunkSteps, reading_.size()));
  }
  std::vector<Step>& chunk = chunks_.back();
  kept_[reversed].put(vertex, {uint32_t(chunk.size()), uint32_t(chunks_.size() - 1), uint32_t(reading_.size())});
  chunk.insert(chunk.end(), reading_.begin(), reading_.end());
  charge();
  return {};
}

void Network::charge() {
  size_t bytes = vertices_.memory_bytes() + edges_.capacity() * sizeof(KnownEdge) + edge_keys_.capacity() +
                 chunks_.size() * kChunkSteps * sizeof(Step);
  if (!chunks_.empty() && chunks_.back().capacity() > kChunkSteps) bytes += chunks_.back().capacity() * sizeof(Step);
  charge_.set(bytes);
}

Result<> Network::read_side(uint32_t source, VertexNumber vertex, bool outbound, bool skips_loops) {
  if (sources_[source].held != nullptr) return read_held(source, vertex, outbound, skips_loops);
  return read_stored(source, vertex, outbound, skips_loops);
}

Result<> Network::read_held(uint32_t source, VertexNumber vertex, bool outbound, bool skips_loops) {
  const Adjacency& held = *sources_[source].held;
  VertexNumber there = held.find(vertex_id(vertex));
  if (there == kNoNumber) return {};
  for (const Step& step : outbound ? held.outbound(there) : held.inbound(there)) {
    if (skips_loops && step.vertex == there) continue;
    VertexNumber other = vertices_.add(held.vertex_id(step.vertex));
    reading_.push_back({other, edge_number(source, held.edge_key(step.edge))});
    if (watch_.tick()) return watch_.reason();
  }
  return {};
}

Result<> Network::read_stored(uint32_t which, VertexNumber vertex, bool outbound, bool skips_loops) {
  Source& source = sources_[which];
  value::Builder id;
  id.string(vertex_id(vertex));
  storage::IndexBounds bounds;
  bounds.equal.push_back(id.slice());
  bounds.field = outbound ? 0 : 1;
  if (source.scan != nullptr) {
    TRY(source.scan->rearm(bounds));
  } else {
    const storage::Index* index = edge_index(*source.source.collection);
    if (index == nullptr) return base::Error(base::ErrorCode::kCollectionTypeInvalid, "collection type invalid");
    source.scan = TRY(transaction_.scan_index(*source.source.collection, *index, bounds));
  }
  ++seeks;
  constexpr uint64_t kSeekInReads = 2;
  source.unreported_reads += kSeekInReads;
  while (TRY(source.scan->next())) {
    ++source.unreported_reads;
    VertexNumber other = vertices_.add(TRY(source.scan->covered(outbound ? 1 : 0)).as_string());
    if (skips_loops && other == vertex) continue;
    reading_.push_back({other, edge_number(which, source.scan->key())});
    if (watch_.tick()) return watch_.reason();
  }
  return {};
}

// Steps of one vertex are read once in each direction, so that an edge is met twice where its collection is walked in
// both, or a search comes from the other end.
EdgeNumber Network::edge_number(uint32_t source, std::string_view key) {
  StringTable& known = sources_[source].edges;
  uint32_t local = known.add(key);
  std::vector<uint32_t>& numbers = edge_numbers_[source];
  if (local < numbers.size()) return numbers[local];
  auto number = EdgeNumber(edges_.size());
  edge_keys_.append(key);
  edges_.push_back({source, uint32_t(edge_keys_.size())});
  numbers.push_back(number);
  return number;
}

// ---- documents

Result<Network::KnownCollection*> Network::known_collection(std::string_view name) {
  if (last_collection_ != nullptr && last_collection_->name == name) return last_collection_;
  for (const auto& known : collections_) {
    if (known->name != name) continue;
    last_collection_ = known.get();
    return last_collection_;
  }
  auto known = std::make_unique<KnownCollection>();
  known->name = name;
  known->collection = TRY(find_collection_(name));
  if (known->collection != nullptr && only_ != nullptr) {
    auto version = transaction_.content_version(*known->collection);
    if (version) known->presence = only_->presence(known->collection->object_id, *version);
  }
  collections_.push_back(std::move(known));
  last_collection_ = collections_.back().get();
  return last_collection_;
}

Result<Slice> Network::vertex(VertexNumber vertex) {
  if (Slice* known = vertex_documents_.find(vertex)) return *known;
  std::string_view id = vertex_id(vertex);
  size_t slash = id.find('/');
  if (slash == std::string_view::npos) return Slice();
  KnownCollection* known = TRY(known_collection(id.substr(0, slash)));
  if (known->collection == nullptr) return Slice();
  ++documents_read;
  bool exists = TRY(transaction_.read(*known->collection, id.substr(slash + 1), pinned_));
  Slice document = exists ? documents_.copy(pinned_.slice()) : Slice();
  vertex_documents_.put(vertex, document);
  return document;
}

Result<Slice> Network::edge(EdgeNumber edge) {
  if (Slice* known = edge_documents_.find(edge)) return *known;
  ++documents_read;
  bool exists = TRY(transaction_.read(edge_collection(edge), edge_key(edge), pinned_));
  Slice document = exists ? documents_.copy(pinned_.slice()) : Slice();
  edge_documents_.put(edge, document);
  return document;
}

Result<std::optional<double>> Network::edge_number_at(EdgeNumber edge, const std::string& attribute) {
  if (only_ != nullptr && (weights_ == nullptr || weights_->attribute != attribute))
    weights_ = only_->weights(attribute);
  double weight = 0;
  if (weights_ != nullptr) {
    WeightColumn::State state = weights_->at(edge, weight);
    if (state == WeightColumn::kNumber) return std::optional(weight);
    if (state == WeightColumn::kNone) return std::optional<double>();
  }
  Slice found = TRY(this->edge(edge)).get(attribute);
  bool is_number = found.is_number();
  if (is_number) weight = found.as_double();
  if (weights_ != nullptr) is_number ? weights_->set(edge, weight) : weights_->set_none(edge);
  return is_number ? std::optional(weight) : std::nullopt;
}

void Network::trim() {
  if (documents_.reserved() <= kMostDocumentBytes) return;
  documents_.reset();
  vertex_documents_.clear(), edge_documents_.clear();
}

Result<bool> Network::exists(VertexNumber vertex) {
  std::string_view id = vertex_id(vertex);
  size_t slash = id.find('/');
  if (slash == std::string_view::npos) return false;
  KnownCollection* known = TRY(known_collection(id.substr(0, slash)));
  if (known->collection == nullptr) return false;
  bool is_held = known->presence != nullptr && vertex < only_->vertex_count();
  if (is_held) {
    Presence::State state = known->presence->at(vertex);
    if (state != Presence::kUnknown) return state == Presence::kExists;
  } else if (Slice* document = vertex_documents_.find(vertex)) {
    return !document->is_none();
  }
  bool result = !TRY(this->vertex(vertex)).is_none();
  if (is_held) known->presence->set(vertex, result);
  return result;
}

}  // namespace workerdb::graph
