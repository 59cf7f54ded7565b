// The aggregate functions of COLLECT and WINDOW. Source: the 3.12 documentation, "COLLECT", Aggregation, and
// the functions of the same names.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>

#include "aql/functions/aggregators.h"
#include "aql/functions/value_set.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// Saved states: numbers as they stand in memory, values one behind the other.
template <typename State>
void append_state(const State& state, std::string& to) {
  static_assert(std::is_trivially_copyable_v<State>);
  to.append(reinterpret_cast<const char*>(&state), sizeof state);
}
template <typename State>
const char* load_state(const char* from, State& state) {
  static_assert(std::is_trivially_copyable_v<State>);
  std::memcpy(&state, from, sizeof state);
  return from + sizeof state;
}
void append_values(const std::vector<Slice>& values, std::string& to) {
  append_state(values.size(), to);
  for (Slice value : values) to.append(value.bytes());
}
template <typename Add>
const char* load_values(const char* from, Add&& add) {
  size_t count = 0;
  from = load_state(from, count);
  for (; count > 0; --count) {
    Slice value(reinterpret_cast<const uint8_t*>(from));
    add(value);
    from += value.byte_size();
  }
  return from;
}

class Count final : public Aggregator {
 public:
  void add(Slice) override { ++count_; }
  Slice result(Context& context) override { return context.arena().integer(int64_t(count_)); }
  void reset() override { count_ = 0; }
  void merge(Aggregator& other) override { count_ += static_cast<Count&>(other).count_; }
  void save(std::string& to) const override { append_state(count_, to); }
  const char* merge_saved(const char* from) override {
    uint64_t saved = 0;
    from = load_state(from, saved);
    count_ += saved;
    return from;
  }

 private:
  uint64_t count_ = 0;
};

// MIN and MAX: the extreme in AQL's order, nulls left out.
template <bool kGreatest>
class Extreme final : public Aggregator {
 public:
  void add(Slice value) override {
    if (value.is_null()) return;
    if (!bytes_.empty()) {
      int order = value::compare(value, best());
      if (kGreatest ? order <= 0 : order >= 0) return;
    }
    // Numbers and short strings fit into the string itself: no allocation.
    bytes_ = value.bytes();
  }
  Slice result(Context& context) override { return bytes_.empty() ? Slice::null() : context.arena().copy(best()); }
  void reset() override { bytes_.clear(); }
  void merge(Aggregator& other) override {
    auto& same = static_cast<Extreme&>(other);
    if (!same.bytes_.empty()) add(same.best());
  }
  void save(std::string& to) const override {
    to += bytes_;
    if (bytes_.empty()) to += char(Slice::null().head());
  }
  const char* merge_saved(const char* from) override {
    Slice saved(reinterpret_cast<const uint8_t*>(from));
    add(saved);
    return from + saved.byte_size();
  }
  size_t memory_bytes() const override { return bytes_.capacity(); }

 private:
  Slice best() const { return Slice(reinterpret_cast<const uint8_t*>(bytes_.data())); }
  std::string bytes_;
};

// What the numeric aggregates share: nulls are left out, another type spoils the result.
template <typename Derived>
class Numeric : public Aggregator {
 public:
  void add(Slice value) final {
    if (value.is_null()) return;
    if (!value.is_number()) {
      is_spoiled_ = true;
      return;
    }
    static_cast<Derived*>(this)->add_number(number_of(value));
  }
  Slice result(Context& context) final {
    if (is_spoiled_) return wrong_type(context, static_cast<Derived*>(this)->name());
    return static_cast<Derived*>(this)->outcome(context);
  }
  void reset() final {
    is_spoiled_ = false;
    static_cast<Derived*>(this)->state_ = {};
  }
  void merge(Aggregator& other) final {
    auto& same = static_cast<Derived&>(other);
    is_spoiled_ |= same.is_spoiled_;
    static_cast<Derived*>(this)->state_.add(same.state_);
  }
  void save(std::string& to) const final {
    append_state(is_spoiled_, to);
    append_state(static_cast<const Derived*>(this)->state_, to);
  }
  const char* merge_saved(const char* from) final {
    Derived saved;
    from = load_state(load_state(from, saved.is_spoiled_), saved.state_);
    merge(saved);
    return from;
  }

 private:
  bool is_spoiled_ = false;
};

