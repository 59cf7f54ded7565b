// Choosing, checking and calling.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "aql/functions/implementation.h"
#include "base/version.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

template <bool (Slice::*kAsks)() const>
Slice first_that(Context&, Arguments arguments) {
  for (Slice value : arguments) {
    if ((value.*kAsks)()) return value;
  }
  return Slice::null();
}

Slice not_null(Context&, Arguments arguments) {
  for (Slice value : arguments) {
    if (!value.is_null()) return value;
  }
  return Slice::null();
}

Slice min_match(Context&, Arguments arguments) {
  int64_t needed = to_integer(arguments.back());
  int64_t matched = std::ranges::count_if(arguments.first(arguments.size() - 1), to_boolean);
  return Slice::boolean(matched >= needed);
}

Slice in_range(Context&, Arguments arguments) {
  int above = value::compare(arguments[0], arguments[1]), below = value::compare(arguments[0], arguments[2]);
  bool from = to_boolean(arguments[3]) ? above >= 0 : above > 0;
  return Slice::boolean(from && (to_boolean(arguments[4]) ? below <= 0 : below < 0));
}

Slice assert_true(Context& context, Arguments arguments) {
  if (to_boolean(arguments[0])) return Slice::boolean(true);
  context.fail({base::ErrorCode::kQueryUserAssert, std::string(Text(arguments[1]).view())});
  return Slice::null();
}

Slice warn_unless(Context& context, Arguments arguments) {
  if (to_boolean(arguments[0])) return Slice::boolean(true);
  context.warn(base::ErrorCode::kQueryUserWarn, std::string(Text(arguments[1]).view()));
  return Slice::boolean(false);
}

Slice fail(Context& context, Arguments arguments) {
  context.fail({base::ErrorCode::kQueryFailCalled, fmt::format("FAIL({}) called", Text(arguments[0]).view())});
  return Slice::null();
}

Slice v8(Context& context, Arguments) {
  context.fail({base::ErrorCode::kNotImplemented,
                "V8() needs a JavaScript engine, and queries run without one here: leave the call out"});
  return Slice::null();
}

Slice unchanged(Context&, Arguments arguments) { return arguments[0]; }

// In small steps, so that a query that is killed does not sleep on.
Slice sleep(Context& context, Arguments arguments) {
  constexpr auto kStep = std::chrono::milliseconds(10);
  double seconds = arguments[0].is_number() ? arguments[0].as_double() : -1;
  if (!(seconds >= 0)) return wrong_type(context, "SLEEP");
  auto end = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                    std::chrono::duration<double>(std::min(seconds, 1e8)));
  while (!context.should_stop()) {
    auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::steady_clock::duration::zero()) break;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, kStep));
  }
  return Slice::null();
}

// The dialect that is spoken, not this program's own version.
Slice version(Context& context, Arguments) { return context.arena().string(base::kArangoDbVersion); }

Slice hash(Context& context, Arguments arguments) {
  // 52 bits: every client reads the number exactly.
  return context.arena().integer(int64_t(value::hash(arguments[0]) >> 12));
}

Slice call_by_name(Context& context, Slice name, Arguments arguments, std::string_view caller) {
  if (!name.is_string()) return wrong_type(context, caller);
  std::string_view text = name.as_string();
  const Function* function = find_function(text);
  if (function == nullptr) {
    bool is_user_defined = text.find("::") != std::string_view::npos;
    context.fail(
        {is_user_defined ? base::ErrorCode::kQueryFunctionNotFound : base::ErrorCode::kQueryFunctionNameUnknown,
         is_user_defined ? fmt::format("user function '{}()' not found", text)
                         : fmt::format("usage of unknown function '{}()'", text)});
    return Slice::null();
  }
  if (function->name == "CALL" || function->name == "APPLY") {
    context.fail(
        {base::ErrorCode::kQueryDisallowedDynamicCall, fmt::format("disallowed dynamic call to '{}'", function->name)});
    return Slice::null();
  }
  if (arguments.size() < function->min_arguments || arguments.size() > function->max_arguments) {
    context.fail({base::ErrorCode::kQueryFunctionArgumentNumberMismatch,
                  fmt::format("invalid number of arguments for function '{}()', expected number of arguments: "
                              "minimum: {}, maximum: {}",
                              function->name, function->min_arguments, function->max_arguments)});
    return Slice::null();
  }
  return function->implementation(context, arguments);
}

Slice call(Context& context, Arguments arguments) {
  return call_by_name(context, arguments[0], arguments.subspan(1), "CALL");
}

