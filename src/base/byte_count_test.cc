#include "base/byte_count.h"

#include <gtest/gtest.h>

namespace workerdb::base {
namespace {

TEST(ByteCount, ReadsUnitsOfBothKinds) {
  EXPECT_EQ(parse_byte_count("512MiB"), uint64_t(512) << 20);
  EXPECT_EQ(parse_byte_count("2GiB"), uint64_t(2) << 30);
  EXPECT_EQ(parse_byte_count("10MB"), 10'000'000u);
  EXPECT_EQ(parse_byte_count("4096"), 4096u);
  EXPECT_EQ(parse_byte_count("0"), 0u);
}

TEST(ByteCount, RefusesOtherTexts) {
  for (const char* text : {"", "MiB", "-1", "1.5GiB", "1 GiB", "1gib", "1XB", "99999999999999999999", "99999999TiB"}) {
    EXPECT_EQ(parse_byte_count(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace workerdb::base
