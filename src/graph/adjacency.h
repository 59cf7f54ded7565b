#pragma once
// All edges of one collection in memory, as lists of neighbours: what a snapshot of the collection holds, for as long
// as transactions see the same content (storage::Transaction::content_version).
//
// Vertices and edges have numbers. An edge's number is its place in the order of the edge index (_from, then _key), and
// the lists of both directions keep the index's order, so that a walk gives the same rows with and without it.
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "graph/string_table.h"
#include "storage/store.h"

namespace workerdb::graph {

using VertexNumber = uint32_t;
using EdgeNumber = uint32_t;
constexpr uint32_t kNoNumber = UINT32_MAX;

// One edge as seen from one of its ends: what is at the other.
struct Step {
  VertexNumber vertex;
  EdgeNumber edge;
};

// Asked within long loops.
class Watch {
 public:
  virtual ~Watch() = default;
  // True: the query is to end; reason() says why.
  virtual bool tick() = 0;
  virtual base::Error reason() = 0;
};

// Whether vertices of one collection exist, as far as somebody has looked. Thread-safe.
class Presence {
 public:
  Presence(uint64_t collection_object_id, uint64_t version, size_t vertices)
      : object_id(collection_object_id), version(version), states_(vertices) {}
  enum State : uint8_t { kUnknown, kExists, kMissing };
  State at(VertexNumber vertex) const { return State(states_[vertex].load(std::memory_order_relaxed)); }
  void set(VertexNumber vertex, bool exists) {
    states_[vertex].store(exists ? kExists : kMissing, std::memory_order_relaxed);
  }

  const uint64_t object_id, version;

 private:
  std::vector<std::atomic<uint8_t>> states_;
};

// What an attribute of the edges weighs, as far as somebody has looked. Thread-safe.
class WeightColumn {
 public:
  WeightColumn(std::string attribute_name, size_t edges) : attribute(std::move(attribute_name)), bits_(edges) {}
  enum State : uint8_t { kUnknown, kNumber, kNone };
  State at(EdgeNumber edge, double& weight) const {
    uint64_t bits = bits_[edge].load(std::memory_order_relaxed);
    if (bits == 0) return kUnknown;
    if (bits == kNoNumberBits) return kNone;
    weight = std::bit_cast<double>(bits ^ kMark);
    return kNumber;
  }
  void set(EdgeNumber edge, double weight) {
    bits_[edge].store(std::bit_cast<uint64_t>(weight) ^ kMark, std::memory_order_relaxed);
  }
  void set_none(EdgeNumber edge) { bits_[edge].store(kNoNumberBits, std::memory_order_relaxed); }

  const std::string attribute;

 private:
  // No number of a document is one of the two NaN that stand for "not looked at" (all bits zero behind the mark) and
  // for "no number".
  static constexpr uint64_t kMark = 0x7ff8000000000001, kNoNumberBits = 2;
  std::vector<std::atomic<uint64_t>> bits_;
};

// Immutable, except for what is known about presence and weights. Thread-safe.
class Adjacency {
 public:
  // Null if it would take more than the budget. Reads the whole edge index.
  static base::Result<std::shared_ptr<const Adjacency>> build(storage::Transaction& transaction,
                                                              const storage::Collection& collection,
                                                              size_t budget_bytes, Watch& watch);

  uint32_t vertex_count() const { return vertices_.size(); }
  uint32_t edge_count() const { return uint32_t(outbound_.size()); }
  // kNoNumber if no edge touches it.
  VertexNumber find(std::string_view id) const { return vertices_.find(id); }
  std::string_view vertex_id(VertexNumber vertex) const { return vertices_.at(vertex); }
  std::string_view edge_key(EdgeNumber edge) const {
    uint32_t begin = edge == 0 ? 0 : key_ends_[edge - 1];
    return {keys_.data() + begin, key_ends_[edge] - begin};
  }
  std::span<const Step> outbound(VertexNumber vertex) const { return list(outbound_, outbound_begin_, vertex); }
  std::span<const Step> inbound(VertexNumber vertex) const { return list(inbound_, inbound_begin_, vertex); }
  size_t memory_bytes() const;

  // The one for a collection of vertices at a version; a newer version replaces an older one.
  std::shared_ptr<Presence> presence(uint64_t collection_object_id, uint64_t version) const;
  // Null where there are too many already.
  std::shared_ptr<WeightColumn> weights(std::string_view attribute) const;

 private:
  friend class AdjacencyBuilder;
  static std::span<const Step> list(const std::vector<Step>& steps, const std::vector<uint32_t>& begin,
                                    VertexNumber vertex) {
    return {steps.data() + begin[vertex], size_t(begin[vertex + 1] - begin[vertex])};
  }

  StringTable vertices_;
  std::vector<Step> outbound_, inbound_;
  std::vector<uint32_t> outbound_begin_, inbound_begin_;  // by vertex, and one behind the last
  std::string keys_;
  std::vector<uint32_t> key_ends_;

  mutable std::mutex presence_mutex_;
  mutable std::vector<std::shared_ptr<Presence>> presence_;
  mutable std::vector<std::shared_ptr<WeightColumn>> weights_;  // guarded by the same mutex
};

// The edge index of a collection, or null.
const storage::Index* edge_index(const storage::Collection& collection);

}  // namespace workerdb::graph
