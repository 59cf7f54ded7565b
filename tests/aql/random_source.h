#pragma once
// Numbers that are the same on every machine (SplitMix64; the standard's distributions may differ).
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::aqltest {

class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t below(size_t count) { return size_t(next() % count); }
  bool chance(size_t percent) { return below(100) < percent; }
  std::string number(size_t count) { return std::to_string(below(count)); }
  std::string pick(std::initializer_list<std::string_view> from) {
    return std::string(from.begin()[below(from.size())]);
  }
  const std::string& pick(const std::vector<std::string>& from) { return from[below(from.size())]; }

 private:
  uint64_t state_;
};

}  // namespace workerdb::aqltest
