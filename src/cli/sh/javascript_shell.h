#pragma once
// workerdb sh: an interactive JavaScript shell over a document server's HTTP interface, with arangosh's habits.
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/sh/server_connection.h"

namespace workerdb::cli {

struct JavaScriptShellOptions {
  ServerConnectionOptions server;
  std::string database = "_system";
  std::vector<std::string> execute_strings;  // run in this order, before the files
  std::vector<std::string> execute_files;
  bool quiet = false;          // no greeting
  std::string context;         // shown in the prompt: "local", "production"
  bool is_production = false;  // the prompt is red
  size_t memory_mib = 1024;    // of the whole process while a script runs
  int64_t deadline_s = 0;      // of each statement; 0: none
};

// Runs the scripts; without any, the interactive mode on a terminal, else the statements of standard input.
// The exit code: 0; 1 when a script threw (a statement of standard input: the others run all the same); what exit()
// was given; 130 after Ctrl-C. Errors: of the connection, kHttpUnauthorized, kDatabaseNotFound, kFileNotFound,
// kResourceLimit for a script that passed its memory or its deadline.
base::Result<int> run_javascript_shell(const JavaScriptShellOptions& options);

}  // namespace workerdb::cli
