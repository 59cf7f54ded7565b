#pragma once
// A child process: how to start it, and the handle on a running one.
#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "supervise/process_identity.h"

namespace workerdb::supervise {

// Whom a child runs as.
struct UserIdentity {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

struct ProcessSpec {
  std::string executable;              // absolute path; nothing is searched
  std::vector<std::string> arguments;  // without the program's name
  // The child's whole environment: what is listed here, plus the listed names copied from ours when set.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> inherited_environment = {"PATH", "LANG", "TZ"};
  std::string working_folder = "/";
  // Only for a supervisor that runs as root. Absent: the child runs as we do.
  std::optional<UserIdentity> user;
  int stop_signal = SIGTERM;
  // What the kernel sends to the child when the supervisor dies (PR_SET_PDEATHSIG).
  int death_signal = SIGKILL;
};

struct ExitStatus {
  int code = 0;           // meaningful when signal_number is 0
  int signal_number = 0;  // 0: ended by itself
  bool clean() const { return code == 0 && signal_number == 0; }
  // "exited with code 1", "was killed by signal 9 (Killed)".
  std::string text() const;
};

// A running child: leader of its own process group, standard input from /dev/null (or a given text), standard
// output and error in one pipe, no other descriptor of ours, signal handlers and mask reset, umask 0077.
//
// The kernel sends death_signal when the THREAD that started the child ends; start children from a thread
// that lives as long as they do. Not thread-safe.
class Process {
 public:
  // Fails with kSysError when the program cannot be executed; the message says why and what was to run.
  // `input` (at most 64 KiB, the size of a pipe) is what the child reads from standard input.
  static base::Result<Process> start(const ProcessSpec& spec, std::string_view input = {});

  // Kills the group and reaps, when it still runs.
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return identity_.pid; }
  const ProcessIdentity& identity() const { return identity_; }
  // Non-blocking read end of the output, for poll(); -1 after the end.
  int output() const { return output_; }
  // Readable when the child has ended; -1 when the kernel has no pidfds (then try_reap() must be polled).
  int ended() const { return ended_; }
  // Hands what can be read now to `sink`. False at the end of the output.
  bool drain_output(const std::function<void(std::string_view)>& sink);
  // To the child alone.
  void signal(int signal_number) const;
  // SIGKILL to the child and all of its group.
  void kill_group() const;
  // The status, once it has ended. What is left of its group is killed first, while the pid cannot be reused.
  std::optional<ExitStatus> try_reap();

 private:
  Process() = default;
  void close_all();

  ProcessIdentity identity_;
  int output_ = -1;
  int ended_ = -1;
  bool reaped_ = true;
};

struct CompletedProcess {
  ExitStatus status;
  std::string output;  // the last 64 KiB
};

// Runs a program to its end. Fails with kSysError when it cannot start and kLockTimeout when it takes longer
// than timeout_ms (then it is killed with its group).
base::Result<CompletedProcess> run_to_end(const ProcessSpec& spec, int64_t timeout_ms, std::string_view input = {});

// The identity of a user of the system. Fails with kBadParameter when there is none of that name.
base::Result<UserIdentity> find_user(const std::string& name);

}  // namespace workerdb::supervise
