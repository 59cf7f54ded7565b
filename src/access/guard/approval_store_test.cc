#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "access/guard/guard.h"
#include "base/private_file.h"
#include "base/random.h"

namespace workerdb::access {
namespace {

using base::ErrorCode;

class ApprovalTest : public testing::Test {
 protected:
  ApprovalTest() : store_(folder_, [this] { return now_; }) {
    context_.name = "production";
    request_.principal = alice_;
    request_.context = &context_;
    request_.data_class = base::EnvironmentClass::kProduction;
    request_.database = "flowmaster";
    request_.operation = Operation::kDestroy;
    request_.command = "drop";
    request_.objects = {"sessions", "events"};
    request_.parameters_digest = "d1";
  }
  ~ApprovalTest() override { std::filesystem::remove_all(folder_); }

  std::string approve(int64_t lifetime_s = 600) {
    auto approval = store_.approve(request_, alice_, true, lifetime_s);
    EXPECT_TRUE(approval) << approval.error().message();
    return approval ? approval->id : "";
  }
  std::string refusal(std::string_view id, const AccessRequest& request) {
    auto used = store_.use(id, request);
    EXPECT_FALSE(used);
    if (used) return "passed";
    EXPECT_EQ(used.error().code(), ErrorCode::kForbidden);
    return used.error().message();
  }
  std::string file(std::string_view id) { return folder_ + "/open/" + std::string(id); }
  std::string content(const std::string& path) {
    std::ifstream input(path);
    std::stringstream text;
    text << input.rdbuf();
    return text.str();
  }

  std::string folder_ = testing::TempDir() + "approvals-" + base::random_hex(6);
  int64_t now_ = 1'800'000'000;
  Principal alice_{PrincipalKind::kPerson, "alice"};
  Context context_;
  AccessRequest request_;
  ApprovalStore store_;
};

TEST_F(ApprovalTest, passes_once) {
  std::string id = approve();
  EXPECT_TRUE(store_.use(id, request_));
  EXPECT_NE(refusal(id, request_).find("used before"), std::string::npos);
}

TEST_F(ApprovalTest, a_copy_that_is_put_back_does_not_pass_again) {
  std::string id = approve();
  std::filesystem::copy_file(file(id), folder_ + "/copy");
  ASSERT_TRUE(store_.use(id, request_));
  std::filesystem::copy_file(folder_ + "/copy", file(id));
  ASSERT_EQ(::chmod(file(id).c_str(), 0600), 0);
  EXPECT_NE(refusal(id, request_).find("used before"), std::string::npos);
}

TEST_F(ApprovalTest, only_a_person_at_a_terminal_approves) {
  for (auto kind : {PrincipalKind::kAgent, PrincipalKind::kService}) {
    auto approval = store_.approve(request_, {kind, "claude"}, true, 600);
    ASSERT_FALSE(approval);
    EXPECT_EQ(approval.error().code(), ErrorCode::kForbidden);
  }
  EXPECT_NE(store_.approve(request_, alice_, false, 600).error().message().find("terminal"), std::string::npos);
}

TEST_F(ApprovalTest, lifetimes_are_bounded) {
  EXPECT_EQ(store_.approve(request_, alice_, true, 0).error().code(), ErrorCode::kBadParameter);
  EXPECT_EQ(store_.approve(request_, alice_, true, kLongestApprovalS + 1).error().code(), ErrorCode::kBadParameter);
}

TEST_F(ApprovalTest, an_agent_cannot_use_one_but_a_pipeline_can) {
  std::string id = approve();
  AccessRequest agents = request_;
  agents.principal = {PrincipalKind::kAgent, "claude"};
  EXPECT_NE(refusal(id, agents).find("agent"), std::string::npos);
  AccessRequest pipeline = request_;
  pipeline.principal = {PrincipalKind::kService, "deploy"};
  EXPECT_TRUE(store_.use(id, pipeline));
}

TEST_F(ApprovalTest, is_bound_to_every_parameter) {
  std::string id = approve();
  Context other_context = context_;
  other_context.name = "staging";
  Context local = context_;
  local.is_local = true;
  auto changed = [&](auto change) {
    AccessRequest other = request_;
    change(other);
    EXPECT_NE(refusal(id, other).find("another request"), std::string::npos);
  };
  changed([&](AccessRequest& other) { other.context = &other_context; });
  changed([&](AccessRequest& other) { other.context = &local; });
  changed([](AccessRequest& other) { other.store = StoreKind::kRelational; });
  changed([](AccessRequest& other) { other.place = "http://elsewhere:8529"; });
  changed([](AccessRequest& other) { other.database = "flowmaster2"; });
  changed([](AccessRequest& other) { other.operation = Operation::kAdminister; });
  changed([](AccessRequest& other) { other.command = "truncate"; });
  changed([](AccessRequest& other) { other.objects = {"sessions"}; });
  changed([](AccessRequest& other) { other.objects = {"sessions,events"}; });
  changed([](AccessRequest& other) { other.parameters_digest = "d2"; });
  changed([](AccessRequest& other) { other.wants_write = true; });
  AccessRequest same = request_;
  same.objects = {"events", "sessions"};
  EXPECT_TRUE(store_.use(id, same)) << "the order of objects means nothing";
}

TEST_F(ApprovalTest, ends) {
  std::string id = approve(600);
  now_ += 600;
  EXPECT_NE(refusal(id, request_).find("was over at"), std::string::npos);
  now_ -= 1;
  EXPECT_TRUE(store_.use(id, request_));
}

TEST_F(ApprovalTest, refuses_what_was_changed) {
  std::string id = approve();
  std::string text = content(file(id));
  for (auto [from, to] : {std::pair<std::string, std::string>{"1800000600", "1900000600"},
                          {"alice", "bobby"},
                          {"{", ""},
                          {"seal", "sael"}}) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    ASSERT_TRUE(base::replace_private_file(file(id), changed));
    EXPECT_NE(refusal(id, request_).find("not as it was sealed"), std::string::npos) << from;
  }
  ASSERT_TRUE(base::replace_private_file(file(id), text));
  EXPECT_TRUE(store_.use(id, request_));
}

TEST_F(ApprovalTest, refuses_what_another_machine_sealed) {
  std::string id = approve();
  ASSERT_TRUE(base::replace_private_file(folder_ + "/key", base::random_hex(32)));
  EXPECT_NE(refusal(id, request_).find("not as it was sealed"), std::string::npos);
}

TEST_F(ApprovalTest, refuses_one_under_the_name_of_another) {
  std::string first = approve(), second = approve();
  std::filesystem::rename(file(first), file(second));
  EXPECT_NE(refusal(second, request_).find("not as it was sealed"), std::string::npos);
}

TEST_F(ApprovalTest, refuses_ids_that_are_none) {
  for (const char* id : {"", "../key", "../../etc/passwd", "0123456789ABCDEF0123456789ABCDEF"}) refusal(id, request_);
  EXPECT_NE(refusal("0123456789abcdef0123456789abcdef", request_).find("there is no approval"), std::string::npos);
}

TEST_F(ApprovalTest, its_files_are_private) {
  std::string id = approve();
  for (const std::string& path : {file(id), folder_ + "/key"}) {
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u) << path;
  }
  ASSERT_EQ(::chmod((folder_ + "/key").c_str(), 0644), 0);
  EXPECT_EQ(store_.use(id, request_).error().code(), ErrorCode::kForbidden) << "a key that others read is none";
}

