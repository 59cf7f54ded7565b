// aqltest FILE…: runs every case of every file four times: as it is, without the optimizer, with internal batches of one
// row, and after the engine was closed and opened again. Prints what differs; ends with `N passed, N failed`.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "aqltest_file.h"
#include "engine/engine.h"
#include "value/json.h"

namespace workerdb::aqltest {
namespace {

using base::Result;
using value::Buffer;
using value::Slice;

struct Mode {
  const char* name;
  bool optimizes = true;
  size_t batch_rows = 0;
  bool checks_plan = false;
};
constexpr Mode kModes[] = {{"as is", true, 0, true},
                           {"without optimizer", false, 0, false},
                           {"batches of one", true, 1, false},
                           {"after restart", true, 0, false}};

// JSON with the attributes in the order of their names, so that equal values have equal texts.
void append_canonical(Slice value, std::string& to) {
  if (value.is_array()) {
    to += '[';
    for (value::ArrayIterator item(value); item.valid(); item.next()) {
      if (to.back() != '[') to += ',';
      append_canonical(item.value(), to);
    }
    to += ']';
  } else if (value.is_object()) {
    std::map<std::string, std::string> attributes;
    for (value::ObjectIterator item(value); item.valid(); item.next()) {
      append_canonical(item.value(), attributes[std::string(item.name())]);
    }
    to += '{';
    for (const auto& [name, text] : attributes) {
      if (to.back() != '{') to += ',';
      value::append_json_string(name, to);
      to += ':' + text;
    }
    to += '}';
  } else {
    value::append_json(value, to);
  }
}
std::string canonical(Slice value) {
  std::string text;
  append_canonical(value, text);
  return text;
}

std::string joined(std::vector<std::string> rows, bool sorts) {
  if (sorts) std::sort(rows.begin(), rows.end());
  return fmt::format("[{}]", fmt::join(rows, ",\n "));
}

// A step's outcome against what is expected of it; each difference is a sentence.
class Check {
 public:
  Check(engine::Database& database, const Mode& mode) : database_(database), mode_(mode) {}

  Result<std::string> run(const Step& step, engine::Transaction& transaction) {
    Buffer bind = TRY(value::parse_json(step.bind));
    engine::QueryOptions options = TRY(read_options(step));
    if (mode_.checks_plan && !step.plan.empty()) TRY(check_plan(step, bind.slice(), options));
    auto cursor = database_.query(step.query, bind.slice(), options, &transaction);
    if (!cursor) {
      check_error(step, cursor.error());
      return differences_;
    }
    if (step.error != 0) say("expected error {}, but it worked", step.error);
    std::vector<std::string> rows;
    for (Slice row = TRY(cursor->next()); !row.is_none(); row = TRY(cursor->next())) rows.push_back(canonical(row));
    if (step.rows) TRY(check_rows(step, std::move(rows)));
    Buffer extra = cursor->extra();
    check_warnings(step, extra.slice().get("warnings"));
    if (mode_.checks_plan) TRY(check_statistics(step, extra.slice().get("stats")));
    return differences_;
  }

 private:
  template <typename... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    differences_ += "    " + fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  Result<engine::QueryOptions> read_options(const Step& step) {
    Buffer given = TRY(value::parse_json(step.options));
    Slice from = given.slice();
    engine::QueryOptions options;
    options.full_count = from.get("fullCount").is_true();
    options.fail_on_warning = from.get("failOnWarning").is_true();
    if (from.get("maxWarningCount").is_number()) options.max_warnings = size_t(from.get("maxWarningCount").as_int64());
    if (from.get("memoryLimit").is_number()) options.memory_limit_bytes = uint64_t(from.get("memoryLimit").as_int64());
    if (from.get("maxRuntime").is_number()) options.max_runtime_s = from.get("maxRuntime").as_double();
    for (value::ArrayIterator rule(from.get("rules")); rule.valid(); rule.next()) {
      options.optimizer_rules.emplace_back(rule.value().as_string());
    }
    if (!mode_.optimizes) options.optimizer_rules = {"-all"};
    options.batch_size = mode_.batch_rows;
    return options;
  }

  void check_error(const Step& step, const base::Error& error) {
    if (error.number() != step.error) {
      say("expected {}, got error {}: {}", step.error == 0 ? "rows" : fmt::format("error {}", step.error),
          error.number(), error.message());
    } else if (error.message().find(step.error_text) == std::string::npos) {
      say("the error must say '{}', but says '{}'", step.error_text, error.message());
    }
  }

