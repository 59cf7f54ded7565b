#include "supervise/child_side.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervise/process.h"

namespace workerdb::supervise {
namespace {

[[noreturn]] void give_up(const ChildPlan& plan, ChildStep step) {
  ChildFailure failure{step, errno};
  [[maybe_unused]] ssize_t written = ::write(plan.failure, &failure, sizeof failure);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void arrange_descriptors(const ChildPlan& plan) {
  int input = plan.input >= 0 ? plan.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0 || ::dup2(input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.output, 2) < 0) {
    give_up(plan, ChildStep::kDescriptors);
  }
  // Marked, not closed: the failure pipe must live until the exec succeeds.
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  struct rlimit limit {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (rlim_t descriptor = 3; descriptor < limit.rlim_cur; ++descriptor) {
    ::fcntl(static_cast<int>(descriptor), F_SETFD, FD_CLOEXEC);
  }
}

// The system calls themselves: glibc's wrappers tell all threads, and here only one is left.
void change_user(const ChildPlan& plan) {
  const UserIdentity* user = plan.user;
  if (user == nullptr || ::geteuid() == user->uid) return;
  if (::syscall(SYS_setgroups, user->groups.size(), user->groups.data()) != 0 ||
      ::syscall(SYS_setresgid, user->gid, user->gid, user->gid) != 0 ||
      ::syscall(SYS_setresuid, user->uid, user->uid, user->uid) != 0) {
    give_up(plan, ChildStep::kUser);
  }
}

}  // namespace

void become_child(const ChildPlan& plan) {
  ::setpgid(0, 0);
  reset_signals();
  ::umask(0077);
  arrange_descriptors(plan);
  change_user(plan);
  // After the change of user, which clears it; then make sure that the parent did not die before it was set.
  ::prctl(PR_SET_PDEATHSIG, plan.death_signal);
  if (::getppid() != plan.parent) ::_exit(127);
  if (::chdir(plan.working_folder) != 0) give_up(plan, ChildStep::kFolder);
  ::execve(plan.executable, plan.arguments, plan.environment);
  give_up(plan, ChildStep::kExecute);
}

}  // namespace workerdb::supervise
