#include "graph/adjacency.h"

#include <algorithm>

namespace workerdb::graph {

using base::Result;
using value::Slice;

const storage::Index* edge_index(const storage::Collection& collection) {
  for (const auto& index : collection.indexes) {
    if (index->type == storage::IndexType::kEdge) return index.get();
  }
  return nullptr;
}

// Collects the edges in the order of _from; vertices are numbered as they are met.
class AdjacencyBuilder {
 public:
  AdjacencyBuilder(size_t budget_bytes, Watch& watch) : budget_bytes_(budget_bytes), watch_(watch) {}

  Result<std::shared_ptr<const Adjacency>> run(storage::Transaction& transaction,
                                               const storage::Collection& collection) {
    const storage::Index* index = edge_index(collection);
    if (index == nullptr) return std::shared_ptr<const Adjacency>();
    auto scan = TRY(transaction.scan_index(collection, *index, storage::IndexBounds{}));
    std::string last_from;
    VertexNumber from = kNoNumber;
    while (TRY(scan->next())) {
      std::string_view source = TRY(scan->covered(0)).as_string();
      if (from == kNoNumber || source != last_from) {
        last_from = source;
        from = made_->vertices_.add(source);
      }
      VertexNumber to = made_->vertices_.add(TRY(scan->covered(1)).as_string());
      sources_.push_back(from);
      made_->outbound_.push_back({to, EdgeNumber(made_->outbound_.size())});
      made_->keys_.append(scan->key());
      made_->key_ends_.push_back(uint32_t(made_->keys_.size()));
      if (watch_.tick()) return watch_.reason();
      if ((sources_.size() & 0x3ff) == 0 && is_too_large()) return std::shared_ptr<const Adjacency>();
    }
    if (is_too_large()) return std::shared_ptr<const Adjacency>();
    finish();
    return std::shared_ptr<const Adjacency>(std::move(made_));
  }

 private:
  bool is_too_large() const {
    size_t later = sources_.size() * sizeof(Step) + made_->vertices_.size() * 2 * sizeof(uint32_t);
    return made_->memory_bytes() + later > budget_bytes_ || made_->keys_.size() > UINT32_MAX / 2;
  }

  void finish() {
    size_t vertices = made_->vertices_.size();
    std::vector<uint32_t>& out_begin = made_->outbound_begin_;
    std::vector<uint32_t>& in_begin = made_->inbound_begin_;
    out_begin.assign(vertices + 1, 0), in_begin.assign(vertices + 1, 0);
    for (VertexNumber source : sources_) ++out_begin[source + 1];
    for (const Step& step : made_->outbound_) ++in_begin[step.vertex + 1];
    for (size_t i = 0; i < vertices; ++i) out_begin[i + 1] += out_begin[i], in_begin[i + 1] += in_begin[i];
    // Each source's edges came together, in the order of keys.
    std::vector<Step> by_source(sources_.size()), by_target(sources_.size());
    std::vector<uint32_t> out_next(out_begin.begin(), out_begin.end() - 1),
        in_next(in_begin.begin(), in_begin.end() - 1);
    for (size_t edge = 0; edge < sources_.size(); ++edge) {
      VertexNumber source = sources_[edge], target = made_->outbound_[edge].vertex;
      by_source[out_next[source]++] = {target, EdgeNumber(edge)};
      by_target[in_next[target]++] = {source, EdgeNumber(edge)};
    }
    made_->outbound_ = std::move(by_source);
    made_->inbound_ = std::move(by_target);
    for (size_t i = 0; i < vertices; ++i) {
      std::sort(made_->inbound_.begin() + in_begin[i], made_->inbound_.begin() + in_begin[i + 1],
                [this](const Step& a, const Step& b) { return stands_before(a.edge, b.edge); });
    }
    made_->keys_.shrink_to_fit();
    made_->key_ends_.shrink_to_fit();
    made_->vertices_.shrink_to_fit();
  }

  // The index's order: keys with their length behind them.
  bool stands_before(EdgeNumber left, EdgeNumber right) const {
    std::string_view a = made_->edge_key(left), b = made_->edge_key(right);
    size_t common = std::min(a.size(), b.size());
    int order = a.substr(0, common).compare(b.substr(0, common));
    if (order != 0) return order < 0;
    auto next = [common](std::string_view key) {
      return key.size() > common ? static_cast<unsigned char>(key[common]) : static_cast<unsigned char>(key.size());
    };
    return next(a) < next(b);
  }

  const size_t budget_bytes_;
  Watch& watch_;
  std::shared_ptr<Adjacency> made_ = std::make_shared<Adjacency>();
  std::vector<VertexNumber> sources_;  // by edge
};

Result<std::shared_ptr<const Adjacency>> Adjacency::build(storage::Transaction& transaction,
                                                          const storage::Collection& collection, size_t budget_bytes,
                                                          Watch& watch) {
  return AdjacencyBuilder(budget_bytes, watch).run(transaction, collection);
}

size_t Adjacency::memory_bytes() const {
  return vertices_.memory_bytes() + (outbound_.capacity() + inbound_.capacity()) * sizeof(Step) +
         (outbound_begin_.capacity() + inbound_begin_.capacity() + key_ends_.capacity()) * sizeof(uint32_t) +
         keys_.capacity();
}

std::shared_ptr<Presence> Adjacency::presence(uint64_t collection_object_id, uint64_t version) const {
  std::scoped_lock lock(presence_mutex_);
  for (auto& known : presence_) {
    if (known->object_id != collection_object_id) continue;
    if (known->version < version) known = std::make_shared<Presence>(collection_object_id, version, vertex_count());
    return known->version == version ? known : nullptr;
  }
  constexpr size_t kMostCollections = 8;
  if (presence_.size() == kMostCollections) return nullptr;
  presence_.push_back(std::make_shared<Presence>(collection_object_id, version, vertex_count()));
  return presence_.back();
}

std::shared_ptr<WeightColumn> Adjacency::weights(std::string_view attribute) const {
  std::scoped_lock lock(presence_mutex_);
  for (const auto& known : weights_) {
    if (known->attribute == attribute) return known;
  }
  constexpr size_t kMostAttributes = 2;
  if (weights_.size() == kMostAttributes) return nullptr;
  weights_.push_back(std::make_shared<WeightColumn>(std::string(attribute), edge_count()));
  return weights_.back();
}

}  // namespace workerdb::graph
