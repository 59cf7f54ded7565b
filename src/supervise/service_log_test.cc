#include "supervise/service_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace workerdb::supervise {
namespace {

using Lines = std::vector<std::string>;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    char pattern[] = "/tmp/workerdb-log-XXXXXX";
    path_ = ::mkdtemp(pattern);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

Lines lines_of(const std::string& path) {
  std::ifstream file(path);
  Lines lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line.substr(line.find(' ') + 1));
  return lines;
}

TEST(ServiceLog, JoinsLinesThatArriveInPieces) {
  ServiceLog log({});
  log.append("first li");
  EXPECT_TRUE(log.last_lines(5).empty());
  log.append("ne\nsecond\nthi");
  EXPECT_EQ(log.last_lines(5), (Lines{"first line", "second"}));
  log.finish_line();
  EXPECT_EQ(log.last_lines(2), (Lines{"second", "thi"}));
}

TEST(ServiceLog, KeepsBoundedLinesWithoutControlCharacters) {
  ServiceLog log({.ring_lines = 3, .line_bytes = 8});
  log.append("123456789\n\x1b[1mred\r\n12345678\nlast\n");
  EXPECT_EQ(log.last_lines(10), (Lines{" [1mred", "12345678", "last"}));
  log.append(std::string(1000, 'x'));
  log.append("\n");
  EXPECT_EQ(log.last_lines(1), (Lines{"xxxxxxxx..."}));
}

TEST(ServiceLog, AMarkHidesWhatWasBefore) {
  ServiceLog log({.ring_lines = 4});
  log.note("old");
  log.mark();
  EXPECT_TRUE(log.last_lines(9, true).empty());
  log.note("new");
  EXPECT_EQ(log.last_lines(9, true), (Lines{"new"}));
  EXPECT_EQ(log.last_lines(9), (Lines{"old", "new"}));
  for (int count = 0; count < 10; ++count) log.note("more");
  EXPECT_EQ(log.last_lines(9, true).size(), 4u);
}

TEST(ServiceLog, WritesAPrivateFileAndRotatesIt) {
  TemporaryFolder folder;
  std::string path = folder.file("a.log");
  {
    ServiceLog log({.path = path, .file_bytes = 64, .files_kept = 2});
    ASSERT_TRUE(log.open().has_value());
    for (int number = 0; number < 8; ++number) log.note("line " + std::to_string(number));
    EXPECT_EQ(log.lines_dropped(), 0);
  }
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  // 32 bytes a line: two a file.
  EXPECT_EQ(lines_of(path), (Lines{"line 6", "line 7"}));
  EXPECT_EQ(lines_of(path + ".1"), (Lines{"line 4", "line 5"}));
  EXPECT_EQ(lines_of(path + ".2"), (Lines{"line 2", "line 3"}));
  EXPECT_FALSE(std::filesystem::exists(path + ".3"));
}

TEST(ServiceLog, AFullDiskLosesTheFileButNotTheMemory) {
  ServiceLog log({.path = "/dev/full"});
  ASSERT_TRUE(log.open().has_value());
  log.note("heard");
  EXPECT_EQ(log.last_lines(1), (Lines{"heard"}));
  EXPECT_EQ(log.lines_dropped(), 1);
}

TEST(ServiceLog, AFolderThatIsMissingIsAnErrorOfOpenOnly) {
  ServiceLog log({.path = "/nonexistent/folder/a.log"});
  EXPECT_FALSE(log.open().has_value());
  log.note("heard");
  EXPECT_EQ(log.last_lines(1), (Lines{"heard"}));
}

}  // namespace
}  // namespace workerdb::supervise
