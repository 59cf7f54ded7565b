#include "cli/exit_code.h"

#include "base/error.h"

namespace workerdb::cli {

using base::ErrorCode;

ExitCode exit_code_of(const base::Error& error) {
  switch (error.code()) {
    case ErrorCode::kSimpleClientCouldNotConnect:
    case ErrorCode::kSimpleClientCouldNotRead:
    case ErrorCode::kSimpleClientCouldNotWrite:
    case ErrorCode::kStartingUp:
    case ErrorCode::kShuttingDown: return ExitCode::kUnreachable;
    case ErrorCode::kNoError: return ExitCode::kSuccess;
    case ErrorCode::kApprovalNeeded: return ExitCode::kApproval;
    case ErrorCode::kForbidden:
    case ErrorCode::kHttpUnauthorized:
    case ErrorCode::kHttpForbidden:
    case ErrorCode::kReadOnly: return ExitCode::kUnauthorized;
    case ErrorCode::kDatabaseNotFound:
    case ErrorCode::kUserNotFound:
    case ErrorCode::kCollectionNotFound:
    case ErrorCode::kDocumentNotFound:
    case ErrorCode::kIndexNotFound:
    case ErrorCode::kFileNotFound:
    case ErrorCode::kHttpNotFound: return ExitCode::kNotFound;
    case ErrorCode::kConflict:
    case ErrorCode::kUniqueConstraintViolated:
    case ErrorCode::kDuplicateName:
    case ErrorCode::kValidationFailed:
    case ErrorCode::kHttpConflict: return ExitCode::kConflict;
    case ErrorCode::kQueryParse:
    case ErrorCode::kQueryEmpty: return ExitCode::kSyntax;
    case ErrorCode::kQueryKilled:
    case ErrorCode::kResourceLimit:
    case ErrorCode::kLockTimeout: return ExitCode::kLimit;
    case ErrorCode::kIllegalOption: return ExitCode::kUsage;
    default: return ExitCode::kFailure;
  }
}

}  // namespace workerdb::cli
