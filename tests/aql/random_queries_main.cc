// random_queries COUNT [FIRST_SEED [show]]: runs random queries in ways that must not differ: with and without indexes,
// with all, none and some of the optimizer's rules, in small batches, with threads, with bind parameters in a plan that
// was made for other values. Prints the seed and the text of
// each that does; ends with `N passed, N failed`.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "aqltest_session.h"
#include "bound_query.h"
#include "query_generator.h"
#include "random_source.h"
#include "value/json.h"

namespace workerdb::aqltest {
namespace {

using base::Result;
using value::Buffer;
using value::Slice;

constexpr double kMaxRuntimeS = 20;

struct Way {
  std::string name;
  bool has_indexes = true;
  std::vector<std::string> rules = {};
  size_t batch_rows = 0;
  bool has_threads = false;  // and tables for joins, however few documents there are
  bool spills = false;       // every sort, group and result goes to the disk
  bool is_bound = false;     // literals are bind parameters, and the plan is a cached one of other values
};

// Rules that a query of this seed goes without.
std::vector<std::string> some_rules_off(uint64_t seed) {
  static constexpr std::string_view kRules[] = {"inline-subqueries",
                                                "move-calculations-up",
                                                "move-filters-up",
                                                "remove-redundant-calculations",
                                                "remove-unnecessary-filters",
                                                "remove-unnecessary-calculations",
                                                "remove-redundant-sorts",
                                                "optimize-subqueries",
                                                "propagate-constant-attributes",
                                                "replace-or-with-in",
                                                "remove-redundant-or",
                                                "interchange-adjacent-enumerations",
                                                "remove-collect-variables",
                                                "use-indexes",
                                                "remove-filter-covered-by-index",
                                                "use-index-for-sort",
                                                "use-index-for-collect",
                                                "optimize-count",
                                                "move-calculations-down",
                                                "fuse-filters",
                                                "move-filters-into-enumerate",
                                                "sort-limit",
                                                "push-limit-into-index",
                                                "optimize-projections",
                                                "optimize-traversals",
                                                "late-document-materialization",
                                                "batch-materialize-documents",
                                                "replace-like-with-range",
                                                "sort-in-values",
                                                "join-index-nodes"};
  RandomSource random(~seed);
  std::vector<std::string> off;
  for (std::string_view rule : kRules) {
    if (random.chance(30)) off.push_back("-" + std::string(rule));
  }
  return off;
}

class Run {
 public:
  // `shows`: prints every query and what comes of it.
  explicit Run(bool shows)
      : folder_(std::filesystem::temp_directory_path() / fmt::format("random-queries-{}", getpid())), shows_(shows) {}
  ~Run() {
    engine_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  Result<> run(uint64_t count, uint64_t first_seed) {
    engine_ = TRY(engine::Engine::open(folder_));
    TRY(load("with", true));
    TRY(load("without", false));
    for (uint64_t seed = first_seed; seed < first_seed + count; ++seed) {
      TRY(run_seed(seed));
      if ((seed + 1 - first_seed) % 10'000 == 0) fmt::print("{} ran, {} failed\n", seed + 1 - first_seed, failed_);
    }
    fmt::print("{} gave rows, {} none, {} an error\n", count - errors_ - empty_, empty_, errors_);
    if (errors_ * 10 > count || empty_ * 2 > count) ++failed_;  // such queries would find nothing
    fmt::print("{} with a cheaper plan that was dropped early\n", cheaper_);
    fmt::print("{} passed, {} failed\n", passed_, failed_);
    return {};
  }
  bool all_passed() const { return failed_ == 0 && passed_ > 0; }

 private:
  Result<> load(const std::string& name, bool has_indexes) {
    auto database = TRY(engine_->create_database(name));
    for (const RandomCollection& fixture : random_fixture()) {
      engine::CollectionOptions options;
      if (fixture.is_edge) options.type = engine::CollectionType::kEdge;
      auto collection = TRY(database.create_collection(fixture.name, options));
      for (const std::string& text : fixture.documents) TRY(collection.insert(TRY(value::parse_json(text)).slice()));
      if (!has_indexes) continue;
      for (const std::string& text : fixture.indexes)
        TRY(collection.ensure_index(TRY(value::parse_json(text)).slice()));
    }
    return {};
  }

  // Rows (sorted where their order is the plan's) or the error, then what the collections hold after a write.
  Result<std::string> outcome_of(const RandomQuery& query, const Way& way) {
    auto database = TRY(engine_->database(way.has_indexes ? "with" : "without"));
    BoundQuery bound;
    if (way.is_bound) {
      bound = bound_query(query.text, seed_);
      auto before = database.begin();
      (void)rows_of(database, before, bound.text, way, bound.others.slice());
      before.rollback();
    }
    auto transaction = database.begin();
    std::string result;
    auto rows = way.is_bound ? rows_of(database, transaction, bound.text, way, bound.values.slice())
                             : rows_of(database, transaction, query.text, way);
    if (rows) {
      if (!query.is_ordered) std::sort(rows->begin(), rows->end());
      result = fmt::format("{}", fmt::join(*rows, "\n"));
    } else if (rows.error().code() == base::ErrorCode::kQueryKilled || rows.error().number() == 32) {
      return std::string("too much");
    } else {
      result = fmt::format("error {}", rows.error().number());
    }
    if (query.writes) {
      for (const char* text : {"FOR d IN people SORT d._key RETURN UNSET(d, \"_rev\")",
                               "FOR d IN items FILTER d.u < 1000 SORT d._key RETURN UNSET(d, \"_rev\")"}) {
        auto left = TRY(rows_of(database, transaction, text, {"", true, {"-all"}, 0}));
        result += fmt::format("\n---\n{}", fmt::join(left, "\n"));
      }
    }
    transaction.rollback();
    return result;
  }
  Result<std::vector<std::string>> rows_of(engine::Database& database, engine::Transaction& transaction,
                                           const std::string& text, const Way& way, Slice bind = {}) {
    engine::QueryOptions options;
    options.optimizer_rules = way.rules;
    options.batch_size = way.batch_rows;
    if (way.has_threads) {
      options.threads = 3;
      options.join_table_from = 0;
    }
    if (way.spills) options.spill_from_bytes = options.spill_from_rows = 0;
    options.max_runtime_s = kMaxRuntimeS;
    auto cursor = TRY(database.query(text, bind, options, &transaction));
    std::vector<std::string> rows;
    for (Slice row = TRY(cursor.next()); !row.is_none(); row = TRY(cursor.next())) rows.push_back(canonical(row));
    return rows;
  }

  // The plan that runs is the first of all plans. Text for one that is not.
  Result<std::string> check_plans(const std::string& text) {
    auto database = TRY(engine_->database("with"));
    engine::QueryOptions options;
    auto one = database.explain(text, Slice(), options);
    options.all_plans = true;
    auto all = database.explain(text, Slice(), options);
    if (!one || !all) return std::string(one.has_value() == all.has_value() ? "" : "--- explain fails in one way\n");
    Slice plan = one->slice().get("plan"), plans = all->slice().get("plans");
    double cost = plan.get("estimatedCost").as_double();
    bool is_first = true;
    for (value::ArrayIterator other(plans); other.valid(); other.next()) {
      double other_cost = other.value().get("estimatedCost").as_double();
      if (std::exchange(is_first, false) && other_cost != cost)
        return fmt::format("--- plans begin with {}, not {}\n", other_cost, cost);
      if (other_cost < cost * 0.99) {
        ++cheaper_;
        break;
      }
    }
    return std::string();
  }

  Result<> run_seed(uint64_t seed) {
    RandomQuery query = random_query(seed);
    seed_ = seed;
    const Way ways[] = {{"as is"},
                        {"without rules", true, {"-all"}},
                        {"without indexes", false},
                        {"in small batches", true, {}, 1 + seed % 3},
                        {"with some rules", true, some_rules_off(seed)},
                        {"with threads", true, {}, 0, true},
                        {"on the disk", true, {}, 1 + seed % 5, seed % 2 == 0, true},
                        {"with parameters", true, {}, 0, false, false, true}};
    std::string first;
    std::string found = TRY(check_plans(query.text));
    for (const Way& way : ways) {
      std::string outcome = TRY(outcome_of(query, way));
      if (&way == ways) {
        first = outcome;
      } else if (outcome != first && outcome != "too much" && first != "too much") {
        found += fmt::format("--- {} {}:\n{}\n", way.name, fmt::join(way.rules, " "), outcome);
      }
    }
    if (first.starts_with("error ")) ++errors_;
    if (first.empty()) ++empty_;
    ++(found.empty() ? passed_ : failed_);
    if (!found.empty() || shows_) fmt::print("seed {}: {}\n--- as is:\n{}\n{}\n", seed, query.text, first, found);
    return {};
  }

  const std::filesystem::path folder_;
  const bool shows_;
  std::unique_ptr<engine::Engine> engine_;
  uint64_t seed_ = 0, passed_ = 0, failed_ = 0, errors_ = 0, empty_ = 0;
  uint64_t cheaper_ = 0;  // queries with a plan that was estimated cheaper, but dropped early
};

int run_all(int count, char** arguments) {
  uint64_t queries = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 2'000;
  uint64_t first_seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
  Run run(count > 3);
  auto outcome = run.run(queries, first_seed);
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().message());
    return 2;
  }
  return run.all_passed() ? 0 : 1;
}

}  // namespace
}  // namespace workerdb::aqltest

int main(int count, char** arguments) { return workerdb::aqltest::run_all(count, arguments); }
