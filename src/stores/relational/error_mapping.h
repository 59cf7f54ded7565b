#pragma once
// PostgreSQL's SQLSTATE codes inside our errors. The five characters stay in the message ("... (SQLSTATE
// 23505)"), so that they survive every layer and reach the person who reads the message. Source of the codes:
// PostgreSQL 15 documentation, appendix A.
#include <string_view>

#include "base/error.h"

namespace workerdb::stores::relational {

// The five characters of an error that a server reported; empty for any other error. Borrowed from `error`.
std::string_view sqlstate(const base::Error& error);

// True for errors after which the same work may succeed when repeated from its start: serialization failure,
// deadlock, lock timeout.
bool is_retryable(const base::Error& error);

// True for errors after which another server, or the same one later, may do the work: the session was lost or
// ended by an operator or a failover (08..., 57P01, 57P02, 57P03), nobody was reached, or the server only
// reads (25006). The work may have run, unless its transaction was not committed: repeat only what is safe to
// repeat.
bool is_failover(const base::Error& error);

// The documented number that stands for a SQLSTATE.
base::ErrorCode code_of_sqlstate(std::string_view state);

// "message (SQLSTATE state)" with the number that stands for the state.
base::Error error_with_sqlstate(std::string_view state, std::string_view message);

}  // namespace workerdb::stores::relational
