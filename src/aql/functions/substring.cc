#include "aql/functions/substring.h"

#include <string.h>  // memmem: the C library's is the two-way algorithm

#include <string>

namespace workerdb::aql::functions {

size_t find_first(std::string_view text, std::string_view search, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (search.empty()) return from;
  const void* at = memmem(text.data() + from, text.size() - from, search.data(), search.size());
  return at == nullptr ? std::string_view::npos : size_t(static_cast<const char*>(at) - text.data());
}

size_t find_last(std::string_view text, std::string_view search) {
  if (search.size() > text.size()) return std::string_view::npos;
  std::string backwards(text.rbegin(), text.rend()), wanted(search.rbegin(), search.rend());
  size_t at = find_first(backwards, wanted);
  return at == std::string_view::npos ? at : text.size() - at - search.size();
}

}  // namespace workerdb::aql::functions
