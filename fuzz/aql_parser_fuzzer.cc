// Any bytes: the parser answers with a tree or an error, and what it prints of a tree reads back as the same tree.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "aql/syntax/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace workerdb::aql::syntax;  // NOLINT: the fuzzer is about nothing else
  auto query = parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!query) return 0;
  std::string printed = to_string(**query);
  auto again = parse(printed);
  if (!again) {
    // Parentheses that printing adds count as levels too.
    if (again.error().code() == workerdb::base::ErrorCode::kQueryTooMuchNesting) return 0;
    std::fprintf(stderr, "does not read back: %s\n%s\n", printed.c_str(), again.error().message().c_str());
    std::abort();
  }
  if (to_string(**again) != printed || to_string(*clone(**query)) != printed) {
    std::fprintf(stderr, "reads back as another tree:\n%s\n%s\n", printed.c_str(), to_string(**again).c_str());
    std::abort();
  }
  return 0;
}
