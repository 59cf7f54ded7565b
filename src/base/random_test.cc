#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace workerdb::base {
namespace {

TEST(RandomTest, has_the_asked_length_and_differs) {
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(1000).size(), 1000u);
  EXPECT_NE(random_bytes(16), random_bytes(16));
  EXPECT_EQ(random_hex(16).size(), 32u);
  EXPECT_EQ(random_hex(16).find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(random_hex(16), random_hex(16));
}

TEST(RandomTest, letters_are_all_of_the_alphabet_and_no_others) {
  std::string letters = random_letters("abc", 1000);
  EXPECT_EQ(letters.size(), 1000u);
  EXPECT_EQ(std::set<char>(letters.begin(), letters.end()), (std::set<char>{'a', 'b', 'c'}));
  EXPECT_EQ(random_letters("x", 3), "xxx");
}

}  // namespace
}  // namespace workerdb::base
