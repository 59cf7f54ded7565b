#include "aql/functions/substring.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace workerdb::aql::functions {
namespace {

std::string random_text(std::mt19937& random, size_t most) {
  std::string text(random() % (most + 1), 'a');
  for (char& c : text) c = char('a' + random() % 2);
  return text;
}

TEST(Substring, IsFoundWhereTheStandardFindsIt) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = random_text(random, 12), search = random_text(random, 4);
    size_t from = random() % 14;
    ASSERT_EQ(find_first(text, search, from), std::string_view(text).find(search, from))
        << text << ' ' << search << ' ' << from;
    ASSERT_EQ(find_last(text, search), std::string_view(text).rfind(search)) << text << ' ' << search;
  }
}

// The product of these lengths is more than a test's time.
TEST(Substring, TextsThatRepeatThemselvesAreNoTrap) {
  std::string text(64 << 20, 'a'), search(32 << 20, 'a');
  EXPECT_EQ(find_first(text, search + 'b'), std::string::npos);
  EXPECT_EQ(find_last(text, 'b' + search), std::string::npos);
  EXPECT_EQ(find_last(text, search), text.size() - search.size());
}

}  // namespace
}  // namespace workerdb::aql::functions
