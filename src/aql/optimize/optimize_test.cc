// The driver: settings, what full counts forbid, and what makes a plan unsound.
#include <gtest/gtest.h>

#include "aql/optimize/explained.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {
namespace {

const char kCatalog[] = "users 1000 persistent(age)\nplain 100";

TEST(Optimize, SettingsAreReadFromLeftToRight) {
  auto enabled = [](const std::vector<std::string>& rules, bool by_default = true, bool is_required = false) {
    return parse_rule_settings(rules)->is_enabled("use-indexes", by_default, is_required);
  };
  EXPECT_TRUE(enabled({}));
  EXPECT_FALSE(enabled({"-use-indexes"}));
  EXPECT_TRUE(enabled({"-all", "+use-indexes"}));
  EXPECT_TRUE(enabled({"-all", "use-indexes"}));
  EXPECT_FALSE(enabled({"+use-indexes", "-all"}));
  EXPECT_TRUE(enabled({"-use-indexes", "+all"}));
  EXPECT_TRUE(enabled({"-unheard-of", "", "-"}));
  EXPECT_FALSE(enabled({"+all"}, false));
  EXPECT_TRUE(enabled({"-all"}, true, true));
}

TEST(Optimize, ANameWithoutItsNumberMeansEveryRun) {
  auto settings = parse_rule_settings({"-move-filters-up", "-sort-limit-1"});
  EXPECT_FALSE(settings->is_enabled("move-filters-up-2", true, false));
  EXPECT_TRUE(settings->is_enabled("sort-limit", true, false));
}

TEST(Optimize, NamesTheRulesThatChangedSomething) {
  std::vector<std::string> expected = {"use-indexes", "remove-filter-covered-by-index"};
  EXPECT_EQ((*optimized(kCatalog, "FOR u IN users FILTER u.age == 1 RETURN u"))->applied_rules, expected);
  EXPECT_TRUE((*optimized(kCatalog, "RETURN 1"))->applied_rules.empty());
}

TEST(Optimize, NothingStopsEarlyWhereAllRowsAreCounted) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain SORT u.x LIMIT 5 RETURN u", {}, true),
            "FOR u IN plain   /* full collection scan */\n"
            "SORT u.x ASC   /* sorting strategy: standard */\n"
            "LIMIT 0, 5\n"
            "RETURN u\n");
  auto plan = optimized(kCatalog, "FOR u IN users FILTER u.age == 1 LIMIT 5 RETURN u", {}, true);
  EXPECT_EQ((*plan)->nodes[1]->get_if<plan::IndexScan>()->limit, 0);
  plan = optimized(kCatalog, "FOR u IN users FILTER u.age == 1 LIMIT 2, 5 RETURN u");
  EXPECT_EQ((*plan)->nodes[1]->get_if<plan::IndexScan>()->limit, 7);
}

TEST(Optimize, FindsPlansThatReadWhatIsNotSet) {
  auto plan = *optimized(kCatalog, "FOR u IN plain LET x = UPPER(u.a) SORT x RETURN [x, x]", {"-all"});
  EXPECT_EQ(find_defect(*plan), std::nullopt);
  std::swap(plan->nodes[1], plan->nodes[2]);
  EXPECT_NE(find_defect(*plan).value_or("").find("which is not set"), std::string::npos);
  std::swap(plan->nodes[1], plan->nodes[2]);
  plan->nodes.push_back(std::make_unique<plan::Node>());
  plan->nodes.back()->id = plan->nodes[1]->id;
  EXPECT_NE(find_defect(*plan).value_or("").find("two nodes"), std::string::npos);
}

}  // namespace
}  // namespace workerdb::aql::optimize
