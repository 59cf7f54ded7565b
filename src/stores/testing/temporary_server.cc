#include "stores/testing/temporary_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace workerdb::stores::testing {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

namespace fs = std::filesystem;

constexpr int kStartAttempts = 5;
constexpr int kProbes = 1500;
constexpr auto kProbePause = std::chrono::milliseconds(10);

int free_port() {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(listener);
  return ntohs(address.sin_port);
}

bool accepts_connections(int port) {
  int client = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool connected = ::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(client);
  return connected;
}

// Debian keeps each version's programs in a folder of its own; the newest one wins.
std::string postgres_program(const std::string& name) {
  std::string newest;
  std::error_code failure;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", failure)) {
    std::string candidate = version.path() / "bin" / name;
    if (fs::exists(candidate, failure) && candidate > newest) newest = candidate;
  }
  return newest.empty() ? name : newest;
}

// The postmaster writes its state into the eighth line of its pid file.
std::string status_line(const std::string& pid_file) {
  std::ifstream lines(pid_file);
  std::string line;
  for (int number = 0; number < 8; ++number) {
    if (!std::getline(lines, line)) return "";
  }
  return line.substr(0, line.find(' '));
}

const passwd* ordinary_user() { return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr; }

// In the child, before exec.
void become_ordinary_user() {
  const passwd* user = ordinary_user();
  if (user == nullptr) return;
  if (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0) ::_exit(126);
}

}  // namespace

TemporaryServer::~TemporaryServer() {
  if (pid_ > 0) {
    ::kill(pid_, stop_signal_);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

namespace {

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", parent));
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

}  // namespace

void TemporaryServer::kill_now() {
  if (pid_ <= 0) return;
  // Its children first: a session of PostgreSQL outlives the postmaster for a moment and would still answer.
  ::kill(pid_, SIGSTOP);
  for (pid_t child : children_of(pid_)) ::kill(child, SIGKILL);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<> TemporaryServer::make_folder() {
  std::string pattern = (fs::temp_directory_path() / "workerdb-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return Error(ErrorCode::kCannotCreateDirectory, pattern);
  folder_ = pattern;
  const passwd* user = as_ordinary_user_ ? ordinary_user() : nullptr;
  if (user != nullptr && ::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
    return Error(ErrorCode::kCannotCreateDirectory, folder_ + ": chown failed");
  }
  return {};
}

pid_t TemporaryServer::spawn(const std::vector<std::string>& command) const {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::string log = folder_ + "/log";
  pid_t child = ::fork();
  if (child != 0) return child;
  if (as_ordinary_user_) become_ordinary_user();
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (::chdir(folder_.c_str()) != 0) ::_exit(126);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

Result<> TemporaryServer::run(const std::vector<std::string>& command) const {
  pid_t child = spawn(command);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return Error(ErrorCode::kSysError, "fork failed");
  if (status != 0) {
    return Error(ErrorCode::kSysError, fmt::format("{} ended with {}: {}", command[0], status, log_text()));
  }
  return {};
}

Result<> TemporaryServer::start(const std::vector<std::string>& command, const std::function<bool()>& is_ready) {
  pid_ = spawn(command);
  if (pid_ < 0) return Error(ErrorCode::kSysError, "fork failed");
  for (int probe = 0; probe < kProbes; ++probe) {
    if (accepts_connections(port_) && is_ready()) return {};
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return Error(ErrorCode::kSysError, fmt::format("{} ended early: {}", command[0], log_text()));
    }
    std::this_thread::sleep_for(kProbePause);
  }
  return Error(ErrorCode::kSysError, fmt::format("{} does not answer: {}", command[0], log_text()));
}

std::string TemporaryServer::log_text() const {
  std::ostringstream text;
  text << std::ifstream(folder_ + "/log").rdbuf();
  return text.str();
}

Result<std::unique_ptr<TemporaryPostgres>> TemporaryPostgres::start_server() {
  auto server = std::make_unique<TemporaryPostgres>();
  server->as_ordinary_user_ = true;
  server->stop_signal_ = SIGINT;  // "fast": does not wait for sessions
  TRY(server->make_folder());
  std::string data = server->folder_ + "/data";
  TRY(server->run({postgres_program("initdb"), "--pgdata=" + data, "--username=postgres", "--auth=trust",
                   "--encoding=UTF8", "--locale=C", "--no-sync"}));
  std::ofstream(data + "/pg_hba.conf") << "local all postgres trust\n"
                                          "host all postgres 127.0.0.1/32 trust\n"
                                          "host all all 127.0.0.1/32 scram-sha-256\n";
  Result<> started;
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    server->port_ = free_port();
    started = server->start({postgres_program("postgres"), "-D", data, "-p", std::to_string(server->port_), "-c",
                             "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + server->folder_, "-c",
                             "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40"},
                            [&] { return status_line(data + "/postmaster.pid") == "ready"; });
    if (started) return server;
  }
  return std::move(started).error();
}

std::string TemporaryPostgres::conninfo() const {
  return fmt::format("host=127.0.0.1 port={} user=postgres dbname=postgres sslmode=disable", port());
}

Result<std::unique_ptr<TemporaryRedis>> TemporaryRedis::start_server(const std::vector<std::string>& more) {
  auto server = std::make_unique<TemporaryRedis>();
  TRY(server->make_folder());
  std::string users = server->folder_ + "/users.acl";
  std::ofstream(users) << "user default on nopass ~* &* +@all\n";
  Result<> started;
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    server->port_ = free_port();
    std::vector<std::string> command = {"redis-server",  "--port",    std::to_string(server->port_),
                                        "--bind",        "127.0.0.1", "--dir",
                                        server->folder_, "--save",    "",
                                        "--aclfile",     users};
    command.insert(command.end(), more.begin(), more.end());
    started = server->start(command, [] { return true; });
    if (started) return server;
  }
  return std::move(started).error();
}

Result<std::unique_ptr<TemporaryRedis>> TemporaryRedis::start_cluster_node() {
  return start_server({"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port",
                       std::to_string(free_port()), "--cluster-node-timeout", "2000"});
}

Result<std::unique_ptr<TemporarySentinel>> TemporarySentinel::start_server(const std::string& master_name,
                                                                           int master_port) {
  auto server = std::make_unique<TemporarySentinel>();
  TRY(server->make_folder());
  std::string settings = server->folder_ + "/sentinel.conf";
  Result<> started;
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    server->port_ = free_port();
    std::ofstream(settings) << fmt::format(
        "port {0}\nbind 127.0.0.1\ndir {1}\nsentinel monitor {2} 127.0.0.1 {3} 2\n"
        "sentinel down-after-milliseconds {2} 1000\nsentinel failover-timeout {2} 3000\n",
        server->port_, server->folder_, master_name, master_port);
    started = server->start({"redis-server", settings, "--sentinel"}, [] { return true; });
    if (started) return server;
  }
  return std::move(started).error();
}

}  // namespace workerdb::stores::testing
