#include "base/machine_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace workerdb::base {
namespace {

class MachineMemory : public testing::Test {
 protected:
  MachineMemory() : root_(testing::TempDir() + "machine-memory-" + std::to_string(::getpid())) {}
  ~MachineMemory() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  const std::string root_;
};

TEST_F(MachineMemory, IsWhatTheKernelSays) {
  write("/proc/meminfo", "MemTotal:       2048 kB\nMemFree:         512 kB\n");
  EXPECT_EQ(machine_memory_bytes(root_), 2048u << 10);
}

TEST_F(MachineMemory, IsHeldToTheLimitOfAnyGroupAbove) {
  write("/proc/meminfo", "MemTotal:       2048 kB\n");
  write("/proc/self/cgroup", "0::/pods/one\n");
  write("/sys/fs/cgroup/pods/one/memory.max", "max\n");
  EXPECT_EQ(machine_memory_bytes(root_), 2048u << 10);
  write("/sys/fs/cgroup/pods/memory.max", "1048576\n");
  EXPECT_EQ(machine_memory_bytes(root_), 1u << 20);
  write("/sys/fs/cgroup/pods/one/memory.max", "4096\n");
  EXPECT_EQ(machine_memory_bytes(root_), 4096u);
}

TEST_F(MachineMemory, KnowsTheLimitInsideOfAContainerAndOfTheFirstVersion) {
  write("/proc/meminfo", "MemTotal:       2048 kB\n");
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(machine_memory_bytes(root_), 2048u << 10);
  write("/sys/fs/cgroup/memory.max", "65536\n");
  EXPECT_EQ(machine_memory_bytes(root_), 65536u);
}

TEST_F(MachineMemory, IsNothingWhereNothingIsKnown) { EXPECT_EQ(machine_memory_bytes(root_), 0u); }

}  // namespace
}  // namespace workerdb::base
