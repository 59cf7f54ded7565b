#pragma once
// Where the queries of a case run: in this process, or over HTTP. One session a case; what it wrote is undone at its
// end.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aqltest_file.h"
#include "engine/engine.h"
#include "value/builder.h"

namespace workerdb::aqltest {

// What came of a query.
struct Outcome {
  int error = 0;  // 0: it worked
  std::string message;
  std::vector<std::string> rows;  // canonical JSON
  std::vector<int> warnings;
  value::Buffer statistics;
};

class Session {
 public:
  virtual ~Session() = default;
  // Fails only where the test cannot say what the query did.
  virtual base::Result<Outcome> run(const std::string& text, value::Slice bind, value::Slice options) = 0;
};

// What a mode changes of a query's own options.
struct Settings {
  bool optimizes = true;
  size_t batch_rows = 0;
  size_t threads = 0;  // as engine::QueryOptions::threads
  std::optional<uint64_t> join_table_from = {};
  std::optional<uint64_t> spill_from_rows = {};  // and a result beyond its first row
};
// The options of a step for the engine.
base::Result<engine::QueryOptions> engine_options(value::Slice from, const Settings& settings);

std::unique_ptr<Session> engine_session(engine::Database database, const Settings& settings);

// A server over the engine, which is borrowed.
class Server {
 public:
  static base::Result<std::unique_ptr<Server>> start(engine::Engine& engine);
  virtual ~Server() = default;
  // A stream transaction that may write all of the collections.
  virtual base::Result<std::unique_ptr<Session>> session(const std::string& database,
                                                         const std::vector<std::string>& collections) = 0;
};

// JSON with the attributes in the order of their names, so that equal values have equal texts.
std::string canonical(value::Slice value);

}  // namespace workerdb::aqltest
