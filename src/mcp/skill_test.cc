#include "mcp/skill.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "catalog/load.h"

namespace workerdb::mcp {
namespace {

constexpr const char* kGolden = "src/mcp/skill_golden.md";

SkillFacts remote() {
  SkillFacts facts;
  facts.context = "production";
  facts.is_local = false;
  facts.environment = "production";
  facts.kubernetes_namespace = "databases-test";
  facts.ssh_host = "dev-01-root";
  facts.documents = {"arangodb.databases-test.svc.cluster.local", 8529, 8529};
  facts.relational = {"postgresql.databases-test.svc.cluster.local", 5432, 5432};
  facts.cache = {"redis.databases-test.svc.cluster.local", 6379, 6379};
  return facts;
}

class SkillTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = catalog::load_catalog("catalog/flowmaster");
    ASSERT_TRUE(loaded) << loaded.error().message();
    catalog = *std::move(loaded);
  }
  bool says(std::string_view words, const SkillFacts& facts = {}) {
    return render_skill(catalog, facts).find(words) != std::string::npos;
  }
  catalog::Catalog catalog;
};

// WORKERDB_UPDATE_GOLDEN=1 writes the page anew; read the difference before it is committed.
TEST_F(SkillTest, PageOfTheDefaultCatalog) {
  std::string page = render_skill(catalog, remote());
  if (std::getenv("WORKERDB_UPDATE_GOLDEN") != nullptr) std::ofstream(kGolden) << page;
  std::ifstream file(kGolden);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(page, golden.str());
}

TEST_F(SkillTest, HasTheSectionsOfThePlatformsPage) {
  for (const char* section :
       {"## Database Architecture", "Databases:", "Key collections:", "Query pattern:", "### PostgreSQL", "### Prisma",
        "Used by", "## Database Access from Local Machine", "## Common Database Operations", "## Key Facts"}) {
    EXPECT_TRUE(says(section, remote())) << section;
  }
  EXPECT_TRUE(says("ssh dev-01-root -L 8529:arangodb.databases-test.svc.cluster.local:8529 -N &", remote()));
  EXPECT_FALSE(says("ssh "));
}

TEST_F(SkillTest, ChangesWithTheCatalog) {
  EXPECT_FALSE(says("`invoices`"));
  catalog::CollectionDeclaration invoices;
  invoices.name = "invoices";
  invoices.description = "What | is owed\nby whom";
  invoices.owner = "billing";
  catalog.collections.push_back(invoices);
  EXPECT_TRUE(says("| `invoices` | documents | What \\| is owed by whom | billing |"));
  catalog.collections.back().presence = catalog::Presence::kAbsent;
  EXPECT_FALSE(says("`invoices`"));
  catalog.document_databases.front().description = "renamed";
  EXPECT_TRUE(says("(production) - renamed"));
  catalog.cache.key_spaces.clear();
  EXPECT_FALSE(says("### Redis"));
  catalog.relational_databases.clear();
  EXPECT_FALSE(says("### PostgreSQL"));
}

TEST_F(SkillTest, AnEmptyCatalogIsAPageToo) {
  EXPECT_NE(render_skill({}, {}).find("# Worker Database Knowledge"), std::string::npos);
}

}  // namespace
}  // namespace workerdb::mcp
