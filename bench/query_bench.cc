// query_bench: what one query costs in process: parse and plan of a ten-line query without the plan cache,
// and a point query whose plan is kept. Prints medians in microseconds of processor time.
//   query_bench [--small] [--json]
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "bench/in_process.h"
#include "engine/compiled_query.h"
#include "engine/engine.h"
#include "value/json.h"

namespace workerdb::bench {
namespace {

struct Scale {
  int rounds = 9, repeats = 2000, documents = 20'000;
  bool as_json = false;
};
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

double median_us(const Scale& scale, const std::function<void()>& action) {
  std::vector<double> rounds;
  for (int round = 0; round < scale.rounds; ++round) rounds.push_back(time_us(scale.repeats, [&](int) { action(); }));
  return median(rounds);
}

value::Buffer json(const std::string& text) { return must(value::parse_json(text)); }

void measure_planning(const std::string& folder, const Scale& scale) {
  auto store = must(storage::Store::open(folder));
  auto database = store->find_database("_system");
  value::Buffer bind = json(R"({"status": "running"})");
  double us = median_us(scale, [&] {
    must(engine::compile_query(*store, *database, kTenLines, bind.slice(), engine::QueryOptions(), true));
  });
  print({.name = "parse, plan and compile of ten lines", .unit = "us", .workerdb = us, .most = 50}, scale.as_json);
}

void measure_point(const std::string& folder, const Scale& scale) {
  auto engine = must(engine::Engine::open(folder));
  auto database = must(engine->database("_system"));
  auto instances = must(database.create_collection("instances"));
  auto executions = must(database.create_collection("executions"));
  must(instances.ensure_index(json(R"({"type": "persistent", "fields": ["status", "priority"]})").slice()));
  must(executions.ensure_index(json(R"({"type": "persistent", "fields": ["instance"]})").slice()));
  for (int i = 0; i < scale.documents; ++i) {
    must(instances.insert(json(fmt::format(R"({{"_key": "i{}", "status": "running", "priority": {}, "note": "{}"}})", i,
                                           i % 1000, std::string(500, 'x')))
                              .slice()));
  }
  std::vector<value::Buffer> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(json(fmt::format(R"({{"key": "i{}"}})", (i * 7919) % scale.documents)));
  size_t at = 0;
  double us = median_us(scale, [&] {
    auto cursor = must(database.query(kPoint, keys[at++ % keys.size()].slice()));
    if (must(cursor.next()).get("_key").is_none()) std::exit(1);
  });
  print({.name = "point query with a kept plan", .unit = "us", .workerdb = us, .most = 10}, scale.as_json);
}

}  // namespace
}  // namespace workerdb::bench

int main(int count, char** arguments) {
  using namespace workerdb::bench;
  Scale scale;
  if (option(count, arguments, "--small")) scale = {.rounds = 1, .repeats = 20, .documents = 1000};
  scale.as_json = option(count, arguments, "--json").has_value();
  std::string folder = (std::filesystem::temp_directory_path() / "query-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  measure_point(folder, scale);
  measure_planning(folder, scale);
  std::filesystem::remove_all(folder);
}
