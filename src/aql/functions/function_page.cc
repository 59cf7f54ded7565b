#include "aql/functions/function_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "aql/functions/registry.h"
#include "base/assert.h"

namespace workerdb::aql::functions {
namespace {

struct Category {
  std::string_view name, heading;
};

constexpr Category kCategories[] = {
    {"type-check-cast", "Type checks and casts"},
    {"string", "Strings"},
    {"numeric", "Numbers"},
    {"array", "Arrays"},
    {"document-object", "Objects and documents"},
    {"date", "Dates"},
    {"bit", "Bits"},
    {"geo", "Geo"},
    {"vector", "Vectors"},
    {"arangosearch", "Search"},
    {"fulltext", "Fulltext"},
    {"miscellaneous", "Miscellaneous"},
};

constexpr std::string_view kHead = R"(# AQL functions

Made from the registry in `src/aql/functions`: change a function's entry there, then run
`build/dev/tests/aql/aql_function_page docs/AQL-FUNCTIONS.md`. A test compares this page with the registry, and another
one runs every example, with two documents in a collection `places`: `berlin`, whose `country` is `DE`, and `rome`.

Names are not case-sensitive. An argument marked with `?` may be left out, `…` stands for more of the same; too few or
too many arguments are error 1541 before the query runs. An argument of a type that a function cannot take gives null
and the warning 1542, a regular expression that is invalid or takes too long null and the warning 1543, a date that is
none null and the warning 1572. With the option `failOnWarning` a warning ends the query.

What is said in brackets: *not deterministic*, the call is neither folded nor moved and no cache keeps the result;
*reads documents*, forbidden after a data modification of the same query (1579); *not in PRUNE*; *internal*, made for
tests. User-defined functions (`namespace::name`) and Foxx need a JavaScript engine, which queries do not have here: a
call of one is error 1582, `V8()` is error 9.
)";

std::string remarks(const Function& function) {
  std::string text;
  auto add = [&](bool holds, std::string_view remark) {
    if (holds) text += (text.empty() ? " (" : ", ") + std::string(remark);
  };
  add(!function.is_deterministic(), "not deterministic");
  add((function.flags & kReadsDocuments) != 0, "reads documents");
  add((function.flags & kNeedsServer) != 0, "not in PRUNE");
  add((function.flags & kInternal) != 0, "internal");
  return text.empty() ? text : text + ")";
}

void append(const Function& function, std::string& to) {
  auto out = std::back_inserter(to);
  fmt::format_to(out, "\n### {}\n\n", function.name);
  std::string_view ways = function.parameters;
  for (bool is_first = true;; is_first = false) {
    size_t end = ways.find(" or ");
    fmt::format_to(out, "{}`{}({})`", is_first ? "" : " or ", function.name, ways.substr(0, end));
    if (end == std::string_view::npos) break;
    ways.remove_prefix(end + 4);
  }
  fmt::format_to(out, "{}\n\n{}\n\n```aql\n{}\n```\n", remarks(function), function.description, function.example);
  fmt::format_to(out, "gives {} `{}`\n", function.example_result.starts_with("error") ? "the" : "the rows",
                 function.example_result);
}

}  // namespace

std::string function_page() {
  std::string page(kHead);
  size_t written = 0;
  for (const Category& category : kCategories) {
    page += fmt::format("\n## {}\n", category.heading);
    for (const Function& function : all_functions()) {
      if (function.category != category.name) continue;
      append(function, page);
      ++written;
    }
  }
  ASSERT(written == all_functions().size());
  return page;
}

}  // namespace workerdb::aql::functions
