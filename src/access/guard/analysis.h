#pragma once
// The second layer: what a query looks like, before the store is asked. It gives the guard the operation that a
// text is, gives people sentences that say what to do, and refuses what no reader needs. It is not what keeps a
// read a read: that is the store's work (read_only.h), and holds when all of this is wrong.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/guard/guard.h"
#include "base/result.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/document_store.h"
#include "stores/relational/connection.h"
#include "stores/relational/sql_analysis.h"

namespace workerdb::access {

using AllowedObjects = std::optional<std::vector<std::string>>;

// ---- PostgreSQL ------------------------------------------------------------------------------------------

// What the strongest statement of the text is to the guard.
Operation operation_of(stores::relational::SqlEffect effect);

// Passes for one statement that only reads, calls no function that is known to do more, touches no table of
// secrets, and (when `allowed` is given: "schema.table", or "table" of the schema public) no other table; catalog
// tables may be read. Fails with kReadOnly (does more than read) and kForbidden (reads what it may not).
base::Result<> check_sql_read(const stores::relational::SqlAnalysis& analysis, const AllowedObjects& allowed);

// Asks the server about the functions that a statement names: passes when each is one that neither writes nor
// waits, in all meanings that its name can have there. Refused (kReadOnly) are functions that are VOLATILE and not
// on our list, that run with their owner's rights, or that are written in an untrusted language.
base::Result<> check_functions(stores::relational::Connection& connection, const std::vector<std::string>& functions);

// ---- documents -------------------------------------------------------------------------------------------

struct AqlAnalysis {
  stores::documents::QueryAnalysis uses;
  std::vector<std::string> objects;  // names alone, for the audit
  Operation operation = Operation::kRead;
};
// By the store's own plan. A REMOVE without FILTER is not told from another one: it is a write.
base::Result<AqlAnalysis> analyze_aql(stores::documents::DocumentDatabase& database, std::string_view text,
                                      value::Slice bind);

// Passes for a query that only reads, no system collection (a name that begins with "_"), and no other than those
// `allowed`. Fails with kReadOnly and kForbidden.
base::Result<> check_aql_read(const AqlAnalysis& analysis, const AllowedObjects& allowed);

// Of the text without comments, blanks, strings and numbers.
std::string digest_of_aql(std::string_view text);

// ---- Redis -----------------------------------------------------------------------------------------------

struct CacheAnalysis {
  Operation operation = Operation::kAdminister;
  std::string command;            // "HGETALL", "OBJECT ENCODING"
  std::vector<std::string> keys;  // as the server finds them in the arguments
};
// By the server's own table of commands (COMMAND INFO, COMMAND GETKEYS). What empties databases is destruction;
// scripts, settings and what nobody knows are administration. Fails with kBadParameter for no command at all.
base::Result<CacheAnalysis> analyze_command(stores::cache::CacheStore& store, const stores::cache::Command& command);

// Passes for a command of our list of readers that the server takes for one as well, on keys that match the
// patterns `allowed` (Redis' own globs). Fails with kReadOnly and kForbidden.
base::Result<> check_cache_read(const CacheAnalysis& analysis, const AllowedObjects& allowed);

// Redis' glob: * ? [a-z] [^a] and \ in front of a character.
bool matches_pattern(std::string_view pattern, std::string_view text);

// SHA-256 of everything that an operation's effect depends on, each part with its length: for
// AccessRequest::parameters_digest.
std::string digest_of_parameters(std::span<const std::string> parts);

}  // namespace workerdb::access
