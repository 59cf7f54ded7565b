#pragma once
// workerdb sh: the command line of the JavaScript shell, under arangosh's option names.
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line/command_line.h"

namespace workerdb::cli {

struct ShOptions {
  CommonOptions common;  // which context is asked when no endpoint is given
  std::string endpoint;  // "http://127.0.0.1:8529"
  std::string user = "root";
  std::string password;
  std::string password_file;
  bool has_password = false;  // the command line named one, which may be empty
  bool authentication = true;
  std::string database;  // empty: the context's, else _system
  std::vector<std::string> execute_strings;
  std::vector<std::string> execute_files;
  double request_timeout_s = 1200;
  double connection_timeout_s = 5;
  int64_t deadline_s = 0;  // of each script or statement
  size_t memory_mib = 1024;
  bool read_only = false;
  bool quiet = false;
};

// The endpoint's password is the option's, else that of --server.password-file, $ARANGO_PASSWORD_FILE or
// $ARANGO_PASSWORD, else what a person types on a terminal. The exit code; errors as run_javascript_shell().
base::Result<int> run_sh(const ShOptions& options);

}  // namespace workerdb::cli