Slice apply(Context& context, Arguments arguments) {
  std::vector<Slice> values;
  if (arguments.size() > 1) {
    if (!arguments[1].is_array()) return wrong_type(context, "APPLY");
    for (value::ArrayIterator item(arguments[1]); item.valid(); item.next()) values.push_back(item.value());
  }
  return call_by_name(context, arguments[0], values, "APPLY");
}

constexpr std::string_view kCategory = "miscellaneous";
constexpr Function kFunctions[] = {
    {"APPLY", kCategory, 1, 2, kNeedsServer, "functionName: string, arguments?: array",
     "Calls the function of a name with an array of arguments.",
     "RETURN APPLY(\"SUBSTRING\", [\"this is a test\", 0, 7])", "[\"this is\"]", apply},
    {"ASSERT", kCategory, 2, 2, 0, "expr: any, message: string", "True, or the end of the query with a message.",
     "RETURN ASSERT(1 < 2, \"order is broken\")", "[true]", assert_true},
    {"CALL", kCategory, 1, kUnlimited, kNeedsServer, "functionName: string, argument?: any, …",
     "Calls the function of a name with these arguments.", "RETURN CALL(\"SUBSTRING\", \"this is a test\", 0, 4)",
     "[\"this\"]", call},
    {"FAIL", kCategory, 1, 1, kInternal, "reason: string", "Ends the query with an error.",
     "RETURN true ? \"okay\" : FAIL(\"error\")", "[\"okay\"]", fail},
    {"FIRST_DOCUMENT", kCategory, 1, kUnlimited, kDeterministic, "alternative: any, …",
     "The first argument that is an object.", "RETURN FIRST_DOCUMENT(null, [1], {a: 1})", "[{\"a\":1}]",
     first_that<&Slice::is_object>},
    {"FIRST_LIST", kCategory, 1, kUnlimited, kDeterministic, "alternative: any, …",
     "The first argument that is an array.", "RETURN FIRST_LIST(null, {a: 1}, [1])", "[[1]]",
     first_that<&Slice::is_array>},
    {"HASH", kCategory, 1, 1, kDeterministic, "value: any", "A number for a value, equal for equal values.",
     "RETURN HASH({a: 1, b: 2}) == HASH({b: 2, a: 1})", "[true]", hash},
    {"IN_RANGE", kCategory, 5, 5, kDeterministic,
     "value: any, low: any, high: any, includeLow: bool, includeHigh: bool",
     "Whether a value lies between two others in AQL's order.", "RETURN IN_RANGE(4, 3, 4, true, false)", "[false]",
     in_range},
    {"MIN_MATCH", kCategory, 2, kUnlimited, kDeterministic, "expr: any, …, minMatchCount: number",
     "Whether at least so many arguments are true.", "RETURN MIN_MATCH(1 < 2, 2 < 1, true, 2)", "[true]", min_match},
    {"NOEVAL", kCategory, 1, 1, kDeterministic | kInternal, "value: any",
     "The argument, evaluated when the query runs.", "RETURN NOEVAL(1 + 1)", "[2]", unchanged},
    {"NOOPT", kCategory, 1, 1, kInternal, "value: any", "The argument, out of the optimizer's reach.",
     "RETURN NOOPT(1 + 1)", "[2]", unchanged},
    {"NOT_NULL", kCategory, 1, kUnlimited, kDeterministic, "alternative: any, …",
     "The first argument that is not null.", "RETURN NOT_NULL(null, 0, 1)", "[0]", not_null},
    {"PASSTHRU", kCategory, 1, 1, kDeterministic | kInternal, "value: any", "The argument.", "RETURN PASSTHRU(1)",
     "[1]", unchanged},
    {"SLEEP", kCategory, 1, 1, kInternal, "seconds: number", "Waits, and gives null.", "RETURN SLEEP(0.01)", "[null]",
     sleep},
    {"V8", kCategory, 1, 1, kInternal | kNeedsServer, "value: any",
     "Ends the query: there is no JavaScript engine for queries.", "RETURN V8(1)", "error 9", v8},
    {"VERSION", kCategory, 0, 0, kDeterministic | kNeedsServer, "",
     "The version of the dialect that the server speaks.", "RETURN VERSION() LIKE \"3.12.%\"", "[true]", version},
    {"WARN", kCategory, 2, 2, 0, "expr: any, message: string", "True, or false and a warning with a message.",
     "RETURN WARN(1 < 2, \"order is broken\")", "[true]", warn_unless},
};

}  // namespace

std::span<const Function> control_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
