#include "aqltest_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "value/json.h"

namespace workerdb::aqltest {

using base::Result;
using value::Buffer;
using value::Slice;

namespace {

template <typename... Args>
void say(std::string& to, fmt::format_string<Args...> format, Args&&... args) {
  to += "    " + fmt::format(format, std::forward<Args>(args)...) + "\n";
}

std::string joined(std::vector<std::string> rows, bool sorts) {
  if (sorts) std::sort(rows.begin(), rows.end());
  return fmt::format("[{}]", fmt::join(rows, ",\n "));
}

bool has_rule(Slice rules, const std::string& name) {
  for (value::ArrayIterator rule(rules); rule.valid(); rule.next()) {
    if (rule.value().is_string() && rule.value().as_string() == name) return true;
  }
  return false;
}

bool has_node(Slice nodes, const std::vector<std::string>& words) {
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

Result<> compare_rows(const Step& step, const std::vector<std::string>& rows, std::string& to) {
  Buffer expected = TRY(value::parse_json(*step.rows));
  std::vector<std::string> wanted;
  for (value::ArrayIterator row(expected.slice()); row.valid(); row.next()) wanted.push_back(canonical(row.value()));
  std::string want = joined(std::move(wanted), step.unordered), have = joined(rows, step.unordered);
  if (want != have) say(to, "expected\n{}\n    got\n{}", want, have);
  return {};
}

}  // namespace

Result<std::string> differences(const Step& step, const Outcome& outcome, bool is_own_text) {
  std::string result;
  if (outcome.error != step.error) {
    say(result, "expected {}, got {}", step.error == 0 ? "rows" : fmt::format("error {}", step.error),
        outcome.error == 0 ? "rows" : fmt::format("error {}: {}", outcome.error, outcome.message));
    return result;
  }
  if (outcome.error != 0) {
    bool asks_for_text = is_own_text || step.error_text.find("position") == std::string::npos;
    if (asks_for_text && outcome.message.find(step.error_text) == std::string::npos) {
      say(result, "the error must say '{}', but says '{}'", step.error_text, outcome.message);
    }
    return result;
  }
  if (step.rows) TRY(compare_rows(step, outcome.rows, result));
  if (outcome.warnings != step.warnings) {
    say(result, "expected warnings [{}], got [{}]", fmt::join(step.warnings, " "), fmt::join(outcome.warnings, " "));
  }
  return result;
}

Result<std::string> statistics_differences(const Step& step, const Outcome& outcome) {
  std::string result;
  Buffer expected = TRY(value::parse_json(step.statistics));
  for (value::ObjectIterator item(expected.slice()); item.valid(); item.next()) {
    std::string want = canonical(item.value()), have = canonical(outcome.statistics.slice().get(item.name()));
    if (want != have) say(result, "expected {} {}, got {}", item.name(), want, have);
  }
  return result;
}

Result<std::string> plan_differences(const Step& step, engine::Database& database) {
  std::string result;
  if (step.plan.empty()) return result;
  Buffer bind = TRY(value::parse_json(step.bind)), given = TRY(value::parse_json(step.options));
  Buffer explained = TRY(database.explain(step.query, bind.slice(), TRY(engine_options(given.slice(), {}))));
  Slice plan = explained.slice().get("plan");
  for (const auto& [must_be, text] : step.plan) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    bool is_there = words[0] == "rule" ? has_rule(plan.get("rules"), words[1]) : has_node(plan.get("nodes"), words);
    if (is_there == must_be) continue;
    say(result, "the plan must {}hold '{}':\n{}", must_be ? "" : "not ", text, value::to_json(plan));
  }
  return result;
}

}  // namespace workerdb::aqltest
