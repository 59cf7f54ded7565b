#include "access/context/principal.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace workerdb::access {

namespace {

// What coding agents set in the shells that they open. A name of one's own: WORKERDB_PRINCIPAL=agent:NAME.
constexpr std::array<const char*, 8> kAgentVariables = {"AI_AGENT",   "CLAUDECODE", "CODEX_SANDBOX", "CURSOR_AGENT",
                                                        "GEMINI_CLI", "OPENCODE",   "AUGMENT_AGENT", "GOOSE_TERMINAL"};

constexpr size_t kLongestName = 128;

std::string environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

std::string login_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : "uid-" + std::to_string(::getuid());
}

// Names reach logs and tables: printable ASCII without blanks, bounded.
std::string clean(std::string_view name) {
  std::string result;
  for (char c : name.substr(0, kLongestName)) result += c > ' ' && c < 127 ? c : '_';
  return result;
}

}  // namespace

std::string_view name_of(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kPerson: return "person";
    case PrincipalKind::kService: return "service";
    case PrincipalKind::kAgent: return "agent";
  }
  return "agent";
}

Principal current_principal() {
  std::string given = environment("WORKERDB_PRINCIPAL");
  std::string_view text = given;
  size_t colon = text.find(':');
  std::string_view kind = text.substr(0, colon);
  std::string name = colon == text.npos ? "" : clean(text.substr(colon + 1));
  if (name.empty()) name = login_name();
  for (const char* variable : kAgentVariables) {
    if (!environment(variable).empty()) return {PrincipalKind::kAgent, name};
  }
  if (given.empty() || kind == "person") return {PrincipalKind::kPerson, name};
  if (kind == "service") return {PrincipalKind::kService, name};
  // "agent", and what nobody knows: the least rights.
  return {PrincipalKind::kAgent, name};
}

}  // namespace workerdb::access
