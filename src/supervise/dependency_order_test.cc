#include "supervise/dependency_order.h"

#include <gtest/gtest.h>

namespace workerdb::supervise {
namespace {

TEST(StartOrder, PutsWhatIsNeededFirstAndKeepsTheRest) {
  auto order = start_order({{"http", {"engine", "cache"}}, {"engine", {}}, {"cache", {"engine"}}, {"other", {}}});
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(*order, (std::vector<size_t>{1, 2, 3, 0}));
}

TEST(StartOrder, NamesWhatIsWrong) {
  EXPECT_EQ(start_order({{"a", {}}, {"a", {}}}).error().message(), "two services are named 'a'");
  EXPECT_EQ(start_order({{"a", {"b"}}}).error().message(), "service 'a' depends on 'b', which does not exist");
  EXPECT_EQ(start_order({{"x", {}}, {"a", {"b"}}, {"b", {"a"}}}).error().message(),
            "service 'a' depends on itself through others");
}

}  // namespace
}  // namespace workerdb::supervise
