// Opens a store, says what is in it, and then writes to it from several threads until it is killed. For kill_test.py.
//   crash_writer FOLDER SEED        report, then write without end
//   crash_writer FOLDER check       report, then end
// The lines of the report: "D collection key value", "F finding", "R". While it writes: "B thread number OP..." before
// a commit and "A thread number" after it, where OP is +collection/key=value or -collection/key. Each line is one
// write(2), so none is torn by a kill. Each thread has keys of its own.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/store.h"
#include "value/builder.h"

namespace {

using workerdb::base::Result;
using workerdb::storage::Collection;
using workerdb::storage::CollectionPtr;
using workerdb::storage::CollectionType;
using workerdb::storage::DatabasePtr;
using workerdb::storage::Index;
using workerdb::storage::OverwriteMode;
using workerdb::storage::Store;
using workerdb::storage::StoreOptions;
using workerdb::value::Builder;

constexpr int kThreads = 3, kKeysPerThread = 150, kMovingDocuments = 300;

void say(std::string line) {
  line += '\n';
  for (size_t at = 0; at < line.size();) {
    ssize_t written = write(STDOUT_FILENO, line.data() + at, line.size() - at);
    if (written <= 0) _exit(3);
    at += size_t(written);
  }
}

[[noreturn]] void fail(const std::string& why) {
  say("F " + why);
  _exit(2);
}

template <typename T>
T must(Result<T> result, const char* what) {
  if (!result) fail(fmt::format("{}: {} {}", what, result.error().number(), result.error().message()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

Index index_on(std::string_view path, bool unique, bool sparse) {
  Index index;
  index.type = workerdb::storage::IndexType::kPersistent;
  index.fields = {must(workerdb::storage::parse_path(path), "path")};
  index.unique = unique;
  index.sparse = sparse;
  return index;
}

class Writer {
 public:
  Writer(Store& store) : store_(store), database_(store.find_database("_system")) {}

  void prepare() {
    for (const char* name : {"orders", "edges", "moving"}) {
      if (store_.find_collection(*database_, name) != nullptr) continue;
      if (std::string_view(name) == "moving" && store_.find_collection(*database_, "moved") != nullptr) continue;
      Collection definition;
      definition.name = name;
      definition.type = std::string_view(name) == "edges" ? CollectionType::kEdge : CollectionType::kDocument;
      must(store_.create_collection(*database_, definition), "create");
    }
    CollectionPtr orders = store_.find_collection(*database_, "orders");
    must(store_.ensure_index(*orders, index_on("v", true, false)), "index");
    must(store_.ensure_index(*orders, index_on("tags[*]", false, false)), "index");
    must(store_.ensure_index(*orders, index_on("group", false, true)), "index");
    fill_moving();
  }

  void report() {
    for (const CollectionPtr& collection : store_.collections(*database_)) {
      for (const std::string& finding : must(store_.verify(*collection), "verify")) say("F " + finding);
      auto transaction = store_.begin({.read_only = true});
      auto scan = must(transaction->scan(*collection), "scan");
      while (must(scan->next(), "next")) {
        int64_t value = scan->document().get("v").as_int64();
        say(fmt::format("D {} {} {}", collection->name, scan->key(), value));
      }
    }
    say("R");
  }

  void write_forever(uint64_t seed) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([this, thread, seed] { write_documents(thread, seed * 100 + uint64_t(thread)); });
    }
    threads.emplace_back([this] { change_schema(); });
    for (auto& thread : threads) thread.join();
  }

 private:
  void fill_moving() {
    CollectionPtr moving = store_.find_collection(*database_, "moving");
    if (moving == nullptr) moving = store_.find_collection(*database_, "moved");
    if (store_.document_count(*moving) > 0) return;
    auto transaction = store_.begin({.wait_for_sync = true});
    Builder document;
    for (int i = 0; i < kMovingDocuments; ++i) {
      document.clear();
      document.open_object();
      document.add("v", i);
      document.close();
      must(transaction->insert(*moving, document.slice()), "fill");
    }
    must(transaction->commit(), "fill");
  }

  // Renames, makes and drops indexes; its documents stay the same.
  void change_schema() {
    for (;;) {
      CollectionPtr moving = store_.find_collection(*database_, "moving");
      bool is_first = moving != nullptr;
      if (!is_first) moving = store_.find_collection(*database_, "moved");
      auto made = must(store_.ensure_index(*moving, index_on("v", true, false)), "ensure_index");
      must(store_.drop_index(*moving, made.index->id), "drop_index");
      must(store_.rename_collection(*database_, moving->name, is_first ? "moved" : "moving"), "rename");
    }
  }

  void write_documents(int thread, uint64_t seed) {
    std::mt19937_64 random(seed);
    CollectionPtr collections[] = {store_.find_collection(*database_, "orders"),
                                   store_.find_collection(*database_, "edges")};
    for (uint64_t number = 0;; ++number) {
      auto transaction = store_.begin({.wait_for_sync = random() % 50 == 0});
      std::string line = fmt::format("B {} {}", thread, number);
      size_t operations = random() % 3 == 0 ? 2 + random() % 20 : 1;
      for (size_t i = 0; i < operations; ++i) {
        const Collection& collection = *collections[random() % 2];
        std::string key = fmt::format("t{}-{}", thread, random() % kKeysPerThread);
        if (random() % 5 == 0) {
          auto removed = transaction->remove(collection, key);
          if (removed) line += fmt::format(" -{}/{}", collection.name, key);
        } else {
          int64_t value = int64_t(store_.new_tick());
          build(collection, key, value, random);
          must(transaction->insert(collection, document_[size_t(thread)].slice(),
                                   {.overwrite = random() % 2 == 0 ? OverwriteMode::kReplace : OverwriteMode::kUpdate}),
               "insert");
          line += fmt::format(" +{}/{}={}", collection.name, key, value);
        }
      }
      say(std::move(line));
      must(transaction->commit(), "commit");
      say(fmt::format("A {} {}", thread, number));
    }
  }

  void build(const Collection& collection, const std::string& key, int64_t value, std::mt19937_64& random) {
    Builder& document = document_[size_t(key[1] - '0')];
    document.clear();
    document.open_object();
    document.add("_key", key);
    document.add("v", value);
    if (random() % 2 == 0) document.add("group", int(random() % 5));
    document.key("tags");
    document.open_array();
    for (size_t i = random() % 4; i > 0; --i) document.string(fmt::format("tag{}", random() % 10));
    document.close();
    document.add("text", std::string(random() % 400, 'x'));
    if (collection.type == CollectionType::kEdge) {
      document.add("_from", fmt::format("orders/t0-{}", random() % 20));
      document.add("_to", fmt::format("orders/t1-{}", random() % 20));
    }
    document.close();
  }

  Store& store_;
  DatabasePtr database_;
  Builder document_[kThreads];
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  StoreOptions options;
  options.write_buffer_bytes = 512 << 10;  // flushes and compactions belong to what is tested
  options.block_cache_bytes = 8 << 20;
  auto store = must(Store::open(argv[1], options), "open");
  Writer writer(*store);
  std::string_view mode = argv[2];
  if (mode == "check") {
    writer.report();
    return 0;
  }
  uint64_t seed = 0;
  std::from_chars(mode.data(), mode.data() + mode.size(), seed);
  writer.report();
  writer.prepare();
  say("W");
  writer.write_forever(seed);
}
