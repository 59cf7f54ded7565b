// Any bytes as a query of a whole engine with data, indexes, edges and a view: it ends with rows or an error,
// soon and within its memory, and what it wrote is undone. The way to run it (rules, batches, threads)
// follows from the text.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "query_generator.h"
#include "random_source.h"
#include "token_mutator.h"
#include "value/json.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

constexpr size_t kMostNewQueries = 1'000'000;

namespace workerdb {
namespace {

constexpr uint64_t kMemoryLimitBytes = 16 << 20;
constexpr double kMaxRuntimeS = 0.5;
constexpr size_t kMostRows = 10'000;

template <typename T>
T must(base::Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
  std::abort();
}

class House {
 public:
  House()
      : folder_(std::filesystem::temp_directory_path() / fmt::format("aql-executor-fuzzer-{}", getpid())),
        engine_(must(engine::Engine::open(folder_))),
        database_(must(engine_->database("_system"))) {
    std::string links;
    for (const aqltest::RandomCollection& fixture : aqltest::random_fixture()) {
      engine::CollectionOptions options;
      if (fixture.is_edge) options.type = engine::CollectionType::kEdge;
      auto collection = must(database_.create_collection(fixture.name, options));
      for (const std::string& text : fixture.documents) must(collection.insert(must(value::parse_json(text)).slice()));
      for (const std::string& text : fixture.indexes)
        must(collection.ensure_index(must(value::parse_json(text)).slice()));
      links += fmt::format(R"({}"{}": {{"includeAllFields": true}})", links.empty() ? "" : ", ", fixture.name);
    }
    std::string view = fmt::format(R"({{"type": "arangosearch", "links": {{{}}}}})", links);
    must(database_.create_view("everything", must(value::parse_json(view)).slice()));
    bind_ = must(value::parse_json(R"({"key": "1", "number": 2.5, "list": [1, "a", null], "@where": "people"})"));
  }
  ~House() {
    engine_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  void run(std::string_view text) {
    uint64_t way = std::hash<std::string_view>()(text);
    engine::QueryOptions options;
    options.memory_limit_bytes = kMemoryLimitBytes;
    options.max_runtime_s = kMaxRuntimeS;
    if (way & 1) options.batch_size = 1;
    if ((way & 6) == 6) options.optimizer_rules = {"-all"};
    if (way & 8) {
      options.threads = 2;
      options.join_table_from = 0;
    }
    if (way & 16) options.spill_from_rows = 10;
    options.profile = (way & 96) == 96 ? 2 : 0;
    auto transaction = database_.begin();
    run_in(transaction, text, bind_.slice(), options);
    run_in(transaction, text, {}, options);
    transaction.rollback();
    if ((way & 384) == 384) (void)database_.explain(text, {}, options);
  }

 private:
  void run_in(engine::Transaction& transaction, std::string_view text, value::Slice bind,
              const engine::QueryOptions& options) {
    auto cursor = database_.query(text, bind, options, &transaction);
    if (!cursor) return;
    std::string rows;
    if (!cursor->append_json(kMostRows, rows)) return;
    // What goes to the wire can be read.
    if (!value::parse_json("[" + rows + "]")) {
      std::fprintf(stderr, "no JSON: %.1000s\n", rows.c_str());
      std::abort();
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<engine::Engine> engine_;
  engine::Database database_;
  value::Buffer bind_;
};

}  // namespace
}  // namespace workerdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static workerdb::House house;
  house.run(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

namespace {

size_t give(std::string_view text, uint8_t* data, size_t max_size) {
  return text.copy(reinterpret_cast<char*>(data), std::min(text.size(), max_size));
}

}  // namespace

// Bytes alone seldom make a query that means something: most changes move tokens or bring those of a
// generated query.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  workerdb::aqltest::RandomSource random(seed);
  if (random.chance(25)) return LLVMFuzzerMutate(data, size, max_size);
  std::string fresh = workerdb::aqltest::random_query(random.below(kMostNewQueries)).text;
  if (random.chance(5)) return give(fresh, data, max_size);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  return give(workerdb::fuzz::mutate_tokens(text, fresh, random), data, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* one, size_t one_size, const uint8_t* other,
                                            size_t other_size, uint8_t* out, size_t max_out_size, unsigned seed) {
  workerdb::aqltest::RandomSource random(seed);
  std::string_view text(reinterpret_cast<const char*>(one), one_size),
      more(reinterpret_cast<const char*>(other), other_size);
  return give(workerdb::fuzz::mutate_tokens(text, more, random), out, max_out_size);
}
