#include "supervise/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/number.h"
namespace workerdb::supervise {
namespace {

ProcessSpec shell(const std::string& script) { return {.executable = "/bin/sh", .arguments = {"-c", script}}; }

std::string output_of(const ProcessSpec& spec, std::string_view input = {}) {
  auto completed = run_to_end(spec, 20'000, input);
  if (!completed) return completed.error().message();
  return completed->output + (completed->status.clean() ? "" : completed->status.text());
}

TEST(Process, RunsAProgramWithItsOutputInputAndStatus) {
  EXPECT_EQ(output_of(shell("echo out; echo err >&2; exit 3")), "out\nerr\nexited with code 3");
  EXPECT_EQ(output_of(shell("cat"), "given"), "given");
  EXPECT_EQ(output_of(shell("cat")), "");
  EXPECT_EQ(output_of(shell("kill -9 $$")), "was killed by signal 9 (Killed)");
}

TEST(Process, SaysWhyAProgramCannotStart) {
  EXPECT_EQ(output_of({.executable = "/nonexistent/program"}),
            "cannot start '/nonexistent/program': could not execute the program: No such file or directory");
  ProcessSpec spec = shell("true");
  spec.working_folder = "/nonexistent";
  EXPECT_EQ(output_of(spec), "cannot start '/bin/sh': could not enter its folder: No such file or directory");
}

TEST(Process, InheritsOnlyWhatItsSpecLists) {
  ::setenv("WORKERDB_TEST_SECRET", "secret", 1);
  ::setenv("WORKERDB_TEST_ALLOWED", "allowed", 1);
  ProcessSpec spec{.executable = "/usr/bin/env"};
  spec.environment = {{"OWN", "1"}};
  spec.inherited_environment = {"WORKERDB_TEST_ALLOWED", "OWN", "WORKERDB_TEST_UNSET"};
  EXPECT_EQ(output_of(spec), "OWN=1\nWORKERDB_TEST_ALLOWED=allowed\n");
}

TEST(Process, GetsNoDescriptorOfOurs) {
  int leaked = ::open("/dev/null", O_RDONLY);  // deliberately without O_CLOEXEC
  std::string listed = output_of(shell("ls /proc/$$/fd"));
  ::close(leaked);
  // The shell's own script descriptor does not exist with -c, so only the standard three are left.
  EXPECT_EQ(listed, "0\n1\n2\n");
}

TEST(Process, LeadsAGroupWithResetSignalsAndAPrivateMask) {
  ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(output_of(shell("test \"$(ps -o pgid= -p $$ | tr -d ' ')\" = $$ && umask")), "0077\n");
  std::string ignored = output_of(shell("grep SigIgn /proc/self/status"));
  EXPECT_NE(ignored.find("0000000000000000"), std::string::npos) << ignored;
}

TEST(Process, ATimeLimitKillsTheWholeGroup) {
  auto completed = run_to_end(shell("sleep 1000 & echo $!; wait"), 200);
  ASSERT_FALSE(completed.has_value());
  EXPECT_EQ(completed.error().code(), base::ErrorCode::kLockTimeout);
}

// A grandchild must not survive its leader: the leader's end kills the rest of the group.
TEST(Process, TheEndOfTheLeaderEndsItsGroup) {
  auto completed = run_to_end(shell("sleep 1000 >/dev/null 2>&1 & echo $!"), 20'000);
  ASSERT_TRUE(completed.has_value());
  auto identity =
      identify_process(base::parse_integer<int>(completed->output.substr(0, completed->output.find('\n'))).value_or(0));
  EXPECT_TRUE(!identity || wait_until_gone(*identity, 10'000));
}

TEST(Process, ChangesTheUserWhenRunByRoot) {
  if (::geteuid() != 0) {
    EXPECT_NE(output_of(shell("id -u")), "0\n");
    return;
  }
  auto nobody = find_user("nobody");
  ASSERT_TRUE(nobody.has_value());
  ProcessSpec spec = shell("id -u; id -g; id -G; cat /etc/shadow >/dev/null 2>&1 || echo refused");
  spec.user = *nobody;
  std::string id = std::to_string(nobody->gid);
  EXPECT_EQ(output_of(spec), std::to_string(nobody->uid) + "\n" + id + "\n" + id + "\nrefused\n");
}

TEST(Process, FindUserNamesWhoIsMissing) {
  EXPECT_EQ(find_user("no-such-user-here").error().message(), "there is no user 'no-such-user-here' on this system");
}

// The supervisor is killed without a chance to clean up: the kernel ends its child.
TEST(Process, DiesWithTheProcessThatStartedIt) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t supervisor = ::fork();
  if (supervisor == 0) {
    auto child = Process::start(shell("exec sleep 1000"));
    pid_t pid = child ? child->pid() : -1;
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::pause();
  }
  pid_t pid = 0;
  ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  auto identity = identify_process(pid);
  ASSERT_TRUE(identity.has_value());
  ::kill(supervisor, SIGKILL);
  ::waitpid(supervisor, nullptr, 0);
  EXPECT_TRUE(wait_until_gone(*identity, 10'000));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ProcessIdentity, TellsAProcessFromALaterOneWithItsPid) {
  auto process = Process::start(shell("exec sleep 1000"));
  ASSERT_TRUE(process.has_value());
  ProcessIdentity identity = process->identity();
  EXPECT_TRUE(is_alive(identity));
  ProcessIdentity later = identity;
  later.start_ticks += 1;
  EXPECT_FALSE(is_alive(later));
  EXPECT_FALSE(signal_process(later, SIGKILL));
  EXPECT_FALSE(wait_until_gone(identity, 10));
  EXPECT_TRUE(signal_process(identity, SIGKILL));
  // Ended but not reaped counts as gone.
  EXPECT_TRUE(wait_until_gone(identity, 10'000));
  EXPECT_FALSE(identify_process(0).has_value());
}

}  // namespace
}  // namespace workerdb::supervise
