#include "access/guard/policy.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace workerdb::access {

namespace {

using enum Ruling;
using enum Operation;
using enum PrincipalKind;
using base::EnvironmentClass;

constexpr std::array kPolicy = {
    // operation, place, class, person, service, agent, why
    PolicyRow{kDescribe, kAnywhere, kEveryClass, kReadOnly, kReadOnly, kReadOnly,
              "Names, shapes and counts hold no values, and who knows them asks better questions."},

    PolicyRow{kRead, kLocalStack, kEveryClass, kYes, kReadOnly, kReadOnly,
              "The stack's owner has its files anyway; what programs call a read is held to being one."},
    PolicyRow{kRead, kRemote, kEveryClass, kReadOnly, kReadOnly, kReadOnly,
              "Outside the local stack reading is the default, and the store itself refuses anything else."},

    PolicyRow{kWrite, kLocalStack, kHarmless, kYes, kYes, kWithWrite,
              "One's own stack is there to be written to; an agent says that it means to write."},
    PolicyRow{kWrite, kLocalStack, kProductionClass, kYes, kOwn, kNo,
              "Single documents and rows can be put back by a person; agents do not change production data wherever it "
              "lies."},
    PolicyRow{
        kWrite, kRemote, kHarmless, kWithWrite, kOwn, kNo,
        "Others work there, too: a person says --write, a service has what is its own, an agent has the local stack."},
    PolicyRow{kWrite, kRemote, kProductionClass, kWithWrite, kOwn, kNo,
              "A person says --write, so that no write happens by a mistaken context; a service has what is its own."},

    PolicyRow{kPublish, kLocalStack, kEveryClass, kYes, kYes, kYes,
              "An event in one's own stack reaches one's own services."},
    PolicyRow{kPublish, kRemote, kHarmless, kWithWrite, kOwn, kYes,
              "Events are how agents take part; on what is not production nothing has to be declared for that."},
    PolicyRow{kPublish, kRemote, kProductionClass, kWithWrite, kOwn, kOwn,
              "An event starts real work: only on channels that the catalog declares for the service or the agent."},

    PolicyRow{kShape, kLocalStack, kHarmless, kYes, kOwn, kWithWrite,
              "Making collections and indexes loses nothing, and is what a local stack is for."},
    PolicyRow{kShape, kLocalStack, kProductionClass, kYes, kOwn, kNo,
              "Production's shape is changed by people and by the service that owns it."},
    PolicyRow{kShape, kRemote, kEveryClass, kWithWrite, kOwn, kNo,
              "A new index loses nothing but costs everybody; a person says --write."},

    PolicyRow{kDestroy, kLocalStack, kLocalClass, kYes, kOwn, kWithWrite,
              "Data of class local is declared to be thrown away."},
    PolicyRow{kDestroy, kLocalStack, kDevClass | kTestClass, kYes, kOwn, kNo,
              "Somebody's work of days; a person knows whose, an agent does not."},
    PolicyRow{kDestroy, kLocalStack, kProductionClass, kStepUp, kStepUp, kNo,
              "The class is in the data: a copy or a restored backup of production is production here as well. "
              "A service (a pipeline) may use what a person approved; an agent never."},
    PolicyRow{kDestroy, kRemote, kHarmless, kWithWrite, kOwn, kNo,
              "Others lose it, too: a person says --write, a service removes what is its own."},
    PolicyRow{kDestroy, kRemote, kProductionClass, kStepUp, kStepUp, kNo,
              "What is gone is gone for everybody: a person at a terminal approves exactly this request, once."},

    PolicyRow{kAdminister, kLocalStack, kEveryClass, kYes, kNo, kNo,
              "Passwords and settings of one's own stack are a person's; a program that could change them could "
              "give itself any right."},
    PolicyRow{kAdminister, kRemote, kHarmless, kWithWrite, kNo, kNo,
              "As above, and others are locked out by a mistake."},
    PolicyRow{kAdminister, kRemote, kProductionClass, kStepUp, kNo, kNo,
              "A changed password or setting stops production as surely as a dropped table."},

    PolicyRow{kCredential, kLocalStack, kHarmless, kReadOnlyOrWrite, kReadOnlyOrWrite, kReadOnly,
              "A login lives an hour at most and holds its scope alone; an agent's reads."},
    PolicyRow{kCredential, kLocalStack, kProductionClass, kReadOnlyOrWrite, kReadOnly, kReadOnly,
              "Services have the logins that the catalog declares; what is leased beside them reads."},
    PolicyRow{kCredential, kRemote, kHarmless, kReadOnlyOrWrite, kReadOnly, kReadOnly,
              "A person says --write for a login that writes; programs get one that reads."},
    PolicyRow{kCredential, kRemote, kProductionClass, kReadOnlyOrStepUp, kReadOnly, kReadOnly,
              "A login that writes is any number of writes that nobody sees here: a person approves it."},
};

constexpr uint64_t kMiB = 1024 * 1024;

constexpr std::array kLimits = {
    LimitRow{kPerson, kLocalStack, kEveryClass, {}, "One's own machine."},
    LimitRow{
        kPerson, kRemote, kHarmless, {1'000'000, 1024 * kMiB, 300'000}, "Enough for an export, not for an accident."},
    LimitRow{kPerson,
             kRemote,
             kProductionClass,
             {100'000, 256 * kMiB, 60'000},
             "Production's readers share one server; what is larger belongs into a backup or a replica."},
    LimitRow{kService, kLocalStack, kEveryClass, {}, "One's own machine."},
    LimitRow{kService,
             kRemote,
             kEveryClass,
             {1'000'000, 256 * kMiB, 60'000},
             "A query that runs away is ended before its caller's caller gives up."},
    LimitRow{kAgent,
             kAnywhere,
             kHarmless,
             {1'000, 4 * kMiB, 30'000},
             "More does not fit a model's context and is better counted or grouped in the store."},
    LimitRow{kAgent,
             kAnywhere,
             kProductionClass,
             {200, kMiB, 10'000},
             "Enough to understand a case; not a copy of the data, not a load that people feel."},
};

std::vector<CommandRow> make_commands() {
  return {
      {"up",
       {},
       "Starts one's own stack; what its catalog service changes loses nothing (a step that would lose data is left to "
       "`apply`)."},
      {"down", {}, "Ends one's own stack in order."},
      {"status", {}, "Looks at processes."},
      {"logs", {}, "Log lines hold no values."},
      {"env", {kCredential}, "Prints where the stack is, and unless --only-files its passwords."},
      {"doctor", {}, "Looks at the machine."},
      {"serve", {}, "Starts a document server of one's own."},
      {"aql", {kDescribe, kRead, kWrite}, "--explain describes; what the query does is read from its plan."},
      {"sql",
       {kDescribe, kRead, kWrite, kShape, kDestroy, kAdminister},
       "EXPLAIN describes; each statement by its parse tree, a script by its strongest."},
      {"redis",
       {kDescribe, kRead, kWrite, kPublish, kDestroy, kAdminister},
       "By the command's entry in the server's own table."},
      {"sh",
       {kDescribe, kRead, kWrite, kShape, kDestroy, kAdminister},
       "Each request by itself; a shell that was not opened with --write sends none that writes."},
      {"import",
       {kWrite, kShape},
       "Inserts, and with --on-duplicate changes, single documents; --create-collection shapes. Each collection is "
       "asked about by itself."},
      {"plan", {kDescribe}, "Compares shapes."},
      {"apply", {kShape, kDestroy}, "Steps that lose data are destruction."},
      {"drop", {kDestroy}, "A database or a collection is gone."},
      {"truncate", {kDestroy}, "All documents of a collection are gone."},
      {"reset", {kDestroy}, "A database is dropped and made anew."},
      {"context", {}, "Reads and writes one's own file of contexts."},
      {"tunnel", {}, "Opens ports with one's own ssh; who goes through them is asked at the store."},
      {"credential lease", {kCredential}, "A short-lived login for oneself."},
      {"credential list", {kDescribe}, "Names of short-lived logins and their ends."},
      {"credential check", {}, "Whether a source gives a login; the secret is not shown."},
      {"credential revoke", {kAdminister}, "Ends logins that others may be using."},
      {"credential rotate", {kAdminister}, "New passwords for a stack's roles."},
      {"guard", {}, "Prints these tables."},
      {"approve",
       {},
       "Makes an approval; only a person at a terminal can, and the request is decided anew when it is used."},
      {"audit verify", {}, "Reads the log of this machine."},
      {"audit tail", {}, "Reads the log of this machine, which holds no values unless they were asked for."},
      {"audit publish", {kWrite}, "Copies the log into the collection workerdb_audit."},
      {"mcp", {}, "Serves the tools below; each call is decided by itself."},
      {"skill", {kDescribe}, "Names, shapes and counts of the live stores."},
      {"mcp get_context_databases", {kDescribe}, "Names, shapes and counts."},
      {"mcp get_credential", {kCredential}, "A short-lived login, never a long-lived secret."},
      {"mcp query_documents", {kRead}, "A query that could write is refused, by its plan and by the engine."},
      {"mcp query_relational", {kRead}, "One statement in a read-only transaction of a login without rights."},
      {"mcp cache_get", {kRead}, "One key."},
      {"mcp explain", {kDescribe}, "The plan; nothing runs."},
      {"mcp describe", {kDescribe}, "Names, shapes, indexes and counts."},
      {"mcp publish_event", {kPublish}, "One event."},
  };
}

unsigned bit(EnvironmentClass environment) { return 1u << unsigned(environment); }
unsigned place(bool is_local) { return is_local ? kLocalStack : kRemote; }

}  // namespace

std::string_view name_of(Ruling ruling) {
  switch (ruling) {
    case kYes: return "yes";
    case kReadOnly: return "read-only";
    case kWithWrite: return "--write";
    case kOwn: return "own";
    case kStepUp: return "step-up";
    case kReadOnlyOrWrite: return "read-only; --write";
    case kReadOnlyOrStepUp: return "read-only; step-up";
    case kNo: return "no";
  }
  return "no";
}

std::span<const PolicyRow> policy_rows() { return kPolicy; }
std::span<const LimitRow> limit_rows() { return kLimits; }

const PolicyRow& policy_row(Operation operation, bool is_local, EnvironmentClass environment) {
  auto row = std::ranges::find_if(kPolicy, [&](const PolicyRow& candidate) {
    return candidate.operation == operation && (candidate.places & place(is_local)) != 0 &&
           (candidate.classes & bit(environment)) != 0;
  });
  ASSERT(row != kPolicy.end());
  return *row;
}

Ruling ruling_of(const PolicyRow& row, PrincipalKind principal) {
  switch (principal) {
    case kPerson: return row.person;
    case kService: return row.service;
    case kAgent: return row.agent;
  }
  return kNo;
}

Limits limits_of(PrincipalKind principal, bool is_local, EnvironmentClass environment) {
  auto row = std::ranges::find_if(kLimits, [&](const LimitRow& candidate) {
    return candidate.principal == principal && (candidate.places & place(is_local)) != 0 &&
           (candidate.classes & bit(environment)) != 0;
  });
  ASSERT(row != kLimits.end());
  return row->limits;
}

std::span<const CommandRow> command_rows() {
  static const std::vector<CommandRow> commands = make_commands();
  return commands;
}

const CommandRow* find_command(std::string_view name) {
  auto rows = command_rows();
  auto row = std::ranges::find(rows, name, &CommandRow::name);
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace workerdb::access
