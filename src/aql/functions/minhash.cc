// MinHash signatures: the smallest hashes of a set stand for it.
#include <algorithm>
#include <cmath>

#include "aql/functions/implementation.h"
#include "base/base64.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

Slice minhash(Context& context, Arguments arguments) {
  if (!arguments[0].is_array() || !arguments[1].is_number()) return wrong_type(context, "MINHASH");
  int64_t count = to_integer(arguments[1]);
  if (count < 1) return wrong_type(context, "MINHASH");
  std::vector<uint64_t> hashes;
  for (value::ArrayIterator item(arguments[0]); item.valid(); item.next()) hashes.push_back(value::hash(item.value()));
  std::ranges::sort(hashes);
  auto repeated = std::ranges::unique(hashes);
  hashes.erase(repeated.begin(), repeated.end());
  if (hashes.size() > uint64_t(count)) hashes.resize(size_t(count));
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (uint64_t hash : hashes) {
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = char(hash >> (56 - 8 * i));
    std::string text = base::base64_encode({bytes, 8});
    text.pop_back();  // eight bytes always leave one sign of padding
    builder.string(text);
  }
  builder.close();
  return context.finish();
}

Slice minhash_count(Context& context, Arguments arguments) {
  double error = arguments[0].is_number() ? arguments[0].as_double() : -1;
  if (!(error > 0 && error < 1)) return wrong_type(context, "MINHASH_COUNT");
  return from_double_integral(std::ceil(1 / (error * error)), context.arena());
}

Slice minhash_error(Context& context, Arguments arguments) {
  double count = arguments[0].is_number() ? arguments[0].as_double() : 0;
  if (!(count >= 1)) return wrong_type(context, "MINHASH_ERROR");
  return from_double_integral(1 / std::sqrt(count), context.arena());
}

constexpr Function kFunctions[] = {
    {"MINHASH", "miscellaneous", 2, 2, kDeterministic, "values: array, numHashes: number",
     "The MinHash signature of an array's different members: at most so many hashes.",
     "RETURN MINHASH([1, 2], 5) == MINHASH([2, 1, 1], 5)", "[true]", minhash},
    {"MINHASH_COUNT", "miscellaneous", 1, 1, kDeterministic, "error: number",
     "How many hashes an error between 0 and 1 needs.", "RETURN MINHASH_COUNT(0.05)", "[400]", minhash_count},
    {"MINHASH_ERROR", "miscellaneous", 1, 1, kDeterministic, "numHashes: number",
     "The error to expect of so many hashes.", "RETURN MINHASH_ERROR(400)", "[0.05]", minhash_error},
};

}  // namespace

std::span<const Function> minhash_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