class Sum final : public Numeric<Sum> {
 public:
  void add_number(Number number) { state_.add(number); }
  Slice outcome(Context& context) { return from_number(state_.value(), context.arena()); }
  static std::string_view name() { return "SUM"; }
  Total state_;
};

class Average final : public Numeric<Average> {
 public:
  struct State {
    Total total;
    uint64_t count = 0;
    void add(const State& other) {
      total.add(other.total);
      count += other.count;
    }
  };
  void add_number(Number number) {
    state_.total.add(number);
    ++state_.count;
  }
  Slice outcome(Context& context) {
    if (state_.count == 0) return Slice::null();
    return from_double_integral(state_.total.as_double() / double(state_.count), context.arena());
  }
  static std::string_view name() { return "AVERAGE"; }
  State state_;
};

// kSample divides by one less than the count and so needs two values.
template <bool kSample, bool kRoot>
class Spread final : public Numeric<Spread<kSample, kRoot>> {
 public:
  void add_number(Number number) { state_.add(number.as_double()); }
  Slice outcome(Context& context) {
    if (state_.count < (kSample ? 2 : 1)) return Slice::null();
    double variance = state_.squares / double(state_.count - (kSample ? 1 : 0));
    return from_double_integral(kRoot ? std::sqrt(variance) : variance, context.arena());
  }
  static std::string_view name() {
    return kRoot ? (kSample ? "STDDEV_SAMPLE" : "STDDEV_POPULATION")
                 : (kSample ? "VARIANCE_SAMPLE" : "VARIANCE_POPULATION");
  }
  Moments state_;
};

enum class BitOperation { kAnd, kOr, kXor };

template <BitOperation kOperation>
class Bits final : public Aggregator {
 public:
  void add(Slice value) override {
    uint32_t bits;
    if (value.is_null()) return;
    if (is_bits(value, bits)) {
      combine(bits);
    } else {
      is_spoiled_ = true;
    }
  }
  Slice result(Context& context) override {
    constexpr std::string_view kNames[] = {"BIT_AND", "BIT_OR", "BIT_XOR"};
    if (is_spoiled_) return wrong_type(context, kNames[int(kOperation)]);
    return is_empty_ ? Slice::null() : context.arena().integer(bits_);
  }
  void reset() override { bits_ = 0, is_empty_ = true, is_spoiled_ = false; }
  void merge(Aggregator& other) override {
    auto& same = static_cast<Bits&>(other);
    is_spoiled_ |= same.is_spoiled_;
    if (!same.is_empty_) combine(same.bits_);
  }
  void save(std::string& to) const override {
    append_state(bits_, to);
    append_state(is_empty_, to);
    append_state(is_spoiled_, to);
  }
  const char* merge_saved(const char* from) override {
    Bits saved;
    from = load_state(load_state(load_state(from, saved.bits_), saved.is_empty_), saved.is_spoiled_);
    merge(saved);
    return from;
  }

 private:
  void combine(uint32_t bits) {
    bits_ = is_empty_                          ? bits
            : kOperation == BitOperation::kAnd ? bits_ & bits
            : kOperation == BitOperation::kOr  ? bits_ | bits
                                               : bits_ ^ bits;
    is_empty_ = false;
  }
  uint32_t bits_ = 0;
  bool is_empty_ = true, is_spoiled_ = false;
};

void write_array(Context& context, const std::vector<Slice>& values) {
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (Slice value : values) builder.slice(value);
  builder.close();
}

enum class Distinct { kValues, kSorted, kCount };

template <Distinct kKind>
class Unique final : public Aggregator {
 public:
  void add(Slice value) override {
    if (set_.insert(value)) set_.move_last(arena_.copy(value.is_none() ? Slice::null() : value));
  }
  Slice result(Context& context) override {
    if constexpr (kKind == Distinct::kCount) return context.arena().integer(int64_t(set_.size()));
    std::vector<Slice> values = set_.values();
    if (kKind == Distinct::kSorted) {
      std::ranges::sort(values, [](Slice left, Slice right) { return value::compare(left, right) < 0; });
    }
    write_array(context, values);
    return context.finish();
  }
  void reset() override {
    set_.clear();
    arena_.reset();
  }
  void merge(Aggregator& other) override {
    for (Slice value : static_cast<Unique&>(other).set_.values()) add(value);
  }
  void save(std::string& to) const override { append_values(set_.values(), to); }
  const char* merge_saved(const char* from) override {
    return load_values(from, [this](Slice value) { add(value); });
  }
  size_t memory_bytes() const override { return arena_.reserved() + set_.memory_bytes(); }

