// The documents' part of plan and apply, the confirmation, and the rules about migrations, without a server.
#include "catalog/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/apply.h"
#include "catalog/catalog_folder.h"
#include "catalog/load.h"
#include "catalog/memory_documents.h"
#include "catalog/migrations.h"
#include "catalog/scram.h"
#include "value/json.h"

namespace workerdb::catalog {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;

constexpr std::string_view kCollection = R"(
collections:
  - name: notes
    type: document
    description: Notes
    owner: tests
    retention: {keep: forever}
    schema: {message: needs a title, rule: {type: object, required: [title]}}
    indexes:
      - {name: by_title, type: persistent, fields: [title]}
)";
constexpr std::string_view kDatabases = R"(
document_databases:
  - {name: live, environment: production, description: Live, collections: [notes]}
  - {name: trial, environment: dev, description: Trial, collections: [notes]}
)";

class PlanTest : public ::testing::Test {
 protected:
  void declare(std::string_view collections, std::string_view databases = kDatabases) {
    folder_.write("collections.yaml", std::string(collections));
    folder_.write("databases.yaml", std::string(databases));
    auto loaded = load_catalog(folder_.path());
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    catalog_ = *std::move(loaded);
  }
  std::string planned() {
    auto plan = make_plan(catalog_, stores_, {});
    return plan ? plan_text(*plan) : plan.error().message();
  }
  base::Result<Plan> apply(const ApplyOptions& options = {}) { return apply_catalog(catalog_, stores_, {}, options); }

  CatalogFolder folder_;
  MemoryDocuments documents_;
  LiveStores stores_{.documents = &documents_};
  Catalog catalog_;
};

TEST_F(PlanTest, FromNothingToTheCatalogAndThenNothing) {
  declare(kCollection);
  EXPECT_EQ(planned(),
            "+ documents live: create the database\n"
            "+ documents live: set the environment class to production\n"
            "+ documents live: create document collection 'notes'\n"
            "+ documents live: create persistent index 'by_title' of 'notes' on title\n"
            "+ documents trial: create the database\n"
            "+ documents trial: set the environment class to dev\n"
            "+ documents trial: create document collection 'notes'\n"
            "+ documents trial: create persistent index 'by_title' of 'notes' on title\n");
  ASSERT_TRUE(apply().has_value());
  EXPECT_EQ(planned(), "");
  EXPECT_EQ(environment_of(documents_, "live").value(), EnvironmentClass::kProduction);
}

TEST_F(PlanTest, AnInterruptedApplyContinues) {
  declare(kCollection);
  for (size_t steps = 1; steps <= 8; ++steps) {  // one step further each time
    ApplyOptions options;
    options.before_step = [](const Step&, size_t position, size_t) -> base::Result<> {
      if (position == 1) return base::Error(ErrorCode::kRequestCanceled, "interrupted");
      return {};
    };
    auto applied = apply(options);
    EXPECT_EQ(applied.has_value(), steps == 8);
  }
  EXPECT_EQ(planned(), "");
}

TEST_F(PlanTest, ChangesOfSchemaAndIndexAndWhatIsNotDeclared) {
  declare(kCollection);
  ASSERT_TRUE(apply().has_value());
  auto live = documents_.open("live").value();
  ASSERT_TRUE(live->create_collection({.name = "stranger"}));
  std::string changed(kCollection);
  changed.replace(changed.find("[title]}}"), 9, "[title, at]}}");
  changed.replace(changed.find("fields: [title]"), 15, "fields: [title], unique: true");
  declare(changed);
  EXPECT_EQ(planned(),
            "+ documents live: set the schema of 'notes'\n"
            "+ documents live: replace persistent index 'by_title' of 'notes' on title\n"
            "+ documents trial: set the schema of 'notes'\n"
            "+ documents trial: replace persistent index 'by_title' of 'notes' on title\n"
            "  note: documents live: collection 'stranger' is not in the catalog\n");
  ASSERT_TRUE(apply().has_value());
  EXPECT_THAT(planned(), ::testing::Not(HasSubstr("+ ")));
  EXPECT_EQ(live->indexes("notes")->size(), 1u);
}

