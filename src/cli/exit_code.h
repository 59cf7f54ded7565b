#pragma once
// How a command ends, for scripts.
#include "base/error.h"

namespace workerdb::cli {

enum class ExitCode : int {
  kSuccess = 0,
  kFailure = 1,       // anything without a code of its own
  kUsage = 2,         // the command line is wrong
  kUnreachable = 3,   // a store does not answer
  kUnauthorized = 4,  // wrong password, missing rights
  kNotFound = 5,      // no such database, collection, document, table
  kConflict = 6,      // unique constraint, write conflict, schema violation
  kSyntax = 7,        // the query does not parse
  kApproval = 8,      // needs the approval of a person
  kLimit = 9,         // killed, out of time or memory
  kPartly = 10,       // an import that left records out
};

ExitCode exit_code_of(const base::Error& error);

}  // namespace workerdb::cli
