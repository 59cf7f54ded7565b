#include "cli/import/json_lines_reader.h"

#include <gmock/gmock.h>

#include <vector>

#include "cli/import/reading_test.h"

namespace workerdb::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Lines read(std::string text) {
  JsonLinesReader reader(open_text(std::move(text)), nullptr);
  return read_lines(reader);
}

TEST(JsonLinesReader, GivesOneRecordALine) {
  EXPECT_EQ(read("{\"a\":1}\n{\"b\":[2,null]}\n"), (Lines{R"(1 {"a":1})", R"(2 {"b":[2,null]})"}));
}

TEST(JsonLinesReader, TakesAnyLineEndAndSkipsEmptyLinesAndTheByteOrderMark) {
  EXPECT_EQ(read("\xef\xbb\xbf{\"a\":1}\r\n\n  \t\r\n{\"b\":2}"), (Lines{R"(1 {"a":1})", R"(4 {"b":2})"}));
  EXPECT_EQ(read(""), Lines{});
  EXPECT_EQ(read("\n\n"), Lines{});
}

TEST(JsonLinesReader, GoesOnBehindABadLine) {
  EXPECT_THAT(read("{\"a\":1}\n{\"a\":\n[1]\n7\n{\"b\":2}\n"),
              ElementsAre(R"(1 {"a":1})", HasSubstr("2 !"), HasSubstr("3 !the line is an array"),
                          "4 !the line is no object", R"(5 {"b":2})"));
}

TEST(JsonLinesReader, RefusesWhatIsNoUtf8) { EXPECT_THAT(read("{\"a\":\"\xff\"}\n"), ElementsAre(HasSubstr("1 !"))); }

TEST(JsonLinesReader, RefusesALineBeyondTheBoundAndGoesOn) {
  const std::string long_line = "{\"a\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}";
  EXPECT_THAT(read(long_line + "\n{\"b\":2}\n"), ElementsAre(HasSubstr("1 !the line is longer"), R"(2 {"b":2})"));
}

TEST(JsonLinesReader, KeepsALineOverManyBlocks) {
  const std::string text = "{\"a\":\"" + std::string(1'000'000, 'x') + "\"}";
  EXPECT_EQ(read(text + "\n" + text), (Lines{"1 " + text, "2 " + text}));
}

TEST(JsonLinesReader, TellsItsProgressUpToTheEnd) {
  std::vector<uint64_t> seen;
  const std::string line = "{\"a\":\"" + std::string(600'000, 'x') + "\"}\n";
  JsonLinesReader reader(open_text(line + line), [&](const Progress& progress) {
    EXPECT_EQ(progress.bytes_total, 2 * line.size());
    seen.push_back(progress.bytes_read);
  });
  read_lines(reader);
  ASSERT_GE(seen.size(), 3U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 2 * line.size());
}

// Gives a few bytes, then fails.
class BrokenSource : public ByteSource {
 public:
  base::Result<size_t> read(std::span<char> into) override {
    if (is_read_) return base::Error(base::ErrorCode::kCannotReadFile, "the disk is gone");
    is_read_ = true;
    const std::string_view text = "{\"a\":1}\n{\"b\"";
    text.copy(into.data(), text.size());
    return text.size();
  }
  std::optional<uint64_t> total_bytes() const override { return std::nullopt; }

 private:
  bool is_read_ = false;
};

TEST(JsonLinesReader, SaysThatTheFileBrokeAndNotThatItsEndIsWrong) {
  JsonLinesReader reader(std::make_unique<BrokenSource>(), nullptr);
  EXPECT_EQ(read_lines(reader), (Lines{R"(1 {"a":1})", "end !the disk is gone"}));
}

}  // namespace
}  // namespace workerdb::cli
