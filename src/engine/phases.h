#pragma once
// Where a query stands, and how long each part of it took: the "profile" of an answer. Private to this folder.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace workerdb::engine {

enum class Phase : uint8_t {
  kInitializing,
  kParsing,
  kOptimizingAst,
  kLoadingCollections,
  kInstantiatingPlan,
  kOptimizingPlan,
  kInstantiatingExecutors,
  kExecuting,
  kFinalizing,
  kFinished,
  kKilled,
  kInvalid
};
constexpr size_t kTimedPhases = 9;  // those in front of kFinished

// The documentation's names, in the order of Phase.
constexpr std::array<const char*, 12> kPhaseNames = {"initializing",
                                                     "parsing",
                                                     "optimizing ast",
                                                     "loading collections",
                                                     "instantiating plan",
                                                     "optimizing plan",
                                                     "instantiating executors",
                                                     "executing",
                                                     "finalizing",
                                                     "finished",
                                                     "killed",
                                                     "invalid"};

// The query's thread enters phases; any thread may ask which one it is in.
class PhaseClock {
 public:
  PhaseClock() : since_ns_(base::steady_time_ns()) {}

  void enter(Phase phase) {
    int64_t now = base::steady_time_ns();
    auto before = size_t(current_.load(std::memory_order_relaxed));
    if (before < kTimedPhases) taken_ns_[before] += now - since_ns_;
    since_ns_ = now;
    current_.store(phase, std::memory_order_relaxed);
  }
  // A phase inside of another one, which goes on behind it. Without a clock it does nothing.
  class Within {
   public:
    Within(PhaseClock* clock, Phase phase) : clock_(clock), outer_(clock != nullptr ? clock->current() : phase) {
      if (clock_ != nullptr) clock_->enter(phase);
    }
    ~Within() {
      if (clock_ != nullptr) clock_->enter(outer_);
    }
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;

   private:
    PhaseClock* const clock_;
    const Phase outer_;
  };
  Phase current() const { return current_.load(std::memory_order_relaxed); }
  // Of phases that are over.
  double seconds(size_t phase) const { return double(taken_ns_[phase]) / 1e9; }

 private:
  std::atomic<Phase> current_ = Phase::kInitializing;
  int64_t since_ns_;
  std::array<int64_t, kTimedPhases> taken_ns_{};
};

}  // namespace workerdb::engine
