// Bounds of values as bounds of keys.
#include "storage/index_entries.h"
#include "storage/key_encoding.h"
#include "storage/rocks.h"
#include "storage/scans.h"

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;
using value::Slice;
using value::Type;

// Keys are printable ASCII, which collates byte by byte; another string collates between two of them. Gives the least
// byte string that is greater than all keys below `text` (which is no key itself then).
std::string key_boundary(std::string_view text, bool& is_possible_key) {
  std::string encoded;
  append_encoded(value::Buffer([&] {
                   value::Builder builder;
                   builder.string(text);
                   return builder.take();
                 }())
                     .slice(),
                 encoded);
  size_t end = 1;
  while (encoded[end] >= 0x20 && encoded[end] < 0x7f) ++end;
  is_possible_key = encoded[end] == 0x00 && encoded[end + 1] == 0x02;
  std::string boundary = encoded.substr(1, end - 1);
  if (is_possible_key || (encoded[end] == 0x00 && encoded[end + 1] == 0x01)) return boundary;
  return boundary + (encoded[end] == 0x00 ? '\x01' : encoded[end]);
}

// Appends where a bound on _key stands. False: all keys (for lower: none) lie below.
bool append_key_bound(Slice bound, bool beyond_equal, std::string& to) {
  if (bound.type() > Type::kString) return false;
  if (bound.type() < Type::kString) return true;
  bool is_possible_key = false;
  to += key_boundary(bound.as_string(), is_possible_key);
  if (is_possible_key && beyond_equal) to.push_back('\0');
  return true;
}

bool primary_range(uint64_t documents, const IndexBounds& bounds, std::string& lower, std::string& upper) {
  append_id(documents, lower);
  append_id(documents, upper);
  if (!bounds.equal.empty()) {
    if (!bounds.equal[0].is_string() || !is_valid_key(bounds.equal[0].as_string())) return false;
    lower += bounds.equal[0].as_string();
    upper += bounds.equal[0].as_string();
    upper.push_back('\0');
    return true;
  }
  if (bounds.lower && !append_key_bound(*bounds.lower, !bounds.lower_inclusive, lower)) return false;
  if (!bounds.upper || bounds.upper->type() > Type::kString) {
    upper.push_back(kBeyond);
    return true;
  }
  append_key_bound(*bounds.upper, bounds.upper_inclusive, upper);
  return lower < upper;
}

Result<bool> edge_range(const Index& index, const IndexBounds& bounds, std::string& lower, std::string& upper) {
  if (bounds.lower || bounds.upper || bounds.equal.size() > 1 || bounds.field > 1) {
    return {ErrorCode::kBadParameter, "the edge index serves equality of _from or _to only"};
  }
  if (bounds.equal.empty()) {
    append_id(index.object_id, lower);
    upper = lower;
    lower.push_back(char(bounds.field));
    upper.push_back(char(bounds.field + 1));
    return true;
  }
  Slice vertex = bounds.equal[0];
  if (!vertex.is_string() || vertex.as_string().find('\0') != std::string_view::npos) return false;
  append_edge_prefix(index, bounds.field, vertex.as_string(), lower);
  upper = lower;
  upper.push_back(kBeyond);
  return true;
}

}  // namespace

Result<bool> index_range(const Index& index, uint64_t documents, const IndexBounds& bounds, std::string& lower,
                         std::string& upper) {
  lower.clear(), upper.clear();
  if (index.type == IndexType::kPrimary) return primary_range(documents, bounds, lower, upper);
  if (index.type == IndexType::kEdge) return edge_range(index, bounds, lower, upper);
  bool has_range = bounds.lower || bounds.upper;
  if (bounds.equal.size() + has_range > index.fields.size()) {
    return {ErrorCode::kBadParameter, "more bounds than the index has fields"};
  }
  append_id(index.object_id, lower);
  for (Slice value : bounds.equal) append_encoded(value, lower);
  upper = lower;
  if (bounds.lower) {
    append_encoded(*bounds.lower, lower);
    if (!bounds.lower_inclusive) lower.push_back(kBeyond);
  }
  if (bounds.upper) append_encoded(*bounds.upper, upper);
  if (!bounds.upper || bounds.upper_inclusive) upper.push_back(kBeyond);
  return lower < upper;
}

}  // namespace workerdb::storage
