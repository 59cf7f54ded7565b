// aqltest FILE…: runs every case of every file in each of the modes below. Prints what differs; ends with
// `N passed, N failed`.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "aql/syntax/statement.h"
#include "aqltest_check.h"
#include "value/json.h"

namespace workerdb::aqltest {
namespace {

using base::Result;
using value::Buffer;

enum class How : uint8_t { kEngine, kReparsed, kRestarted, kHttp };
struct Mode {
  const char* name;
  How how = How::kEngine;
  Settings settings = {};
  bool checks_plan = false;
};
// From kRestarted on, the engine is another one than that which made the collections.
constexpr Mode kModes[] = {{"as is", How::kEngine, {true, 0}, true},
                           {"without optimizer", How::kEngine, {false, 0}},
                           {"batches of one", How::kEngine, {true, 1}},
                           {"threads and join tables", How::kEngine, {true, 0, 3, 0}},
                           {"on the disk", How::kEngine, {true, 2, {}, {}, 0}},
                           {"threads and the disk", How::kEngine, {true, 1, 3, 0, 0}},
                           {"printed and parsed again", How::kReparsed},
                           {"after restart", How::kRestarted},
                           {"over HTTP", How::kHttp}};

// What the parser understood, as text; what it did not understand stays, and must fail the same way. Nothing where the
// text of the text is another one.
std::optional<std::string> printed(const std::string& query) {
  auto parsed = aql::syntax::parse(query);
  if (!parsed) return query;
  std::string text = to_string(**parsed);
  auto again = aql::syntax::parse(text);
  if (!again || to_string(**again) != text) return std::nullopt;
  return text;
}

class Run {
 public:
  Run() : folder_(std::filesystem::temp_directory_path() / fmt::format("aqltest-{}", getpid())) {}
  ~Run() {
    server_ = nullptr;
    engine_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  Result<> run(const std::vector<File>& files) {
    engine_ = TRY(engine::Engine::open(folder_));
    for (size_t i = 0; i < files.size(); ++i) TRY(load(files[i], database_name(i)));
    for (const Mode& mode : kModes) {
      if (mode.how == How::kRestarted) {
        engine_ = nullptr;
        engine_ = TRY(engine::Engine::open(folder_));
      }
      if (mode.how == How::kHttp) server_ = TRY(Server::start(*engine_));
      for (size_t i = 0; i < files.size(); ++i) TRY(run_file(files[i], database_name(i), mode));
    }
    fmt::print("{} passed, {} failed\n", passed_, failed_);
    return {};
  }
  bool all_passed() const { return failed_ == 0 && passed_ > 0; }

 private:
  static std::string database_name(size_t number) { return fmt::format("test{}", number); }

  Result<> load(const File& file, const std::string& name) {
    auto database = TRY(engine_->create_database(name));
    for (const FixtureCollection& fixture : file.collections) {
      engine::CollectionOptions options;
      if (fixture.is_edge) options.type = engine::CollectionType::kEdge;
      auto collection = TRY(database.create_collection(fixture.name, options));
      for (const std::string& text : fixture.documents) {
        auto document = value::parse_json(text);
        if (!document) return std::move(document).error().with_context(file.path + ": " + text);
        TRY(collection.insert(document->slice()));
      }
      for (const std::string& text : fixture.indexes) {
        Buffer definition = TRY(value::parse_json(text));
        TRY(collection.ensure_index(definition.slice()));
      }
    }
    for (const std::string& text : file.analyzers) {
      TRY(database.ensure_analyzer(TRY(value::parse_json(text)).slice()));
    }
    for (const FixtureView& view : file.views) {
      TRY(database.create_view(view.name, TRY(value::parse_json(view.definition)).slice()));
    }
    return {};
  }

  Result<std::unique_ptr<Session>> begin(const File& file, const std::string& name, const Mode& mode) {
    if (mode.how != How::kHttp) return engine_session(TRY(engine_->database(name)), mode.settings);
    std::vector<std::string> collections;
    for (const auto& collection : file.collections) collections.push_back(collection.name);
    return server_->session(name, collections);
  }

  Result<std::string> run_step(const Step& step, const Mode& mode, const std::string& name, Session& session) {
    std::string text = step.query, result;
    if (mode.how == How::kReparsed) {
      auto other = printed(step.query);
      if (!other) return std::string("    its text is not read back\n");
      text = *std::move(other);
    }
    if (mode.checks_plan) {
      auto database = TRY(engine_->database(name));
      result += TRY(plan_differences(step, database));
    }
    Buffer bind = TRY(value::parse_json(step.bind)), options = TRY(value::parse_json(step.options));
    Outcome outcome = TRY(session.run(text, bind.slice(), options.slice()));
    result += TRY(differences(step, outcome, text == step.query));
    if (mode.checks_plan && outcome.error == 0) result += TRY(statistics_differences(step, outcome));
    if (!result.empty() && text != step.query) result += "    as " + text + "\n";
    return result;
  }

  Result<> run_file(const File& file, const std::string& name, const Mode& mode) {
    for (const Case& one : file.cases) {
      auto session = TRY(begin(file, name, mode));
      std::string found;
      for (const Step& step : one.steps) {
        if (step.needs_optimizer && !mode.settings.optimizes) break;
        auto outcome = run_step(step, mode, name, *session);
        if (!outcome) found += "    " + outcome.error().message() + "\n";
        if (outcome && !outcome->empty()) found += fmt::format("   line {}: {}\n{}", step.line, step.query, *outcome);
      }
      ++(found.empty() ? passed_ : failed_);
      if (!found.empty()) fmt::print("{} ({}), {}\n{}", file.path, one.name, mode.name, found);
    }
    return {};
  }

  const std::filesystem::path folder_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Server> server_;
  size_t passed_ = 0, failed_ = 0;
};

int run_all(int count, char** arguments) {
  std::vector<File> files;
  for (int i = 1; i < count; ++i) {
    auto file = read_file(arguments[i]);
    if (!file) {
      fmt::print(stderr, "{}\n", file.error().message());
      return 2;
    }
    files.push_back(std::move(*file));
  }
  Run run;
  auto outcome = run.run(files);
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().message());
    return 2;
  }
  return run.all_passed() ? 0 : 1;
}

}  // namespace
}  // namespace workerdb::aqltest

int main(int count, char** arguments) { return workerdb::aqltest::run_all(count, arguments); }
