// Options that several commands have.
#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.h"

namespace workerdb::cli {

void add_data_option(CLI::App& command, CommandLine& line) {
  command.add_option("--data", line.common.data, "The local stack's data folder")
      ->type_name("DIR")
      ->capture_default_str();
}

void add_store_options(CLI::App& command, CommandLine& line) {
  add_data_option(command, line);
  command.add_option("--context", line.common.context, "Where the stores are (see `workerdb context`)")
      ->type_name("NAME");
  command.add_flag("--write", line.common.write, "Outside the local stack: allow writing");
  command.add_flag("--audit-values", line.common.audit_values,
                   "Write the statement and its values into the audit log, too");
  command.add_option("--approval", line.common.approval, "What a person allowed with `workerdb approve`")
      ->type_name("ID");
}

}  // namespace workerdb::cli
