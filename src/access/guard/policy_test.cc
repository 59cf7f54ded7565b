#include "access/guard/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace workerdb::access {
namespace {

using base::EnvironmentClass;

constexpr EnvironmentClass kClasses[] = {EnvironmentClass::kLocal, EnvironmentClass::kDev, EnvironmentClass::kTest,
                                         EnvironmentClass::kProduction};
constexpr PrincipalKind kPrincipals[] = {PrincipalKind::kPerson, PrincipalKind::kService, PrincipalKind::kAgent};

class DecideTest : public testing::Test {
 protected:
  AccessRequest request(PrincipalKind kind, Operation operation, bool is_local, std::optional<EnvironmentClass> data) {
    context_.name = is_local ? "local" : "staging";
    context_.is_local = is_local;
    context_.environment = data.value_or(EnvironmentClass::kDev);
    AccessRequest made;
    made.principal = {kind, "somebody"};
    made.context = &context_;
    made.operation = operation;
    made.data_class = data;
    return made;
  }
  Context context_;
};

TEST(PolicyTest, each_cell_stands_in_exactly_one_row) {
  for (Operation operation : kOperations) {
    for (unsigned place : {kLocalStack, kRemote}) {
      for (EnvironmentClass environment : kClasses) {
        int rows = 0;
        for (const PolicyRow& row : policy_rows()) {
          rows += row.operation == operation && (row.places & place) != 0 &&
                  (row.classes & (1u << unsigned(environment))) != 0;
        }
        EXPECT_EQ(rows, 1) << name_of(operation) << " place " << place << " " << base::name_of(environment);
      }
    }
  }
}

TEST(PolicyTest, each_limit_stands_in_exactly_one_row) {
  for (PrincipalKind principal : kPrincipals) {
    for (unsigned place : {kLocalStack, kRemote}) {
      for (EnvironmentClass environment : kClasses) {
        int rows = 0;
        for (const LimitRow& row : limit_rows()) {
          rows += row.principal == principal && (row.places & place) != 0 &&
                  (row.classes & (1u << unsigned(environment))) != 0;
        }
        EXPECT_EQ(rows, 1) << name_of(principal) << " place " << place << " " << base::name_of(environment);
      }
    }
  }
}

TEST(PolicyTest, commands_have_one_row_each) {
  std::set<std::string_view> names;
  for (const CommandRow& row : command_rows()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_EQ(find_command("mcp query_documents")->operations.size(), 1u);
  EXPECT_EQ(find_command("format"), nullptr);
}

TEST(PolicyTest, several_databases_have_the_class_of_the_strictest) {
  using enum EnvironmentClass;
  Context local, declared_test;
  local.is_local = true;
  declared_test.environment = kTest;
  const std::optional<EnvironmentClass> unclassified_last[] = {kProduction, std::nullopt},
                                        unclassified_first[] = {std::nullopt, kProduction};
  const std::optional<EnvironmentClass> harmless[] = {kDev, std::nullopt, kLocal};
  EXPECT_EQ(strictest_class(declared_test, unclassified_last), kProduction);
  EXPECT_EQ(strictest_class(declared_test, unclassified_first), kProduction);
  EXPECT_EQ(strictest_class(declared_test, harmless), kTest);
  EXPECT_EQ(strictest_class(local, harmless), kProduction);
  EXPECT_EQ(strictest_class(local, {}), std::nullopt);
}

TEST(PolicyTest, the_document_shows_these_tables) {
  std::ifstream file("docs/GUARD.md");
  std::stringstream text;
  text << file.rdbuf();
  std::string page = text.str();
  constexpr std::string_view kBegin = "<!-- workerdb guard -->\n", kEnd = "<!-- end -->\n";
  size_t begin = page.find(kBegin), end = page.find(kEnd);
  ASSERT_NE(begin, page.npos);
  ASSERT_NE(end, page.npos);
  begin += kBegin.size();
  EXPECT_EQ(page.substr(begin, end - begin), guard_markdown()) << "paste what `workerdb guard --markdown` prints";
}

TEST_F(DecideTest, an_agent_never_destroys_what_is_not_local_and_never_holds_a_step_up) {
  for (Operation operation : kOperations) {
    for (bool is_local : {true, false}) {
      for (EnvironmentClass environment : kClasses) {
        for (bool writes : {false, true}) {
          AccessRequest made = request(PrincipalKind::kAgent, operation, is_local, environment);
          made.wants_write = writes;
          made.owns_objects = true;
          Verdict verdict = decide(made).verdict;
          EXPECT_NE(verdict, Verdict::kStepUp);
          bool may_write_here = is_local && environment != EnvironmentClass::kProduction && writes;
          bool changes = operation == Operation::kWrite || operation == Operation::kShape ||
                         operation == Operation::kDestroy || operation == Operation::kAdminister;
          EXPECT_TRUE(verdict == Verdict::kDeny || !changes || may_write_here) << name_of(operation);
          EXPECT_TRUE(verdict == Verdict::kAllowReadOnly || operation != Operation::kRead);
          EXPECT_TRUE(verdict != Verdict::kAllow || operation != Operation::kCredential);
        }
      }
    }
  }
}

TEST_F(DecideTest, destroying_production_needs_a_step_up_wherever_it_lies) {
  for (bool is_local : {true, false}) {
    AccessRequest made = request(PrincipalKind::kPerson, Operation::kDestroy, is_local, EnvironmentClass::kProduction);
    made.wants_write = true;
    EXPECT_EQ(decide(made).verdict, Verdict::kStepUp);
    EXPECT_NE(decide(made).reason.find("workerdb approve"), std::string::npos);
  }
}

TEST_F(DecideTest, data_without_a_class_counts_as_production_in_the_local_stack) {
  EXPECT_EQ(decide(request(PrincipalKind::kPerson, Operation::kDestroy, true, std::nullopt)).verdict, Verdict::kStepUp);
  EXPECT_EQ(decide(request(PrincipalKind::kPerson, Operation::kDestroy, true, EnvironmentClass::kDev)).verdict,
            Verdict::kAllow);
}

TEST_F(DecideTest, the_stricter_class_counts_outside) {
  AccessRequest made = request(PrincipalKind::kPerson, Operation::kDestroy, false, EnvironmentClass::kProduction);
  context_.environment = EnvironmentClass::kTest;
  made.wants_write = true;
  EXPECT_EQ(class_of(made), EnvironmentClass::kProduction);
  EXPECT_EQ(decide(made).verdict, Verdict::kStepUp) << "a context called test that holds production";
  context_.environment = EnvironmentClass::kProduction;
  made.data_class = EnvironmentClass::kLocal;
  EXPECT_EQ(decide(made).verdict, Verdict::kStepUp);
  context_.environment = EnvironmentClass::kDev;
  made.data_class.reset();
  EXPECT_EQ(class_of(made), EnvironmentClass::kDev);
}

TEST_F(DecideTest, outside_the_local_stack_a_person_says_write) {
  AccessRequest made = request(PrincipalKind::kPerson, Operation::kWrite, false, EnvironmentClass::kProduction);
  Decision refused = decide(made);
  EXPECT_EQ(refused.verdict, Verdict::kDeny);
  EXPECT_NE(refused.reason.find("--write"), std::string::npos);
  made.wants_write = true;
  EXPECT_EQ(decide(made).verdict, Verdict::kAllow);
  EXPECT_EQ(decide(request(PrincipalKind::kPerson, Operation::kWrite, true, EnvironmentClass::kProduction)).verdict,
            Verdict::kAllow);
}

TEST_F(DecideTest, a_service_writes_what_is_its_own) {
  AccessRequest made = request(PrincipalKind::kService, Operation::kWrite, false, EnvironmentClass::kProduction);
  made.wants_write = true;
  EXPECT_EQ(decide(made).verdict, Verdict::kDeny);
  made.owns_objects = true;
  made.wants_write = false;
  EXPECT_EQ(decide(made).verdict, Verdict::kAllow);
}

TEST_F(DecideTest, without_a_context_nothing_is_allowed) {
  AccessRequest made = request(PrincipalKind::kPerson, Operation::kDescribe, true, EnvironmentClass::kLocal);
  made.context = nullptr;
  EXPECT_EQ(decide(made).verdict, Verdict::kDeny);
}

TEST_F(DecideTest, a_reason_carries_no_control_characters_from_outside) {
  AccessRequest made = request(PrincipalKind::kService, Operation::kWrite, false, EnvironmentClass::kProduction);
  made.principal.name = "x\n{\"decision\":\"allowed\"}\x1b[31m";
  EXPECT_EQ(decide(made).reason.find('\n'), std::string::npos);
  EXPECT_EQ(decide(made).reason.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace workerdb::access
