#pragma once
// workerdb env: eval "$(workerdb env)" makes psql, redis-cli and the drivers find the stack.
#include <string>

#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct EnvOptions {
  std::string data_folder;
  // Leaves out what needs a password in the environment; the *_FILE variables stay.
  bool only_files = false;
};

// For the help text: what is exported, and why some passwords reach the environment.
extern const char* const kEnvHelp;

// Prints `export` lines for sh. No password is among them: where a client reads a password from the
// environment alone, the line makes the shell read the file. 0; fails with kFileNotFound when nothing is up.
base::Result<int> env(const EnvOptions& options, const Output& output);

}  // namespace workerdb::cli
