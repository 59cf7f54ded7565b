#pragma once
// The guard's rules as data. `workerdb guard` prints them, docs/GUARD.md holds the same tables, and a test fails
// when they differ.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/guard/guard.h"

namespace workerdb::access {

// What one cell of the table says.
enum class Ruling {
  kYes,               // allowed
  kReadOnly,          // allowed; the store holds it to reading
  kWithWrite,         // allowed with --write
  kOwn,               // allowed on what the catalog declares as the principal's own
  kStepUp,            // allowed with an approval of exactly this request
  kReadOnlyOrWrite,   // a login: for reading; with --write also for writing
  kReadOnlyOrStepUp,  // a login: for reading; with --write only with an approval
  kNo,
};
// "yes", "read-only", "--write", "own", "step-up", "read-only; --write", "read-only; step-up", "no".
std::string_view name_of(Ruling ruling);

// Sets of classes and places, as bits.
enum Place : unsigned { kLocalStack = 1, kRemote = 2, kAnywhere = 3 };
enum Classes : unsigned {
  kLocalClass = 1,
  kDevClass = 2,
  kTestClass = 4,
  kProductionClass = 8,
  kHarmless = 7,
  kEveryClass = 15
};

// A row decides an operation for all places and classes that it names. Each cell of operation x place x class
// stands in exactly one row.
struct PolicyRow {
  Operation operation;
  unsigned places;
  unsigned classes;
  Ruling person, service, agent;
  std::string_view reason;
};
std::span<const PolicyRow> policy_rows();
const PolicyRow& policy_row(Operation operation, bool is_local, base::EnvironmentClass environment);
Ruling ruling_of(const PolicyRow& row, PrincipalKind principal);

// How much one access may take.
struct LimitRow {
  PrincipalKind principal;
  unsigned places;
  unsigned classes;
  Limits limits;
  std::string_view reason;
};
std::span<const LimitRow> limit_rows();
Limits limits_of(PrincipalKind principal, bool is_local, base::EnvironmentClass environment);

// Which operations a command of the program or a tool of its MCP server can be. Where there are several, the
// words given or the analysis of the query say which one it is.
struct CommandRow {
  std::string_view name;              // "aql", "credential lease", "mcp query_documents"
  std::vector<Operation> operations;  // none: touches no store
  std::string_view reason;
};
std::span<const CommandRow> command_rows();
// Nothing for a command that the table does not know, which is then to be refused.
const CommandRow* find_command(std::string_view name);

// The tables as Markdown: the policy, the limits, the commands, and the matrix of every command, identity,
// place and class, each decided by decide().
std::string policy_markdown();
std::string limits_markdown();
std::string commands_markdown();
std::string matrix_markdown();
// All four under their headings, as between the marks of docs/GUARD.md.
std::string guard_markdown();

}  // namespace workerdb::access
