#include "base/private_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"

namespace workerdb::base {
namespace {

class PrivateFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(make_private_folder(folder_)); }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root_ = testing::TempDir() + "private-file-" + random_hex(6);
  std::string folder_ = root_ + "/a/b";
};

TEST_F(PrivateFileTest, replaces_the_whole_file_and_lets_nobody_else_read_it) {
  ASSERT_TRUE(replace_private_file(folder_ + "/f", "one, which is longer"));
  ASSERT_TRUE(replace_private_file(folder_ + "/f", "two"));
  EXPECT_EQ(*read_private_file(folder_ + "/f"), "two");
  struct stat found {};
  ASSERT_EQ(::stat((folder_ + "/f").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
  size_t names = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++names;
  EXPECT_EQ(names, 1u) << "no temporary file stays behind";
}

TEST_F(PrivateFileTest, refuses_files_that_others_may_read) {
  ASSERT_TRUE(replace_private_file(folder_ + "/f", "x"));
  ASSERT_EQ(::chmod((folder_ + "/f").c_str(), 0640), 0);
  EXPECT_EQ(read_private_file(folder_ + "/f").error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(read_private_file(folder_ + "/none").error().code(), ErrorCode::kFileNotFound);
}

TEST_F(PrivateFileTest, belongs_to_whom_it_is_given) {
  ReplaceOptions options{.owner = FileOwner{::geteuid(), ::getegid()}, .is_synced = false};
  ASSERT_TRUE(replace_private_file(folder_ + "/f", "x", options));
  EXPECT_EQ(*read_private_file(folder_ + "/f"), "x");
  EXPECT_EQ(replace_private_file("/dev/full/x", "x", options).error().code(), ErrorCode::kCannotWriteFile);
}

TEST_F(PrivateFileTest, small_files_are_read_whole_or_not_at_all) {
  std::ofstream(folder_ + "/f") << std::string(1024 * 1024, 'a');
  EXPECT_EQ(read_small_file(folder_ + "/f")->size(), size_t(1024 * 1024));
  std::ofstream(folder_ + "/f", std::ios::app) << 'b';
  EXPECT_EQ(read_small_file(folder_ + "/f").error().code(), ErrorCode::kCannotReadFile);
  EXPECT_EQ(read_small_file(folder_ + "/none").error().code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(read_small_file(folder_).error().code(), ErrorCode::kCannotReadFile);
}

TEST_F(PrivateFileTest, refuses_folders_that_others_may_write_to) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(make_private_folder(folder_).error().code(), ErrorCode::kForbidden);
}

}  // namespace
}  // namespace workerdb::base
