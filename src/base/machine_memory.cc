#include "base/machine_memory.h"

#include <charconv>
#include <fstream>
#include <string_view>

namespace workerdb::base {
namespace {

// 0: no limit, or no such file. The word "max" is none either.
uint64_t limit_in(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  uint64_t bytes = 0;
  if (!(file >> text)) return 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && end == text.data() + text.size() ? bytes : 0;
}

uint64_t total_in(const std::string& path) {
  std::ifstream file(path);
  std::string name;
  uint64_t kilobytes = 0;
  while (file >> name) {
    if (name == "MemTotal:" && file >> kilobytes) return kilobytes << 10;
    std::getline(file, name);
  }
  return 0;
}

// The path of this process below the mount of control groups, version 2: the line "0::/path".
std::string own_group(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return "";
}

}  // namespace

uint64_t machine_memory_bytes(const std::string& root) {
  uint64_t bytes = total_in(root + "/proc/meminfo");
  auto consider = [&bytes](uint64_t limit) {
    if (limit != 0 && (bytes == 0 || limit < bytes)) bytes = limit;
  };
  // Inside of a container its own group is the root of the mount. Every group above holds too.
  const std::string mount = root + "/sys/fs/cgroup";
  for (std::string group = own_group(root + "/proc/self/cgroup"); group.size() > 1; group.resize(group.rfind('/'))) {
    consider(limit_in(mount + group + "/memory.max"));
  }
  consider(limit_in(mount + "/memory.max"));
  consider(limit_in(mount + "/memory/memory.limit_in_bytes"));  // version 1
  return bytes;
}

}  // namespace workerdb::base
