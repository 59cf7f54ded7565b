#pragma once
// Passwords on the command line: taken from there, and out of sight of ps as soon as the program runs.
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::cli {

struct TakenArguments {
  std::vector<std::string> words;  // all arguments but the program's name
  bool held_secret = false;        // there was one in sight until now
};

// Copies the arguments and overwrites in the process's own memory, which /proc/PID/cmdline shows, the value of each
// option in `secret_options` ("--server.password VALUE" and "--server.password=VALUE").
TakenArguments take_arguments(int count, char** arguments, const std::vector<std::string_view>& secret_options);

}  // namespace workerdb::cli
