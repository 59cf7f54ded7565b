#pragma once
// The files of js/, compiled into the program (see CMakeLists.txt), in the order in which they run.
#include <span>
#include <string_view>

namespace workerdb::cli {

struct PreludeFile {
  const char* name;  // "workerdb:core.js": stacks leave such lines out
  std::string_view text;
};
std::span<const PreludeFile> prelude_files();

}  // namespace workerdb::cli
