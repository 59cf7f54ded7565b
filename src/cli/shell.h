#pragma once
// The interactive mode that aql, sql and redis share: line editing, history, completion.
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace workerdb::cli {

struct ShellOptions {
  std::string name;                 // "aql": the history's file, the prompt's first word
  std::string prompt;               // "aql flowmaster> "
  bool ends_with_semicolon = true;  // a statement may take several lines; false: each line is one
  std::vector<std::string> words;   // what Tab completes
  std::string help;                 // what \h prints besides the shell's own commands
};

// Reads statements until the end of input or \q and runs each; an error is printed and the shell goes on.
base::Result<> run_shell(const ShellOptions& options, const std::function<base::Result<>(const std::string&)>& run);

}  // namespace workerdb::cli