  Result<> check_rows(const Step& step, std::vector<std::string> rows) {
    Buffer expected = TRY(value::parse_json(*step.rows));
    std::vector<std::string> wanted;
    for (value::ArrayIterator row(expected.slice()); row.valid(); row.next()) wanted.push_back(canonical(row.value()));
    std::string want = joined(std::move(wanted), step.unordered), have = joined(std::move(rows), step.unordered);
    if (want != have) say("expected\n{}\n    got\n{}", want, have);
    return {};
  }

  void check_warnings(const Step& step, Slice warnings) {
    std::vector<int> have;
    for (value::ArrayIterator item(warnings); item.valid(); item.next()) {
      have.push_back(int(item.value().get("code").as_int64()));
    }
    if (have != step.warnings) say("expected warnings [{}], got [{}]", fmt::join(step.warnings, " "), fmt::join(have, " "));
  }

  Result<> check_statistics(const Step& step, Slice statistics) {
    Buffer expected = TRY(value::parse_json(step.statistics));
    for (value::ObjectIterator item(expected.slice()); item.valid(); item.next()) {
      std::string want = canonical(item.value()), have = canonical(statistics.get(item.name()));
      if (want != have) say("expected {} {}, got {}", item.name(), want, have);
    }
    return {};
  }

  // "+plan: IndexNode by_age": a node of that type whose description contains all words. "+plan: rule NAME" too.
  Result<> check_plan(const Step& step, Slice bind, const engine::QueryOptions& options) {
    Buffer explained = TRY(database_.explain(step.query, bind, options));
    Slice plan = explained.slice().get("plan");
    for (const auto& [must_be, text] : step.plan) {
      std::istringstream stream(text);
      std::vector<std::string> words;
      for (std::string word; stream >> word;) words.push_back(word);
      bool is_there = words[0] == "rule" ? has_rule(plan.get("rules"), words[1]) : has_node(plan.get("nodes"), words);
      if (is_there == must_be) continue;
      say("the plan must {}hold '{}':\n{}", must_be ? "" : "not ", text, value::to_json(plan));
    }
    return {};
  }
  static bool has_rule(Slice rules, const std::string& name) {
    for (value::ArrayIterator rule(rules); rule.valid(); rule.next()) {
      if (rule.value().is_string() && rule.value().as_string() == name) return true;
    }
    return false;
  }
  static bool has_node(Slice nodes, const std::vector<std::string>& words) {
    for (value::ArrayIterator item(nodes); item.valid(); item.next()) {
      Slice node = item.value();
      if (has_node(node.get("subquery").get("nodes"), words)) return true;
      if (node.get("type").as_string() != words[0]) continue;
      std::string text = value::to_json(node);
      if (std::all_of(words.begin(), words.end(), [&](const auto& word) { return text.find(word) != text.npos; })) {
        return true;
      }
    }
    return false;
  }

  engine::Database& database_;
  const Mode& mode_;
  std::string differences_;
};

class Run {
 public:
  Run() : folder_(std::filesystem::temp_directory_path() / fmt::format("aqltest-{}", getpid())) {}
  ~Run() {
    engine_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  Result<> run(const std::vector<File>& files) {
    engine_ = TRY(engine::Engine::open(folder_));
    for (size_t i = 0; i < files.size(); ++i) TRY(load(files[i], database_name(i)));
    for (const Mode& mode : kModes) {
      if (&mode == std::end(kModes) - 1) {
        engine_ = nullptr;
        engine_ = TRY(engine::Engine::open(folder_));
      }
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
    return {};
  }

  Result<> run_file(const File& file, const std::string& name, const Mode& mode) {
    auto database = TRY(engine_->database(name));
    for (const Case& one : file.cases) {
      auto transaction = database.begin();
      std::string differences;
      for (const Step& step : one.steps) {
        if (step.needs_optimizer && !mode.optimizes) break;
        auto outcome = Check(database, mode).run(step, transaction);
        if (!outcome) differences += "    " + outcome.error().message() + "\n";
        if (outcome && !outcome->empty()) differences += fmt::format("   line {}: {}\n{}", step.line, step.query, *outcome);
      }
      transaction.rollback();
      ++(differences.empty() ? passed_ : failed_);
      if (!differences.empty()) fmt::print("{} ({}), {}\n{}", file.path, one.name, mode.name, differences);
    }
    return {};
  }

  const std::filesystem::path folder_;
  std::unique_ptr<engine::Engine> engine_;
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