TEST_F(ApprovalTest, is_found_by_its_request) {
  EXPECT_EQ(*store_.find(request_), std::nullopt);
  std::string id = approve();
  EXPECT_EQ(*store_.find(request_), id);
  AccessRequest other = request_;
  other.database = "other";
  EXPECT_EQ(*store_.find(other), std::nullopt);
  now_ += 600;
  EXPECT_EQ(*store_.find(request_), std::nullopt);
}

TEST_F(ApprovalTest, of_many_processes_exactly_one_uses_it) {
  for (int round = 0; round < 5; ++round) {
    std::string id = approve();
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
      pid_t child = ::fork();
      if (child == 0) ::_exit(store_.use(id, request_) ? 0 : 1);
      children.push_back(child);
    }
    int passed = 0;
    for (pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      passed += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    EXPECT_EQ(passed, 1);
  }
}

TEST_F(ApprovalTest, killed_at_any_moment_it_is_never_used_twice) {
  for (int round = 0; round < 20; ++round) {
    std::string id = approve();
    int reported[2];
    ASSERT_EQ(::pipe(reported), 0);
    pid_t child = ::fork();
    if (child == 0) {
      bool passed = bool(store_.use(id, request_));
      if (passed && ::write(reported[1], "x", 1) != 1) ::_exit(2);
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(round * 150));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(reported[1]);
    char mark;
    bool used_by_child = ::read(reported[0], &mark, 1) == 1;
    ::close(reported[0]);
    bool used_by_us = bool(store_.use(id, request_));
    EXPECT_FALSE(used_by_child && used_by_us);
  }
}

TEST_F(ApprovalTest, makers_at_the_same_time_share_one_key) {
  std::vector<std::thread> threads;
  std::vector<std::string> ids(8);
  for (size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      if (auto approval = store_.approve(request_, alice_, true, 600)) ids[i] = approval->id;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const std::string& id : ids) EXPECT_TRUE(store_.use(id, request_));
}

}  // namespace
}  // namespace workerdb::access
