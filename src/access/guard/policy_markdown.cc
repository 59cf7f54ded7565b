#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "access/guard/policy.h"

namespace workerdb::access {

using base::EnvironmentClass;

namespace {

constexpr std::array kClasses = {EnvironmentClass::kLocal, EnvironmentClass::kDev, EnvironmentClass::kTest,
                                 EnvironmentClass::kProduction};
constexpr std::array kPrincipals = {PrincipalKind::kPerson, PrincipalKind::kService, PrincipalKind::kAgent};

std::string_view places_text(unsigned places) {
  return places == kAnywhere ? "anywhere" : places == kLocalStack ? "local stack" : "remote";
}

std::string classes_text(unsigned classes) {
  if (classes == kEveryClass) return "every class";
  std::string text;
  for (EnvironmentClass environment : kClasses) {
    if ((classes & (1u << unsigned(environment))) == 0) continue;
    if (!text.empty()) text += ", ";
    text += base::name_of(environment);
  }
  return text;
}

std::string number_or_none(uint64_t number, uint64_t unit, std::string_view name) {
  return number == 0 ? "none" : fmt::format("{}{}", number / unit, name);
}

// Asks decide() for a cell in all ways that a caller can ask, and says in the words of the rulings what it
// answered: the matrix shows what happens, not what the table says would.
std::string decided(Operation operation, PrincipalKind kind, bool is_local, EnvironmentClass environment) {
  Context context;
  context.is_local = is_local;
  context.environment = environment;
  AccessRequest request;
  request.principal = {kind, "name"};
  request.context = &context;
  request.data_class = environment;
  request.operation = operation;
  auto ask = [&](bool writes, bool owns) {
    request.wants_write = writes;
    request.owns_objects = owns;
    return decide(request).verdict;
  };
  Verdict plain = ask(false, false), write = ask(true, false), own = ask(false, true);
  if (plain == Verdict::kAllowReadOnly && write == Verdict::kAllow) return "read-only; --write";
  if (plain == Verdict::kAllowReadOnly && write == Verdict::kStepUp) return "read-only; step-up";
  if (plain == Verdict::kAllowReadOnly) return "read-only";
  if (plain == Verdict::kAllow) return "yes";
  if (plain == Verdict::kStepUp) return "step-up";
  if (write == Verdict::kAllow) return "--write";
  if (own == Verdict::kAllow) return "own";
  return "no";
}

}  // namespace

std::string policy_markdown() {
  std::string text =
      "| operation | where | class of the data | person | service | agent | why |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const PolicyRow& row : policy_rows()) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name_of(row.operation), places_text(row.places),
                        classes_text(row.classes), name_of(row.person), name_of(row.service), name_of(row.agent),
                        row.reason);
  }
  return text;
}

std::string limits_markdown() {
  std::string text =
      "| identity | where | class of the data | rows | bytes | time | why |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const LimitRow& row : limit_rows()) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name_of(row.principal), places_text(row.places),
                        classes_text(row.classes), number_or_none(row.limits.rows, 1, ""),
                        number_or_none(row.limits.bytes, 1024 * 1024, " MiB"),
                        number_or_none(uint64_t(row.limits.time_ms), 1000, " s"), row.reason);
  }
  return text;
}

std::string commands_markdown() {
  std::string text =
      "| command | operations | why |\n"
      "| --- | --- | --- |\n";
  for (const CommandRow& row : command_rows()) {
    std::string operations;
    for (Operation operation : row.operations) {
      if (!operations.empty()) operations += ", ";
      operations += name_of(operation);
    }
    text += fmt::format("| `{}` | {} | {} |\n", row.name, operations.empty() ? "none" : operations, row.reason);
  }
  return text;
}

std::string matrix_markdown() {
  std::string text = "| command | operation | identity |";
  std::string rule = "| --- | --- | --- |";
  for (bool is_local : {true, false}) {
    for (EnvironmentClass environment : kClasses) {
      text += fmt::format(" {}, {} |", is_local ? "local stack" : "remote", base::name_of(environment));
      rule += " --- |";
    }
  }
  text += '\n' + rule + '\n';
  for (const CommandRow& row : command_rows()) {
    for (Operation operation : row.operations) {
      for (PrincipalKind principal : kPrincipals) {
        text += fmt::format("| `{}` | {} | {} |", row.name, name_of(operation), name_of(principal));
        for (bool is_local : {true, false}) {
          for (EnvironmentClass environment : kClasses) {
            text += fmt::format(" {} |", decided(operation, principal, is_local, environment));
          }
        }
        text += '\n';
      }
    }
  }
  return text;
}

std::string guard_markdown() {
  return fmt::format(
      "## Who may do what where\n\n{}\n## How much one access may take\n\n{}\n## What the commands and tools "
      "are\n\n{}\n"
      "## Every command, identity, place and class\n\n{}",
      policy_markdown(), limits_markdown(), commands_markdown(), matrix_markdown());
}

}  // namespace workerdb::access
