#pragma once
// An analyzer turns a text into terms. Source: the 3.12 documentation, "Transforming data with Analyzers".
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::search::analysis {

struct Term {
  std::string text;
  // What the term was made of, in bytes of the analyzed text.
  uint32_t start_bytes, end_bytes;
};

// Lives as long as the program. Any thread may use it.
class Analyzer {
 public:
  virtual ~Analyzer() = default;
  virtual std::string_view name() const = 0;
  // The terms in the order of the text, after those that are in `to` already.
  virtual void analyze(std::string_view text, std::vector<Term>& to) const = 0;
};

// Null if there is none of that name, which is case-sensitive.
const Analyzer* built_in_analyzer(std::string_view name);
std::span<const Analyzer* const> built_in_analyzers();

}  // namespace workerdb::search::analysis
