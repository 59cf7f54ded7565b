#include "access/audit/audit.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/private_file.h"
#include "base/random.h"

namespace workerdb::access {
namespace {

namespace fs = std::filesystem;

class AuditTest : public testing::Test {
 protected:
  ~AuditTest() override { fs::remove_all(folder_); }

  AuditEntry entry(std::string name) {
    AuditEntry made;
    made.time_unix_ms = 1'800'000'000'000;
    made.principal = {PrincipalKind::kPerson, "alice"};
    made.context = "production";
    made.environment = "production";
    made.store = StoreKind::kDocuments;
    made.database = "flowmaster";
    made.operation = "read";
    made.command = "aql";
    made.objects = {std::move(name)};
    made.rows = 3;
    made.decision = "allowed read-only";
    return made;
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      auto done = log_.append(entry("c" + std::to_string(i)));
      ASSERT_TRUE(done) << done.error().message();
    }
  }
  std::string path() { return folder_ + "/audit-000000000001.jsonl"; }
  std::vector<std::string> lines() {
    std::ifstream input(path());
    std::vector<std::string> all;
    for (std::string line; std::getline(input, line);) all.push_back(line);
    return all;
  }
  void write(const std::vector<std::string>& lines) {
    std::ofstream output(path(), std::ios::trunc);
    for (const std::string& line : lines) output << line << '\n';
  }
  std::string problem() {
    auto report = log_.verify();
    EXPECT_TRUE(report);
    return report && report->problem ? *report->problem : "";
  }

