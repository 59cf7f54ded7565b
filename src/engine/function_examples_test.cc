// Every function's example, run as a query: the registry promises what comes of it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "aql/functions/registry.h"
#include "engine/engine.h"
#include "value/json.h"

namespace workerdb::engine {
namespace {

class FunctionExamples : public ::testing::Test {
 protected:
  FunctionExamples() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-engine-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    auto opened = Engine::open(folder_);
    EXPECT_TRUE(opened) << opened.error().message();
    if (!opened) return;
    engine_ = *std::move(opened);
    // The collection that the examples name.
    auto places = engine_->database("_system")->create_collection("places");
    EXPECT_TRUE(places);
    for (std::string_view document : {R"({"_key":"berlin","country":"DE"})", R"({"_key":"rome","country":"IT"})"})
      EXPECT_TRUE(places->insert(value::parse_json(document)->slice()));
  }
  ~FunctionExamples() override {
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // The rows as a JSON array, or the error's number.
  std::string run(std::string_view text, const QueryOptions& options = {}) {
    auto cursor = engine_->database("_system")->query(text, value::Slice::empty_object(), options);
    if (!cursor) return fmt::format("error {}", cursor.error().number());
    std::string rows;
    auto read = cursor->append_json(1000, rows);
    return read ? "[" + rows + "]" : fmt::format("error {}", read.error().number());
  }

  std::string folder_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(FunctionExamples, GiveTheirResults) {
  ASSERT_NE(engine_, nullptr);
  for (const aql::functions::Function& function : aql::functions::all_functions()) {
    SCOPED_TRACE(function.example);
    EXPECT_NE(function.example.find(std::string(function.name) + "("), std::string_view::npos) << function.name;
    EXPECT_FALSE(function.example_result.empty()) << function.name;
    EXPECT_EQ(run(function.example), function.example_result);
  }
}

TEST_F(FunctionExamples, RefuseAnotherNumberOfArguments) {
  ASSERT_NE(engine_, nullptr);
  for (const aql::functions::Function& function : aql::functions::all_functions()) {
    auto call = [&](uint32_t count) {
      std::string text = fmt::format("RETURN {}(", function.name);
      for (uint32_t i = 0; i < count; ++i) text += i == 0 ? "1" : ", 1";
      return run(text + ")");
    };
    if (function.min_arguments > 0) {
      EXPECT_EQ(call(function.min_arguments - 1), "error 1541") << function.name;
    }
    if (function.max_arguments != aql::functions::kUnlimited) {
      EXPECT_EQ(call(function.max_arguments + 1), "error 1541") << function.name;
    }
  }
}

}  // namespace
}  // namespace workerdb::engine
