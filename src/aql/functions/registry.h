#pragma once
// The functions of AQL as data. Source of names, arity and behaviour: the 3.12 documentation, "AQL
// functions".
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "aql/functions/context.h"
#include "value/slice.h"

namespace workerdb::aql::functions {

// Arguments come evaluated; missing optional ones are simply not there. The result lives in context.arena(),
// is one of the arguments or a part of one, or a constant of Slice. Bad input: context.warn(…) and null.
using Implementation = value::Slice (*)(Context& context, std::span<const value::Slice> arguments);

constexpr uint32_t kUnlimited = UINT32_MAX;

enum Flag : uint32_t {
  kDeterministic = 1,    // the same result for the same arguments within one query: may be folded and moved
  kReadsDocuments = 2,   // DOCUMENT, COLLECTION_COUNT …: not folded, forbidden after a modification
  kTakesCollection = 4,  // the first argument may be a bare collection name; it arrives as its name, a string
  kInternal = 8,         // NOOPT, SLEEP …
  kNeedsServer = 16,     // cannot run beside the data: forbidden in PRUNE ("Graph traversals in AQL", Pruning)
};

struct Function {
  std::string_view name;      // upper case
  std::string_view category;  // as in the documentation: "string", "array" …
  uint32_t min_arguments, max_arguments;
  uint32_t flags;
  // "value: any, separator?: string": `?` marks what may be left out, `…` repeats what stands before it, ` or
  // ` parts one way of calling from another. Types are AQL's, several parted by `|`; `collection` is a bare
  // name.
  std::string_view parameters;
  std::string_view description;     // one sentence
  std::string_view example;         // a runnable query: RETURN LENGTH("abc")
  std::string_view example_result;  // its rows as JSON: [3]; or how it ends: error 1570
  Implementation implementation;

  bool is_deterministic() const { return (flags & kDeterministic) != 0; }
  // A query's result that was kept is still right while the collections that the query names are unchanged.
  bool is_cacheable() const { return is_deterministic() && (flags & kReadsDocuments) == 0; }
};

// Null if there is none. `name` in any case. Thread-safe, no allocation.
const Function* find_function(std::string_view name);
// All, by name.
std::span<const Function> all_functions();

// The aggregate functions of COLLECT and WINDOW: a state that rows are added to.
class Aggregator {
 public:
  virtual ~Aggregator() = default;
  virtual void add(value::Slice value) = 0;
  // The result is made in the arena; the state goes on to exist.
  virtual value::Slice result(Context& context) = 0;
  virtual void reset() = 0;
  // Merges another state of the same function (parallel aggregation).
  virtual void merge(Aggregator& other) = 0;
  // Appends the state as bytes that merge_saved() of the same function reads in the same process.
  virtual void save(std::string& to) const = 0;
  // Merges a state that was saved; returns the first byte behind it.
  virtual const char* merge_saved(const char* from) = 0;
  // Bytes that the state holds beyond its own size (UNIQUE, PUSH), for the memory budget.
  virtual size_t memory_bytes() const { return 0; }
};
struct Aggregate {
  std::string_view name;
  uint32_t min_arguments, max_arguments;  // COUNT/LENGTH take 0 or 1
  std::unique_ptr<Aggregator> (*make)(Context& context);
};
// Null if there is none; `name` in any case, aliases included.
const Aggregate* find_aggregate(std::string_view name);

}  // namespace workerdb::aql::functions
