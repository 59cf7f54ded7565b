#pragma once
// workerdb doctor: what would keep a stack from starting, before it is started.
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct DoctorOptions {
  StackOptions stack;
  bool json = false;  // one JSON object a check and line
};

enum class CheckOutcome { kGood, kWarning, kBad };

struct Check {
  std::string name;  // "postgresql", "ports"
  CheckOutcome outcome;
  std::string sentence;  // what was found, and what to do about it
};

// Changes nothing. A stack that is up on the folder explains its own taken ports.
std::vector<Check> examine(const StackOptions& options);

// 0 unless a check is bad, then 1. Warnings do not count.
base::Result<int> doctor(const DoctorOptions& options, const Output& output);

}  // namespace workerdb::cli