  std::string folder_ = testing::TempDir() + "audit-" + base::random_hex(6);
  AuditLog log_{folder_};
};

#define EXPECT_HOLDS(text, part) EXPECT_NE(std::string(text).find(part), std::string::npos) << text

TEST_F(AuditTest, an_empty_log_is_a_good_one) {
  EXPECT_EQ(log_.verify()->entries, 0u);
  EXPECT_EQ(problem(), "");
}

TEST_F(AuditTest, a_line_tells_the_access_and_is_private) {
  append(1);
  EXPECT_HOLDS(
      lines()[0],
      R"("time":"2027-01-15T08:00:00.000Z","principal":{"kind":"person","name":"alice"},"context":"production")");
  EXPECT_HOLDS(lines()[0], R"("objects":["c0"],"rows":3,"duration_ms":0,"decision":"allowed read-only")");
  struct stat found {};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST_F(AuditTest, a_good_log_verifies) {
  append(5);
  auto report = log_.verify();
  EXPECT_EQ(report->entries, 5u);
  EXPECT_EQ(report->problem, std::nullopt);
  EXPECT_HOLDS(lines()[4], report->head);
  EXPECT_EQ(*log_.last_sequence(), 5u);
}

TEST_F(AuditTest, texts_from_outside_stay_on_their_line) {
  AuditEntry hostile = entry("x\n{\"seq\":99,\"hash\":\"");
  hostile.reason = std::string("\xff\xfe broken \"previous\":\"x\" ") + std::string(100'000, 'y');
  hostile.command = "\",\"previous\":\"0\",\"log\":\"evil";
  hostile.objects.resize(1000, "o");
  ASSERT_TRUE(log_.append(hostile));
  append(1);
  EXPECT_EQ(lines().size(), 2u);
  EXPECT_LT(lines()[0].size(), 5000u);
  EXPECT_EQ(problem(), "");
}

TEST_F(AuditTest, a_changed_line_is_a_problem) {
  append(5);
  auto all = lines();
  all[2].replace(all[2].find("alice"), 5, "bobby");
  write(all);
  EXPECT_HOLDS(problem(), "audit-000000000001.jsonl line 3: it is no entry, or was changed");
}

TEST_F(AuditTest, a_changed_last_line_is_a_problem) {
  append(3);
  auto all = lines();
  all[2].replace(all[2].find("alice"), 5, "bobby");
  write(all);
  EXPECT_HOLDS(problem(), "line 3");
}

TEST_F(AuditTest, a_removed_line_is_a_problem) {
  append(5);
  auto all = lines();
  all.erase(all.begin() + 2);
  write(all);
  EXPECT_HOLDS(problem(), "line 3: entries 3 to 3 are missing before it");
}

TEST_F(AuditTest, a_removed_first_line_is_a_problem) {
  append(3);
  auto all = lines();
  all.erase(all.begin());
  write(all);
  EXPECT_HOLDS(problem(), "entries 1 to 1 are missing");
}

TEST_F(AuditTest, a_repeated_line_is_a_problem) {
  append(3);
  auto all = lines();
  all.insert(all.begin() + 1, all[1]);
  write(all);
  EXPECT_HOLDS(problem(), "entry 2 stands behind entry 2");
}

TEST_F(AuditTest, inserted_text_is_a_problem) {
  append(3);
  for (const char* text : {"", "{}", "garbage", R"({"seq":2,"previous":"x","hash":"y"})"}) {
    auto all = lines(), good = all;
    all.insert(all.begin() + 1, text);
    write(all);
    EXPECT_HOLDS(problem(), "line 2: it is no entry, or was changed");
    write(good);
  }
}

TEST_F(AuditTest, exchanged_lines_are_a_problem) {
  append(5);
  auto all = lines();
  std::swap(all[1], all[3]);
  write(all);
  EXPECT_HOLDS(problem(), "line 2");
}

TEST_F(AuditTest, a_line_of_another_log_is_a_problem) {
  AuditLog other(folder_ + "/other");
  append(1);
  ASSERT_TRUE(other.append(entry("x")));
  fs::copy_file(folder_ + "/other/audit-000000000001.jsonl", path(), fs::copy_options::overwrite_existing);
  EXPECT_HOLDS(problem(), "another log");
}

TEST_F(AuditTest, a_cut_off_end_is_a_problem_and_stays_one) {
  append(5);
  auto all = lines();
  all.resize(3);
  write(all);
  EXPECT_HOLDS(problem(), "ends with entry 3, but the head file knows entry 5");
  append(2);
  EXPECT_HOLDS(problem(), "line 4: entries 4 to 5 are missing before it");
  EXPECT_HOLDS(lines()[3], R"("repair":"cut off")");
}

TEST_F(AuditTest, a_removed_file_is_a_problem) {
  append(3);
  fs::remove(path());
  EXPECT_HOLDS(problem(), "the head file knows entry 3");
  append(1);
  EXPECT_HOLDS(problem(), "entries 1 to 3 are missing");
}

TEST_F(AuditTest, a_removed_head_is_a_problem_and_stays_one) {
  append(3);
  fs::remove(folder_ + "/head");
  EXPECT_HOLDS(problem(), "the head file is missing");
  append(1);
  EXPECT_HOLDS(problem(), "line 4: the head file was missing");
}

TEST_F(AuditTest, an_end_that_was_written_anew_does_not_fit_the_head) {
  append(3);
  auto all = lines();
  fs::copy(folder_, folder_ + "-copy");
  {
    // Somebody who knows the format continues entry 2 with a line of his own, but leaves the head.
    AuditLog forged(folder_ + "-copy");
    fs::remove(folder_ + "-copy/head");
    std::ofstream output(folder_ + "-copy/audit-000000000001.jsonl", std::ios::trunc);
    output << all[0] << '\n' << all[1] << '\n';
    output.close();
    ASSERT_TRUE(forged.append(entry("forged")));
    fs::copy_file(folder_ + "-copy/audit-000000000001.jsonl", path(), fs::copy_options::overwrite_existing);
    fs::remove_all(folder_ + "-copy");
  }
  EXPECT_NE(problem(), "");
}

TEST_F(AuditTest, a_torn_line_is_told_and_healed_with_an_entry) {
  append(2);
  auto all = lines();
  { std::ofstream(path(), std::ios::app) << all[1].substr(0, 40); }
  auto report = log_.verify();
  EXPECT_EQ(report->problem, std::nullopt);
  ASSERT_EQ(report->notes.size(), 1u);
  EXPECT_HOLDS(report->notes[0], "the next entry will say so");
  append(1);
  report = log_.verify();
  EXPECT_EQ(report->problem, std::nullopt) << *report->problem;
  EXPECT_EQ(report->entries, 4u);
  ASSERT_EQ(report->notes.size(), 1u);
  EXPECT_HOLDS(lines()[3], R"("repair":"torn line","bytes":40)");
}

TEST_F(AuditTest, a_torn_line_that_was_changed_later_is_a_problem) {
  append(2);
  { std::ofstream(path(), std::ios::app) << "{\"seq\":3,"; }
  append(1);
  auto all = lines();
  all[2] = "{\"seq\":4,";
  write(all);
  EXPECT_HOLDS(problem(), "line 3: it is no entry, or was changed");
}

TEST_F(AuditTest, whole_lines_behind_the_head_belong_to_it) {
  append(2);
  fs::copy_file(folder_ + "/head", folder_ + "/head.old");
  append(2);
  fs::rename(folder_ + "/head.old", folder_ + "/head");  // as if a crash had come before the head was written
  EXPECT_EQ(problem(), "");
  append(1);
  EXPECT_EQ(problem(), "");
  EXPECT_EQ(log_.verify()->entries, 5u);
}

TEST_F(AuditTest, a_line_that_lacks_only_its_newline_belongs_to_it) {
  append(2);
  fs::copy_file(folder_ + "/head", folder_ + "/head.old");
  append(1);
  fs::rename(folder_ + "/head.old", folder_ + "/head");
  fs::resize_file(path(), fs::file_size(path()) - 1);
  EXPECT_EQ(problem(), "");
  append(1);
  EXPECT_EQ(problem(), "");
  EXPECT_EQ(log_.verify()->entries, 4u);
}

TEST_F(AuditTest, foreign_lines_at_the_end_are_a_problem_and_told) {
  append(2);
  { std::ofstream(path(), std::ios::app) << "{\"seq\":3}\n"; }
  append(1);
  EXPECT_HOLDS(problem(), "line 3");
  EXPECT_HOLDS(lines()[3], "foreign lines");
}

TEST_F(AuditTest, files_rotate_and_the_chain_goes_on) {
  AuditLog small(folder_, 2000);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(small.append(entry("c")));
  auto report = small.verify();
  EXPECT_EQ(report->problem, std::nullopt);
  EXPECT_EQ(report->entries, 30u);
  std::vector<std::string> files;
  for (const auto& file : fs::directory_iterator(folder_)) {
    if (file.path().extension() == ".jsonl") files.push_back(file.path());
  }
  std::ranges::sort(files);
  ASSERT_GT(files.size(), 2u);
  uint64_t seen = 0;
  ASSERT_TRUE(small.read_after(20, [&](uint64_t sequence, std::string_view) -> base::Result<> {
    EXPECT_EQ(sequence, 21 + seen++);
    return {};
  }));
  EXPECT_EQ(seen, 10u);
  fs::remove(files[1]);
  EXPECT_HOLDS(*small.verify()->problem, "are missing before it");
}

TEST_F(AuditTest, many_processes_append_one_chain) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    pid_t child = ::fork();
    if (child == 0) {
      bool good = true;
      for (int j = 0; j < 25; ++j) good = log_.append(entry("p")) && good;
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  auto report = log_.verify();
  EXPECT_EQ(report->problem, std::nullopt);
  EXPECT_EQ(report->entries, 150u);
}

TEST_F(AuditTest, killed_writers_lose_nothing_that_was_acknowledged) {
  uint64_t acknowledged = 0;
  for (int round = 0; round < 15; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    pid_t child = ::fork();
    if (child == 0) {
      while (log_.append(entry("k")) && ::write(pipe_ends[1], "x", 1) == 1) {
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    char mark;
    for (int i = 0; i <= round % 5; ++i) acknowledged += uint64_t(::read(pipe_ends[0], &mark, 1));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (ssize_t got; (got = ::read(pipe_ends[0], &mark, 1)) > 0;) acknowledged += uint64_t(got);
    ::close(pipe_ends[0]);
  }
  append(1);
  auto report = log_.verify();
  EXPECT_EQ(report->problem, std::nullopt) << *report->problem;
  EXPECT_GE(report->entries, acknowledged + 1);
}

TEST_F(AuditTest, what_cannot_be_written_is_an_error) {
  append(1);
  fs::remove_all(folder_);
  std::ofstream(folder_) << "a file, not a folder";
  EXPECT_FALSE(log_.append(entry("x")));
  fs::remove(folder_);
}

TEST_F(AuditTest, values_only_when_asked_for) {
  AuditEntry with = entry("x");
  with.values = R"({"name":"Anna"})";
  ASSERT_TRUE(log_.append(with));
  append(1);
  EXPECT_HOLDS(lines()[0], "Anna");
  EXPECT_EQ(lines()[1].find("values"), std::string::npos);
}

}  // namespace
}  // namespace workerdb::access
