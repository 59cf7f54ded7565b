// An MCP server as a child process: one JSON-RPC message a line on its standard streams.
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "access/credentials/mcp_transport.h"
#include "value/json.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Secret;

namespace {

constexpr int64_t kGraceMs = 500;

struct Pipe {
  int ends[2] = {-1, -1};
  ~Pipe() {
    for (int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  int take(int which) { return std::exchange(ends[which], -1); }
};

// A server that has gone must end one call, not this process. SIGPIPE is held back for this thread during the write
// and taken away again when the write caused it.
ssize_t write_without_signal(int descriptor, const char* bytes, size_t size) {
  sigset_t broken, before, pending;
  ::sigemptyset(&broken);
  ::sigaddset(&broken, SIGPIPE);
  ::sigpending(&pending);
  bool was_pending = ::sigismember(&pending, SIGPIPE) == 1;
  ::pthread_sigmask(SIG_BLOCK, &broken, &before);
  ssize_t written = ::write(descriptor, bytes, size);
  int number = errno;
  if (written < 0 && number == EPIPE && !was_pending) {
    timespec none{};
    ::sigtimedwait(&broken, nullptr, &none);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return written;
}

std::vector<std::string> child_environment(const McpServer& server) {
  std::vector<std::string> variables;
  for (const char* name : {"PATH", "HOME", "LANG"}) {
    if (const char* text = std::getenv(name)) variables.push_back(fmt::format("{}={}", name, text));
  }
  for (const auto& [name, text] : server.environment) variables.push_back(name + "=" + text);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const McpServer& server, int input, int output) {
  std::vector<std::string> arguments = server.command, variables = child_environment(server);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, input, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, 1);
  // What it complains about may quote what it hands out.
  ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t child = -1;
  int problem = ::posix_spawnp(&child, arguments[0].c_str(), &files, &attributes, pointers_to(arguments).data(),
                               pointers_to(variables).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (problem == 0) return child;
  return Error(
      ErrorCode::kSimpleClientCouldNotConnect,
      fmt::format("MCP server '{}': cannot start '{}': {}", server.name, server.command[0], std::strerror(problem)));
}

class StdioTransport : public McpTransport {
 public:
  StdioTransport(std::string name, pid_t child, int input, int output)
      : name_(std::move(name)), child_(child), input_(input), output_(output) {}

  // As the specification's "Shutdown": close its input, wait, insist.
  ~StdioTransport() override {
    ::close(input_);
    Secret::wipe(received_);
    for (int number : {0, SIGTERM, SIGKILL}) {
      if (number != 0) ::kill(-child_, number);
      if (wait_for_end(number == SIGKILL ? 10 * kGraceMs : kGraceMs)) break;
    }
    ::close(output_);
  }

  bool is_stream() const override { return true; }

  Result<McpReply> exchange(std::string_view message, int64_t id, const McpEnvelope&, int64_t deadline_ms) override {
    TRY(send(message, deadline_ms));
    while (true) {
      Secret line = TRY(read_line(deadline_ms));
      auto parsed = value::parse_json(line.expose());
      if (!parsed) return wrong("it wrote a line that is no JSON");
      if (is_response_to(parsed->slice(), id)) return McpReply{200, std::move(line)};
      TRY(refuse_request(parsed->slice(), deadline_ms));
    }
  }

  Result<> notify(std::string_view message, const McpEnvelope&, int64_t deadline_ms) override {
    return send(message, deadline_ms);
  }

 private:
  Error wrong(std::string_view what) const {
    return Error(ErrorCode::kSimpleClientCouldNotRead, fmt::format("MCP server '{}': {}", name_, what));
  }

  bool wait_for_end(int64_t timeout_ms) const {
    for (int64_t end_ms = steady_ms() + timeout_ms;;) {
      if (::waitpid(child_, nullptr, WNOHANG) != 0) {
        ::kill(-child_, SIGKILL);  // what it left in its group
        return true;
      }
      if (steady_ms() >= end_ms) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  Result<> wait_for(int descriptor, short event, int64_t deadline_ms) const {
    while (true) {
      int64_t left_ms = deadline_ms - steady_ms();
      if (left_ms <= 0)
        return Error(ErrorCode::kLockTimeout, fmt::format("MCP server '{}' does not answer in time", name_));
      pollfd entry{descriptor, event, 0};
      int ready = ::poll(&entry, 1, int(left_ms));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR)
        return Error(ErrorCode::kSysError, fmt::format("poll: {}", std::strerror(errno)));
    }
  }

  Result<> send(std::string_view message, int64_t deadline_ms) {
    std::string line = std::string(message) + "\n";
    for (size_t sent = 0; sent < line.size();) {
      ssize_t count = write_without_signal(input_, line.data() + sent, line.size() - sent);
      if (count >= 0) {
        sent += size_t(count);
      } else if (errno == EAGAIN) {
        TRY(wait_for(input_, POLLOUT, deadline_ms));
      } else if (errno != EINTR) {
        return Error(ErrorCode::kSimpleClientCouldNotWrite, fmt::format("MCP server '{}' has ended", name_));
      }
    }
    return {};
  }

  Result<Secret> read_line(int64_t deadline_ms) {
    while (true) {
      if (size_t end = received_.find('\n'); end != received_.npos) {
        Secret line(received_.substr(0, end));
        std::string rest = received_.substr(end + 1);
        Secret::wipe(received_);
        received_ = std::move(rest);
        if (line.expose().find_first_not_of(" \t\r") != std::string_view::npos) return line;
        continue;
      }
      if (received_.size() > kLongestMcpMessage) return wrong("its answer is longer than 256 KiB");
      TRY(wait_for(output_, POLLIN, deadline_ms));
      // Grown by hand, so that no bytes are left behind in memory that was given back.
      if (received_.capacity() < kLongestMcpMessage + 8192) received_.reserve(kLongestMcpMessage + 8192);
      char part[4096];
      ssize_t count = ::read(output_, part, sizeof part);
      if (count == 0) return wrong("it ended without an answer");
      if (count < 0 && errno != EAGAIN && errno != EINTR) return wrong("its output cannot be read");
      if (count > 0) received_.append(part, size_t(count));
      ::explicit_bzero(part, sizeof part);
    }
  }

  // We declare no capabilities, so a request of the server can only be a ping or a mistake; an answer keeps it from
  // waiting for one.
  Result<> refuse_request(value::Slice message, int64_t deadline_ms) {
    value::Slice id = message.get("id"), method = message.get("method");
    if (!method.is_string() || !(id.is_string() || id.is_int64())) return {};
    std::string text = "{\"jsonrpc\":\"2.0\",\"id\":";
    value::append_json(id, text);
    text += method.as_string() == "ping" ? ",\"result\":{}}"
                                         : ",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}";
    return send(text, deadline_ms);
  }

  const std::string name_;
  const pid_t child_;
  const int input_, output_;
  std::string received_;
};

}  // namespace

Result<std::unique_ptr<McpTransport>> open_stdio(const McpServer& server) {
  Pipe to_child, from_child;
  if (::pipe2(to_child.ends, O_CLOEXEC) != 0 || ::pipe2(from_child.ends, O_CLOEXEC) != 0) {
    return Error(ErrorCode::kSysError, fmt::format("no pipe: {}", std::strerror(errno)));
  }
  pid_t child = TRY(spawn(server, to_child.ends[0], from_child.ends[1]));
  // Ours alone; the child's ends stay blocking, as programs expect.
  ::fcntl(to_child.ends[1], F_SETFL, O_NONBLOCK);
  ::fcntl(from_child.ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<McpTransport>(
      std::make_unique<StdioTransport>(server.name, child, to_child.take(1), from_child.take(0)));
}

}  // namespace workerdb::access