 private:
  value::Arena arena_;
  ValueSet set_;
};

class Push final : public Aggregator {
 public:
  void add(Slice value) override { values_.push_back(arena_.copy(value.is_none() ? Slice::null() : value)); }
  Slice result(Context& context) override {
    write_array(context, values_);
    return context.finish();
  }
  void reset() override {
    values_.clear();
    arena_.reset();
  }
  void merge(Aggregator& other) override {
    for (Slice value : static_cast<Push&>(other).values_) add(value);
  }
  void save(std::string& to) const override { append_values(values_, to); }
  const char* merge_saved(const char* from) override {
    return load_values(from, [this](Slice value) { add(value); });
  }
  size_t memory_bytes() const override { return arena_.reserved() + values_.capacity() * sizeof(Slice); }

 private:
  value::Arena arena_;
  std::vector<Slice> values_;
};

template <typename State>
std::unique_ptr<Aggregator> make(Context&) {
  return std::make_unique<State>();
}

constexpr Aggregate kAggregates[] = {
    {"AVERAGE", 1, 1, make<Average>},
    {"AVG", 1, 1, make<Average>},
    {"BIT_AND", 1, 1, make<Bits<BitOperation::kAnd>>},
    {"BIT_OR", 1, 1, make<Bits<BitOperation::kOr>>},
    {"BIT_XOR", 1, 1, make<Bits<BitOperation::kXor>>},
    {"COUNT", 0, 1, make<Count>},
    {"COUNT_DISTINCT", 1, 1, make<Unique<Distinct::kCount>>},
    {"COUNT_UNIQUE", 1, 1, make<Unique<Distinct::kCount>>},
    {"LENGTH", 0, 1, make<Count>},
    {"MAX", 1, 1, make<Extreme<true>>},
    {"MIN", 1, 1, make<Extreme<false>>},
    {"PUSH", 1, 1, make<Push>},
    {"SORTED_UNIQUE", 1, 1, make<Unique<Distinct::kSorted>>},
    {"STDDEV", 1, 1, make<Spread<false, true>>},
    {"STDDEV_POPULATION", 1, 1, make<Spread<false, true>>},
    {"STDDEV_SAMPLE", 1, 1, make<Spread<true, true>>},
    {"SUM", 1, 1, make<Sum>},
    {"UNIQUE", 1, 1, make<Unique<Distinct::kValues>>},
    {"VARIANCE", 1, 1, make<Spread<false, false>>},
    {"VARIANCE_POPULATION", 1, 1, make<Spread<false, false>>},
    {"VARIANCE_SAMPLE", 1, 1, make<Spread<true, false>>},
};

}  // namespace

void Total::add(Number number) {
  if (number.is_integer) {
    int64_t sum;
    if (!__builtin_add_overflow(integer_, number.integer, &sum)) {
      integer_ = sum;
      return;
    }
  }
  add_real(number.as_double());
}

void Total::add_real(double real) {
  has_real_ = true;
  double sum = real_ + real;
  lost_ += std::abs(real_) >= std::abs(real) ? (real_ - sum) + real : (real - sum) + real_;
  real_ = sum;
}

void Total::add(const Total& other) {
  add(Number::from_integer(other.integer_));
  if (!other.has_real_) return;
  add_real(other.real_);
  add_real(other.lost_);
}

Number Total::value() const {
  if (!has_real_) return Number::from_integer(integer_);
  double rest = std::isfinite(lost_) ? lost_ : 0;
  return Number::from_double(real_ + double(integer_) + rest);
}

bool is_bits(Slice value, uint32_t& bits) {
  if (!value.is_number()) return false;
  double number = value.as_double();
  if (!(number >= 0 && number <= 4294967295.0) || std::trunc(number) != number) return false;
  bits = uint32_t(number);
  return true;
}

const Aggregate* find_aggregate(std::string_view name) {
  for (const Aggregate& aggregate : kAggregates) {
    if (std::ranges::equal(aggregate.name, name, {}, {}, [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; })) {
      return &aggregate;
    }
  }
  return nullptr;
}

}  // namespace workerdb::aql::functions
