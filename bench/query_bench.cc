// query_bench: what one query costs in process: parse and plan of a ten-line query without the plan cache, and a point
// query whose plan is kept. Prints medians in microseconds.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/compiled_query.h"
#include "engine/engine.h"
#include "value/json.h"

namespace workerdb::bench {
namespace {

constexpr int kRounds = 7, kRepeats = 2000;
constexpr int kDocuments = 20'000;
constexpr std::string_view kTenLines = R"(FOR i IN instances
  FILTER i.status == @status
  FILTER i.priority >= 500 AND i.priority < 900
  LET team = i.owner.team
  FOR e IN executions
    FILTER e.instance == i._key
    FILTER e.state IN ["done", "failed"]
    COLLECT name = team, state = e.state AGGREGATE n = COUNT(), longest = MAX(e.duration_ms)
    SORT n DESC
    LIMIT 20
  RETURN { name, state, n, longest })";
constexpr std::string_view kPoint = "FOR i IN instances FILTER i._key == @key RETURN i";

double median_us(const std::function<void()>& action) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    int64_t start = base::steady_time_ns();
    for (int i = 0; i < kRepeats; ++i) action();
    rounds.push_back(double(base::steady_time_ns() - start) / 1e3 / kRepeats);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[kRounds / 2];
}

template <typename T>
T must(base::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "query_bench: {}\n", result.error().message());
    std::exit(1);
  }
  return *std::move(result);
}

value::Buffer json(const std::string& text) { return must(value::parse_json(text)); }

void measure_planning(const std::string& folder) {
  auto store = must(storage::Store::open(folder));
  auto database = store->find_database("_system");
  value::Buffer bind = json(R"({"status": "running"})");
  double us = median_us([&] {
    must(engine::compile_query(*store, *database, kTenLines, bind.slice(), engine::QueryOptions(), true));
  });
  fmt::print("parse, plan and compile of a ten-line query: {:.1f} us (limit 50)\n", us);
}

void measure_point(const std::string& folder) {
  auto engine = must(engine::Engine::open(folder));
  auto database = must(engine->database("_system"));
  auto instances = must(database.create_collection("instances"));
  auto executions = must(database.create_collection("executions"));
  must(instances.ensure_index(json(R"({"type": "persistent", "fields": ["status", "priority"]})").slice()));
  must(executions.ensure_index(json(R"({"type": "persistent", "fields": ["instance"]})").slice()));
  for (int i = 0; i < kDocuments; ++i) {
    must(instances.insert(json(fmt::format(R"({{"_key": "i{}", "status": "running", "priority": {}, "note": "{}"}})", i,
                                           i % 1000, std::string(500, 'x')))
                              .slice()));
  }
  std::vector<value::Buffer> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(json(fmt::format(R"({{"key": "i{}"}})", (i * 7919) % kDocuments)));
  size_t at = 0;
  double us = median_us([&] {
    auto cursor = must(database.query(kPoint, keys[at++ % keys.size()].slice()));
    if (must(cursor.next()).get("_key").is_none()) std::exit(1);
  });
  fmt::print("point query with a kept plan: {:.1f} us (limit 10)\n", us);
}

}  // namespace
}  // namespace workerdb::bench

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "query-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  workerdb::bench::measure_point(folder);
  workerdb::bench::measure_planning(folder);
  std::filesystem::remove_all(folder);
}