TEST_F(PlanTest, DroppingOnProductionNeedsItsName) {
  declare(kCollection);
  ASSERT_TRUE(apply().has_value());
  auto live = documents_.open("live").value();
  ASSERT_TRUE(live->insert("notes", value::Slice::empty_object(), {}).has_value());
  declare("collections: [{name: notes, state: absent}]");
  EXPECT_THAT(
      planned(),
      HasSubstr("! documents live: drop collection 'notes'\n    destroys: collection 'notes' with 1 documents\n"));
  auto plan = make_plan(catalog_, stores_, {});
  EXPECT_THAT(value::to_json(plan_json(*plan).slice()),
              HasSubstr(R"("destructive":true,"destroys":"collection 'notes')"));

  auto refused = apply();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kForbidden);
  EXPECT_THAT(refused.error().message(), HasSubstr("'live', which is production"));
  EXPECT_TRUE(documents_.open("trial").value()->find_collection("notes").value().has_value()) << "nothing was done";
  std::vector<Loss> asked;
  ApplyOptions asking{.allow = [&](const std::vector<Loss>& losses) -> base::Result<> {
    asked = losses;
    return {};
  }};
  ASSERT_TRUE(apply(asking).has_value());
  ASSERT_EQ(asked.size(), 2u) << "one a database";
  EXPECT_EQ(asked[0].database + asked[1].database, "livetrial");
  EXPECT_THAT(asked[0].steps, testing::ElementsAre("drop collection 'notes' (collection 'notes' with 1 documents)"));
  EXPECT_FALSE(live->find_collection("notes").value().has_value());
  EXPECT_EQ(planned(), "");
}

TEST_F(PlanTest, TheClassIsAskedOfTheDatabaseNotOfTheCatalog) {
  declare(kCollection);
  ASSERT_TRUE(apply().has_value());
  declare("collections: [{name: notes, state: absent}]",
          "document_databases: [{name: live, environment: dev, description: Live, collections: [notes]}]");
  EXPECT_THAT(planned(), HasSubstr("destroys: the protection of a production database"));
  EXPECT_EQ(apply().error().code(), ErrorCode::kForbidden);
}

TEST_F(PlanTest, ACollectionsTypeCannotChange) {
  declare(kCollection);
  ASSERT_TRUE(apply().has_value());
  std::string changed(kCollection);
  changed.replace(changed.find("type: document"), 14, "type: edge");
  declare(changed);
  EXPECT_THAT(planned(), HasSubstr("collection 'notes' of database 'live' is of type document, the catalog says edge"));
}

TEST(Losses, OfProductionAndOfWhatNobodyClassifiedAreRefused) {
  auto refuses = [](std::optional<EnvironmentClass> environment) {
    return !refuse_losses_of_production({{StoreKind::kDocuments, "flowmaster", environment, {"drop"}}}).has_value();
  };
  EXPECT_FALSE(refuses(EnvironmentClass::kLocal));
  EXPECT_FALSE(refuses(EnvironmentClass::kDev));
  EXPECT_FALSE(refuses(EnvironmentClass::kTest));
  EXPECT_TRUE(refuses(EnvironmentClass::kProduction));
  EXPECT_TRUE(refuses(std::nullopt));
  std::vector<Loss> both = {{StoreKind::kDocuments, "a", EnvironmentClass::kDev, {"drop"}},
                            {StoreKind::kDocuments, "b", EnvironmentClass::kProduction, {"drop"}}};
  EXPECT_FALSE(refuse_losses_of_production(both).has_value());
}

TEST(Migrations, WhatHasRunMustBeTheBeginningOfWhatIsDeclared) {
  RelationalDatabaseDeclaration database{.name = "core"};
  for (int version = 1; version <= 3; ++version) {
    std::string name = "step" + std::to_string(version);
    database.migrations.push_back({.version = version, .name = name, .file = name + ".sql", .checksum = name});
  }
  auto pending = pending_migrations(database, {{1, "step1", "step1"}});
  ASSERT_TRUE(pending.has_value());
  EXPECT_EQ(pending->size(), 2u);
  EXPECT_THAT(pending_migrations(database, {{1, "step1", "other"}}).error().message(),
              HasSubstr("step1.sql was edited after database 'core' ran it"));
  EXPECT_THAT(pending_migrations(database, {{4, "gone", "x"}}).error().message(),
              HasSubstr("has run migration 0004_gone, but the catalog has no such file"));
  EXPECT_THAT(pending_migrations(database, {{1, "other", "step1"}}).error().message(),
              HasSubstr("under the name 'other'"));
  EXPECT_THAT(pending_migrations(database, {{1, "step1", "step1"}, {3, "step3", "step3"}}).error().message(),
              HasSubstr("step2.sql never ran"));
}

TEST(Scram, KnownAnswers) {
  // RFC 7677, section 3: user "user", password "pencil".
  const char* verifier =
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
      "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
  EXPECT_TRUE(scram_verifier_matches(verifier, "pencil"));
  EXPECT_FALSE(scram_verifier_matches(verifier, "pencils"));
  EXPECT_FALSE(scram_verifier_matches("md5abc", "pencil"));
  EXPECT_FALSE(scram_verifier_matches("SCRAM-SHA-256$4096:$:", "pencil"));
}

}  // namespace
}  // namespace workerdb::catalog
