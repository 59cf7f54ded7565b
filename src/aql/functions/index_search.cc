// The old functions that ask a geo or fulltext index of a collection, and end the query where there is none.
#include <fmt/format.h>

#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// The documentation asks for an error when the query runs, and for none when it is explained.
Slice index_missing(Context& context, Arguments arguments, base::ErrorCode code, std::string_view what,
                    std::string_view function) {
  if (!arguments[0].is_string()) return wrong_type(context, function);
  std::string_view collection = arguments[0].as_string();
  if (context.data != nullptr) {
    if (auto count = context.data->collection_count(collection); !count) {
      context.fail(std::move(count).error());
      return Slice::null();
    }
  }
  context.fail({code, fmt::format("no suitable {} index found for {} '{}'", what,
                                  what == "geo" ? "geo restriction on" : "fulltext query on", collection)});
  return Slice::null();
}

template <bool kIsRadius>
Slice around(Context& context, Arguments arguments) {
  constexpr std::string_view kName = kIsRadius ? "WITHIN" : "NEAR";
  bool are_numbers = arguments[1].is_number() && arguments[2].is_number();
  Slice bound = argument(arguments, 3), name = argument(arguments, 4);
  if (!are_numbers || !(bound.is_number() || (!kIsRadius && bound.is_null())) ||
      !(name.is_string() || name.is_null())) {
    return wrong_type(context, kName);
  }
  return index_missing(context, arguments, base::ErrorCode::kQueryGeoIndexMissing, "geo", kName);
}

Slice within_rectangle(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "WITHIN_RECTANGLE";
  for (Slice number : arguments.subspan(1)) {
    if (!number.is_number()) return wrong_type(context, kName);
  }
  return index_missing(context, arguments, base::ErrorCode::kQueryGeoIndexMissing, "geo", kName);
}

Slice fulltext(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "FULLTEXT";
  Slice limit = argument(arguments, 3);
  if (!arguments[1].is_string() || !arguments[2].is_string() || !(limit.is_number() || limit.is_null()))
    return wrong_type(context, kName);
  return index_missing(context, arguments, base::ErrorCode::kQueryFulltextIndexMissing, "fulltext", kName);
}

constexpr uint32_t kFlags = kReadsDocuments | kTakesCollection | kNeedsServer;
constexpr Function kFunctions[] = {
    {"FULLTEXT", "fulltext", 3, 4, kFlags, "coll: collection, attribute: string, query: string, limit?: number",
     "The documents that a fulltext index finds; error 1571, as collections have no such index.",
     "RETURN FULLTEXT(places, \"body\", \"banana\")", "error 1571", fulltext},
    {"NEAR", "geo", 3, 5, kFlags,
     "coll: collection, latitude: number, longitude: number, limit?: number, distanceName?: string",
     "The documents nearest to a point by a geo index; error 1570, as collections have no such index.",
     "RETURN NEAR(places, 50.9, 6.9, 10)", "error 1570", around<false>},
    {"WITHIN", "geo", 4, 5, kFlags,
     "coll: collection, latitude: number, longitude: number, radius: number, distanceName?: string",
     "The documents within a radius by a geo index; error 1570, as collections have no such index.",
     "RETURN WITHIN(places, 50.9, 6.9, 1000)", "error 1570", around<true>},
    {"WITHIN_RECTANGLE", "geo", 5, 5, kFlags,
     "coll: collection, latitude1: number, longitude1: number, latitude2: number, longitude2: number",
     "The documents inside of a rectangle by a geo index; error 1570, as collections have no such index.",
     "RETURN WITHIN_RECTANGLE(places, 50, 6, 51, 7)", "error 1570", within_rectangle},
};

}  // namespace

std::span<const Function> index_search_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
