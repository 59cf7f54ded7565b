#include "stores/relational/error_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace workerdb::stores::relational {
namespace {

using base::ErrorCode;

constexpr std::string_view kPrefix = "(SQLSTATE ";
constexpr size_t kStateLength = 5;

struct Mapping {
  std::string_view state;  // five characters, or the two of a class
  ErrorCode code;
};

// Whole codes first, then classes.
constexpr std::array kMappings = {
    Mapping{"23505", ErrorCode::kUniqueConstraintViolated},
    Mapping{"28000", ErrorCode::kHttpUnauthorized},
    Mapping{"28P01", ErrorCode::kHttpUnauthorized},
    Mapping{"3D000", ErrorCode::kDatabaseNotFound},
    Mapping{"40001", ErrorCode::kConflict},
    Mapping{"40P01", ErrorCode::kDeadlock},
    Mapping{"42501", ErrorCode::kForbidden},
    Mapping{"42601", ErrorCode::kQueryParse},
    Mapping{"42P01", ErrorCode::kCollectionNotFound},
    Mapping{"42P04", ErrorCode::kDuplicateName},
    Mapping{"42P07", ErrorCode::kDuplicateName},
    Mapping{"42710", ErrorCode::kDuplicateName},
    Mapping{"25006", ErrorCode::kReadOnly},
    Mapping{"53100", ErrorCode::kFilesystemFull},
    Mapping{"53200", ErrorCode::kOutOfMemory},
    Mapping{"55P03", ErrorCode::kLockTimeout},
    Mapping{"57014", ErrorCode::kRequestCanceled},
    Mapping{"57P03", ErrorCode::kStartingUp},
    Mapping{"08", ErrorCode::kSimpleClientCouldNotConnect},
    Mapping{"22", ErrorCode::kBadParameter},
    Mapping{"23", ErrorCode::kBadParameter},
    Mapping{"25", ErrorCode::kIllegalState},
    Mapping{"42", ErrorCode::kBadParameter},
    Mapping{"53", ErrorCode::kResourceLimit},
    Mapping{"54", ErrorCode::kResourceLimit},
    Mapping{"57", ErrorCode::kSimpleClientCouldNotRead},
    Mapping{"58", ErrorCode::kSysError},
    Mapping{"XX", ErrorCode::kInternal},
};

bool is_state(std::string_view text) {
  return text.size() == kStateLength && std::ranges::all_of(text, [](unsigned char byte) {
           return std::isdigit(byte) != 0 || std::isupper(byte) != 0;
         });
}

}  // namespace

std::string_view sqlstate(const base::Error& error) {
  std::string_view message = error.message();
  size_t start = message.rfind(kPrefix);
  if (start == std::string_view::npos) return {};
  std::string_view state = message.substr(start + kPrefix.size()).substr(0, kStateLength);
  return is_state(state) ? state : std::string_view{};
}

bool is_retryable(const base::Error& error) {
  std::string_view state = sqlstate(error);
  return state == "40001" || state == "40P01" || state == "55P03";
}

bool is_failover(const base::Error& error) {
  std::string_view state = sqlstate(error);
  if (state.empty()) {
    switch (error.code()) {
      case ErrorCode::kSimpleClientCouldNotConnect:
      case ErrorCode::kSimpleClientCouldNotWrite:
      case ErrorCode::kSimpleClientCouldNotRead:
      case ErrorCode::kStartingUp: return true;
      default: return false;
    }
  }
  return state.starts_with("08") || state == "57P01" || state == "57P02" || state == "57P03" || state == "25006";
}

ErrorCode code_of_sqlstate(std::string_view state) {
  for (const Mapping& mapping : kMappings) {
    if (state.starts_with(mapping.state)) return mapping.code;
  }
  return ErrorCode::kFailed;
}

base::Error error_with_sqlstate(std::string_view state, std::string_view message) {
  return {code_of_sqlstate(state), fmt::format("{} {}{})", message, kPrefix, state)};
}

}  // namespace workerdb::stores::relational
