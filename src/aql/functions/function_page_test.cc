#include "aql/functions/function_page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "aql/functions/registry.h"

namespace workerdb::aql::functions {
namespace {

TEST(FunctionPage, IsUpToDate) {
  std::ifstream file("docs/AQL-FUNCTIONS.md");
  std::string stored((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(stored == function_page()) << "the registry changed: run aql_function_page docs/AQL-FUNCTIONS.md";
}

TEST(FunctionPage, HoldsEveryFunction) {
  std::string page = function_page();
  for (const Function& function : all_functions()) {
    EXPECT_NE(page.find("\n### " + std::string(function.name) + "\n"), std::string::npos) << function.name;
    EXPECT_NE(page.find(function.description), std::string::npos) << function.name;
  }
}

}  // namespace
}  // namespace workerdb::aql::functions
