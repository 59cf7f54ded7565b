#pragma once
// A store in a temporary folder, and queries against it without an optimizer: what is tested is the execution. Tests
// may change the plan before it runs.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "aql/execute/constant_evaluator.h"
#include "aql/execute/execution.h"
#include "aql/plan/build.h"
#include "aql/semantics/analyze.h"
#include "aql/syntax/statement.h"
#include "storage/store.h"
#include "value/json.h"

namespace workerdb::aql::execute {

class TestingDatabase : public semantics::CatalogView {
 public:
  TestingDatabase() {
    static int number = 0;
    folder_ = testing::TempDir() + "aql-execute-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    store_ = *storage::Store::open(folder_);
    database_ = store_->find_database("_system");
  }
  ~TestingDatabase() override {
    store_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  storage::CollectionPtr create(const std::string& name, const std::string& documents = "[]",
                                storage::CollectionType type = storage::CollectionType::kDocument) {
    storage::Collection definition;
    definition.name = name;
    definition.type = type;
    storage::CollectionPtr collection = *store_->create_collection(*database_, definition);
    auto transaction = store_->begin();
    value::Buffer parsed = *value::parse_json(documents);
    for (value::ArrayIterator item(parsed.slice()); item.valid(); item.next()) {
      auto result = transaction->insert(*collection, item.value());
      EXPECT_TRUE(result.has_value()) << result.error().message();
    }
    EXPECT_TRUE(transaction->commit().has_value());
    return collection;
  }
  void index(const std::string& collection, const std::string& definition) {
    value::Buffer parsed = *value::parse_json(definition);
    auto made = store_->ensure_index(*store_->find_collection(*database_, collection),
                                     *storage::parse_index_definition(parsed.slice()));
    EXPECT_TRUE(made.has_value()) << made.error().message();
  }

  struct Outcome {
    std::string rows;  // as a JSON array
    int error = 0;
    std::string message;
    uint64_t warnings = 0;
    ExecutionStatistics statistics;
  };
  using Change = std::function<void(plan::Plan&)>;

  // Runs and, if it worked, commits.
  Outcome run(const std::string& text, const ExecutionOptions& options = {}, const Change& change = nullptr) {
    auto transaction = store_->begin();
    Outcome outcome = run_in(*transaction, text, options, change);
    if (outcome.error == 0) {
      EXPECT_TRUE(transaction->commit().has_value());
    }
    return outcome;
  }
  Outcome run_in(storage::Transaction& transaction, const std::string& text, const ExecutionOptions& options = {},
                 const Change& change = nullptr) {
    auto outcome = try_run(transaction, text, options, change);
    if (outcome) return *outcome;
    return {"", outcome.error().number(), outcome.error().message(), 0, {}};
  }
  // The rows in batches of every size, which must be the same; for queries that do not write.
  std::string rows(const std::string& text, const Change& change = nullptr) {
    std::string first;
    for (size_t batch_rows : {1000, 1, 2, 7}) {
      ExecutionOptions options;
      options.batch_rows = batch_rows;
      Outcome outcome = run(text, options, change);
      if (outcome.error != 0) return outcome.message;
      if (batch_rows == 1000) first = outcome.rows;
      EXPECT_EQ(outcome.rows, first) << text << " in batches of " << batch_rows;
    }
    return first;
  }

  base::Result<std::shared_ptr<const Program>> compile_text(const std::string& text, const Change& change = nullptr) {
    auto parsed = TRY(syntax::parse(text));
    ProgramEvaluator evaluator;
    auto analyzed = TRY(semantics::analyze(std::move(*parsed), {}, *this, &evaluator));
    auto plan = TRY(plan::build(std::move(analyzed)));
    if (change) change(*plan);
    return compile(std::move(plan));
  }

  std::shared_ptr<const semantics::CollectionInfo> find_collection(std::string_view name) const override {
    auto found = store_->find_collection(*database_, name);
    if (found == nullptr) return nullptr;
    auto info = std::make_shared<semantics::CollectionInfo>();
    info->id = found->id;
    info->name = found->name;
    info->is_edge = found->type == storage::CollectionType::kEdge;
    info->document_count = store_->document_count(*found);
    for (const auto& index : found->indexes) {
      auto described = std::make_shared<semantics::IndexInfo>();
      described->id = index->id;
      described->name = index->name;
      for (const auto& path : index->fields) {
        semantics::IndexInfo::Field field;
        for (const auto& step : path) {
          (field.expanded ? field.member_path : field.path).push_back(step.name);
          field.expanded |= step.expand;
        }
        described->fields.push_back(std::move(field));
      }
      info->indexes.push_back(std::move(described));
    }
    return info;
  }

  storage::Store& store() { return *store_; }
  const storage::Database& database() { return *database_; }

 private:
  base::Result<Outcome> try_run(storage::Transaction& transaction, const std::string& text,
                                const ExecutionOptions& options, const Change& change) {
    auto program = TRY(compile_text(text, change));
    auto execution = TRY(Execution::create(program, *store_, *database_, transaction, options));
    Outcome outcome;
    outcome.rows = "[";
    for (auto rows = TRY(execution->next(1000)); !rows.empty(); rows = TRY(execution->next(1000))) {
      for (value::Slice row : rows) {
        if (outcome.rows.size() > 1) outcome.rows += ',';
        value::append_json(row, outcome.rows);
      }
    }
    outcome.rows += ']';
    outcome.warnings = execution->warning_count();
    outcome.statistics = execution->statistics();
    return outcome;
  }

  std::string folder_;
  std::unique_ptr<storage::Store> store_;
  storage::DatabasePtr database_;
};

}  // namespace workerdb::aql::execute
