#include "aql/functions/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "aql/functions/implementation.h"
#include "base/assert.h"

namespace workerdb::aql::functions {
namespace {

// Compares in upper case without copying; names are ASCII.
int compare_names(std::string_view upper, std::string_view name) {
  size_t shared = std::min(upper.size(), name.size());
  for (size_t i = 0; i < shared; ++i) {
    char c = name[i] >= 'a' && name[i] <= 'z' ? char(name[i] - 'a' + 'A') : name[i];
    if (upper[i] != c) return static_cast<unsigned char>(upper[i]) < static_cast<unsigned char>(c) ? -1 : 1;
  }
  return upper.size() < name.size() ? -1 : upper.size() > name.size();
}

const std::vector<Function>& table() {
  static const std::vector<Function> all = [] {
    std::vector<Function> functions;
    for (auto part : {type_functions(),
                      string_functions(),
                      string_part_functions(),
                      string_search_functions(),
                      string_encoding_functions(),
                      string_similarity_functions(),
                      regex_functions(),
                      numeric_functions(),
                      statistics_functions(),
                      vector_functions(),
                      bit_functions(),
                      array_functions(),
                      array_set_functions(),
                      array_edit_functions(),
                      object_functions(),
                      object_merge_functions(),
                      date_functions(),
                      date_part_functions(),
                      date_shift_functions(),
                      geo_functions(),
                      geo_measure_functions(),
                      index_search_functions(),
                      text_search_functions(),
                      control_functions(),
                      document_functions(),
                      minhash_functions()}) {
      functions.insert(functions.end(), part.begin(), part.end());
    }
    std::ranges::sort(functions, {}, &Function::name);
    auto same = std::ranges::adjacent_find(functions, {}, &Function::name);
    ASSERT(same == functions.end());
    return functions;
  }();
  return all;
}

}  // namespace

const Function* find_function(std::string_view name) {
  const std::vector<Function>& functions = table();
  auto at = std::ranges::lower_bound(
      functions, name, [](std::string_view upper, std::string_view key) { return compare_names(upper, key) < 0; },
      &Function::name);
  return at != functions.end() && compare_names(at->name, name) == 0 ? &*at : nullptr;
}

std::span<const Function> all_functions() { return table(); }

std::string wrong_type_message(std::string_view function) {
  return fmt::format("invalid argument type in call to function '{}()'", function);
}

value::Slice wrong_type(Context& context, std::string_view function) {
  context.warn(base::ErrorCode::kQueryFunctionArgumentTypeMismatch, wrong_type_message(function));
  return value::Slice::null();
}

value::Slice warned(Context& context, base::ErrorCode code, std::string message) {
  context.warn(code, std::move(message));
  return value::Slice::null();
}

value::Slice warned(Context& context, base::ErrorCode code, std::string_view function) {
  return warned(context, code, fmt::format("in function '{}()': {}", function, base::default_message(code)));
}

bool fits(Context& context, size_t bytes) {
  if (bytes <= context.largest_value_bytes) return true;
  context.fail({base::ErrorCode::kResourceLimit,
                fmt::format("a function's result is larger than {} bytes", context.largest_value_bytes)});
  return false;
}

}  // namespace workerdb::aql::functions
