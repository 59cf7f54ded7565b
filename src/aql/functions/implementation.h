#pragma once
// What the files of implementations share: the tables that the registry collects, and the usual warnings.
// Included only by .cc files of this folder.
#include <span>
#include <string>
#include <string_view>

#include "aql/functions/context.h"
#include "aql/functions/conversion.h"
#include "aql/functions/registry.h"
#include "value/order.h"
#include "value/slice.h"

namespace workerdb::aql::functions {

using Arguments = std::span<const value::Slice>;

// One table a file. The registry puts them together and sorts them by name.
std::span<const Function> type_functions();
std::span<const Function> string_functions();
std::span<const Function> string_part_functions();
std::span<const Function> string_search_functions();
std::span<const Function> string_encoding_functions();
std::span<const Function> string_similarity_functions();
std::span<const Function> regex_functions();
std::span<const Function> numeric_functions();
std::span<const Function> statistics_functions();
std::span<const Function> vector_functions();
std::span<const Function> array_functions();
std::span<const Function> array_set_functions();
std::span<const Function> array_edit_functions();
std::span<const Function> object_functions();
std::span<const Function> object_merge_functions();
std::span<const Function> date_functions();
std::span<const Function> date_part_functions();
std::span<const Function> date_shift_functions();
std::span<const Function> bit_functions();
std::span<const Function> geo_functions();
std::span<const Function> geo_measure_functions();
std::span<const Function> index_search_functions();
std::span<const Function> text_search_functions();
std::span<const Function> control_functions();
std::span<const Function> document_functions();
std::span<const Function> minhash_functions();

// Warnings that give null as the function's result. The name is the function's, in upper case.
value::Slice wrong_type(Context& context, std::string_view function);
value::Slice warned(Context& context, base::ErrorCode code, std::string message);
// kInvalidRegex, kInvalidDateValue …: the documented text of the number, after the function's name.
value::Slice warned(Context& context, base::ErrorCode code, std::string_view function);

// The text of kQueryFunctionArgumentTypeMismatch with its function.
std::string wrong_type_message(std::string_view function);

// An optional argument: none where it was not given.
inline value::Slice argument(Arguments arguments, size_t position) {
  return position < arguments.size() ? arguments[position] : value::Slice();
}
inline bool flag(Arguments arguments, size_t position) { return to_boolean(argument(arguments, position)); }

// False, with an error on the query, where a result would be larger than one value may be.
bool fits(Context& context, size_t bytes);

}  // namespace workerdb::aql::functions
