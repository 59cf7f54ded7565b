#pragma once
// A context with an arena of its own, for tests of this folder.
#include <gtest/gtest.h>

#include "aql/functions/context.h"
#include "aql/functions/registry.h"
#include "value/json.h"

namespace workerdb::aql::functions {

class TestingContext : public Context {
 public:
  TestingContext() {
    set_arena(&own_arena_);
    database = "_system";
  }
  // Calls a function with the members of a JSON array; its result as JSON.
  std::string call(std::string_view name, std::string_view arguments) {
    const Function* function = find_function(name);
    if (function == nullptr) return "no such function";
    base::Result<value::Buffer> parsed = value::parse_json(arguments);
    if (!parsed) return "bad arguments: " + parsed.error().message();
    value::Slice array = own_arena_.copy(parsed->slice());
    std::vector<value::Slice> values;
    for (value::ArrayIterator item(array); item.valid(); item.next()) values.push_back(item.value());
    if (values.size() < function->min_arguments || values.size() > function->max_arguments) return "bad arity";
    std::string result = value::to_json(function->implementation(*this, values));
    if (!scratch().is_empty()) return "the scratch was left filled";
    return result;
  }
  // The number of the one warning or error, 0 without any, -1 for several.
  int problem() const {
    if (failed()) return error().number();
    if (warning_count() > 1) return -1;
    return warnings().empty() ? 0 : static_cast<int>(warnings()[0].code);
  }

 private:
  value::Arena own_arena_;
};

struct Case {
  std::string_view name, arguments, result;
  int problem = 0;
};
// Each case in a context of its own.
inline void check(std::span<const Case> cases) {
  for (const Case& one : cases) {
    TestingContext context;
    SCOPED_TRACE(std::string(one.name) + std::string(one.arguments));
    EXPECT_EQ(context.call(one.name, one.arguments), one.result);
    EXPECT_EQ(context.problem(), one.problem);
  }
}

}  // namespace workerdb::aql::functions
