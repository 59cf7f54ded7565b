#pragma once
// The states of the numeric aggregates, shared by COLLECT's aggregates and the functions of the same names.
// Included only by .cc files of this folder.
#include <cmath>
#include <string>

#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {

// Exact on integers as long as int64 holds the sum, compensated (Neumaier) on doubles.
class Total {
 public:
  void add(Number number);
  void add(const Total& other);
  Number value() const;
  double as_double() const { return value().as_double(); }

 private:
  void add_real(double real);
  int64_t integer_ = 0;
  double real_ = 0, lost_ = 0;
  bool has_real_ = false;
};

// Mean and sum of squared distances from it (Welford; merged after Chan).
struct Moments {
  uint64_t count = 0;
  double mean = 0, squares = 0;

  void add(double value) {
    ++count;
    double before = value - mean;
    mean += before / double(count);
    squares += before * (value - mean);
  }
  void add(const Moments& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;  // exactly
      return;
    }
    double distance = other.mean - mean, all = double(count + other.count);
    squares += other.squares + distance * distance * double(count) * double(other.count) / all;
    mean += distance * double(other.count) / all;
    count += other.count;
  }
};

// A whole number of 32 bits, as the bit functions accept it.
bool is_bits(value::Slice value, uint32_t& bits);

}  // namespace workerdb::aql::functions
