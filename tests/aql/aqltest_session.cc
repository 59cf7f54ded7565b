#include "aqltest_session.h"

#include <map>

#include "value/json.h"

namespace workerdb::aqltest {

using base::Result;
using value::Buffer;
using value::Slice;

namespace {

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

class EngineSession : public Session {
 public:
  EngineSession(engine::Database database, const Settings& settings)
      : database_(std::move(database)), settings_(settings), transaction_(database_.begin()) {}
  ~EngineSession() override { transaction_.rollback(); }

  Result<Outcome> run(const std::string& text, Slice bind, Slice options) override {
    auto cursor = database_.query(text, bind, TRY(engine_options(options, settings_)), &transaction_);
    Outcome outcome;
    if (!cursor) {
      outcome.error = cursor.error().number();
      outcome.message = cursor.error().message();
      return outcome;
    }
    for (Slice row = TRY(cursor->next()); !row.is_none(); row = TRY(cursor->next()))
      outcome.rows.push_back(canonical(row));
    Buffer extra = cursor->extra();
    for (value::ArrayIterator item(extra.slice().get("warnings")); item.valid(); item.next()) {
      outcome.warnings.push_back(int(item.value().get("code").as_int64()));
    }
    outcome.statistics = Buffer(extra.slice().get("stats"));
    return outcome;
  }

 private:
  engine::Database database_;
  Settings settings_;
  engine::Transaction transaction_;
};

}  // namespace

std::string canonical(Slice value) {
  std::string text;
  append_canonical(value, text);
  return text;
}

Result<engine::QueryOptions> engine_options(Slice from, const Settings& settings) {
  engine::QueryOptions options;
  options.full_count = from.get("fullCount").is_true();
  options.fail_on_warning = from.get("failOnWarning").is_true();
  if (from.get("maxWarningCount").is_number()) options.max_warnings = size_t(from.get("maxWarningCount").as_int64());
  if (from.get("memoryLimit").is_number()) options.memory_limit_bytes = uint64_t(from.get("memoryLimit").as_int64());
  if (from.get("maxRuntime").is_number()) options.max_runtime_s = from.get("maxRuntime").as_double();
  for (value::ArrayIterator rule(from.get("rules")); rule.valid(); rule.next()) {
    options.optimizer_rules.emplace_back(rule.value().as_string());
  }
  if (!settings.optimizes) options.optimizer_rules = {"-all"};
  options.batch_size = settings.batch_rows;
  options.threads = settings.threads;
  options.join_table_from = settings.join_table_from;
  // A case about memory is about what is not on the disk.
  bool spills = settings.spill_from_rows && options.memory_limit_bytes == 0;
  if (spills) options.spill_from_rows = settings.spill_from_rows;
  if (spills) options.spill_from_bytes = 0;
  return options;
}

std::unique_ptr<Session> engine_session(engine::Database database, const Settings& settings) {
  return std::make_unique<EngineSession>(std::move(database), settings);
}

}  // namespace workerdb::aqltest
