#pragma once
// An analyzer turns a text into terms. Source: the 3.12 documentation, "Transforming data with Analyzers".
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::search::analysis {

// Longer texts are cut there, at a character's start.
constexpr size_t kLargestTextBytes = size_t(64) << 20;

struct Term {
  std::string text;
  // What the term was made of, in bytes of the analyzed text.
  uint32_t start_bytes, end_bytes;
  // Which word of the text it is, from 0: several terms of one word stand at one position.
  uint32_t position = 0;
};

// Lives as long as the program, or as the definition that it belongs to. Any thread may use it.
class Analyzer {
 public:
  virtual ~Analyzer() = default;
  // Empty for those that users made.
  virtual std::string_view name() const { return {}; }
  // The terms in the order of the text, after those that are in `to` already. Positions count from 0 for each text.
  virtual void analyze(std::string_view text, std::vector<Term>& to) const = 0;
};

// Null if there is none of that name, which is case-sensitive.
const Analyzer* built_in_analyzer(std::string_view name);
std::span<const Analyzer* const> built_in_analyzers();

}  // namespace workerdb::search::analysis
