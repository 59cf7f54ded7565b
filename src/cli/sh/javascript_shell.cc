#include "cli/sh/javascript_shell.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

#include "base/version.h"
#include "cli/sh/javascript_engine.h"
#include "cli/sh/line_editor.h"
#include "net/percent.h"
#include "value/json.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr size_t kLongestStatement = size_t(1) << 20;
constexpr size_t kLongestFile = size_t(64) << 20;
constexpr int kInterruptedCode = 130;
constexpr rlim_t kAddressesPerLimit = 4;  // what one native call may take before the watchdog sees it

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// SIGINT sets a flag while a shell runs.
class InterruptHandler {
 public:
  InterruptHandler() {
    interrupted = false;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &previous_);
  }
  ~InterruptHandler() { sigaction(SIGINT, &previous_, nullptr); }

 private:
  struct sigaction previous_ {};
};

size_t width_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 100;
  return size.ws_col;
}

bool wants_colours() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

void print(FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

// One allocation can be larger than what the watchdog would stop in time; the engine turns its failure into an
// exception. Only data counts: the engine reserves much more address space than it uses.
void limit_data(size_t memory_bytes) {
  rlimit limit{};
  if (memory_bytes == 0 || getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, memory_bytes * kAddressesPerLimit);
  setrlimit(RLIMIT_DATA, &limit);
}

Result<std::string> read_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorCode::kFileNotFound, fmt::format("cannot read {}", path));
  std::string text;
  char block[64 * 1024];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, size_t(file.gcount()));
    if (text.size() > kLongestFile)
      return Error(ErrorCode::kResourceLimit, fmt::format("{} holds more than 64 MiB", path));
  }
  return text;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

// What is declared at the prompt can be declared again there, as in other consoles: const and let become var.
std::string redeclarable(std::string statement) {
  size_t start = statement.find_first_not_of(" \t\r\n");
  for (std::string_view word : {"let ", "const "}) {
    if (start == statement.npos || statement.compare(start, word.size(), word) != 0) continue;
    // The columns of error messages stay.
    statement.replace(start, word.size(), "var" + std::string(word.size() - 3, ' '));
  }
  return statement;
}

class ShellSession {
 public:
  explicit ShellSession(const JavaScriptShellOptions& options)
      : options_(options), connection_(options.server, stopped_) {}

  Result<> start();
  Result<int> run();

 private:
  Result<> greet();
  Result<value::Buffer> ask(std::string_view path);
  // What the program ends with; nothing: the next script runs.
  Result<std::optional<int>> run_script(std::string_view source, const std::string& name);
  Result<int> run_terminal();
  Result<int> run_pipe();
  // As above, after exit().
  std::optional<int> run_statement(const std::string& statement);
  std::string prompt() const;
  std::string limit_message(StopReason reason) const;

  const JavaScriptShellOptions& options_;
  InterruptHandler handler_;
  std::atomic<bool> stopped_{false};
  ServerConnection connection_;
  std::unique_ptr<JavaScriptEngine> engine_;
  std::string version_;
  bool has_failed_ = false;
};

Result<> ShellSession::start() {
  TRY(greet());
  EngineOptions engine;
  engine.limits.memory_bytes = options_.memory_mib << 20;
  engine.limits.deadline_ms = options_.deadline_s * 1000;
  engine.limits.interrupted = &interrupted;
  engine.is_terminal = isatty(STDOUT_FILENO) == 1;
  engine.has_colours = wants_colours();
  engine.width = width_of_terminal();
  engine.database = options_.database;
  engine.endpoint = fmt::format("http+tcp://{}:{}", options_.server.host, options_.server.port);
  engine.user = options_.server.user;
  ScriptHost host;
  host.send = [this](const ScriptRequest& request) { return connection_.send(request); };
  host.write = [](std::string_view text) { print(stdout, text); };
  host.write_error = [](std::string_view text) { print(stderr, text); };
  limit_data(engine.limits.memory_bytes);
  engine_ = TRY(JavaScriptEngine::create(engine, std::move(host), stopped_));
  return {};
}

// What a success says; an error as the server words it.
Result<value::Buffer> ShellSession::ask(std::string_view path) {
  auto response =
      TRY(connection_.send({"GET", "/_db/" + net::percent_encode(options_.database) + std::string(path), "", "", ""}));
  auto body = value::parse_json(response.body);
  if (response.status < 400 && body) return *std::move(body);
  value::Slice answer = body ? body->slice() : value::Slice();
  value::Slice number = answer.get("errorNum"), message = answer.get("errorMessage");
  std::string text =
      message.is_string() ? std::string(message.as_string()) : fmt::format("HTTP status {}", response.status);
  if (response.status == 401) {
    return Error(ErrorCode::kHttpUnauthorized, fmt::format("user '{}' is not let in: {}", options_.server.user, text));
  }
  return Error(number.is_int64() ? ErrorCode(int(number.as_int64())) : ErrorCode::kSimpleClientCouldNotRead, text);
}

// Asks for the database and the version, so that a wrong password or name shows before the first statement.
Result<> ShellSession::greet() {
  (void)TRY(ask("/_api/database/current"));
  auto answer = TRY(ask("/_api/version"));
  value::Slice version = answer.slice().get("version");
  if (!version.is_string()) {
    return Error(ErrorCode::kSimpleClientCouldNotRead,
                 fmt::format("{}:{} is no document server", options_.server.host, options_.server.port));
  }
  version_ = version.as_string();
  return {};
}

Result<int> ShellSession::run() {
  for (const std::string& text : options_.execute_strings) {
    if (auto code = TRY(run_script(text, "<execute-string>"))) return *code;
  }
  for (const std::string& path : options_.execute_files) {
    if (auto code = TRY(run_script(TRY(read_script(path)), path))) return *code;
  }
  if (!options_.execute_strings.empty() || !options_.execute_files.empty()) return 0;
  return isatty(STDIN_FILENO) == 1 ? run_terminal() : run_pipe();
}

std::string ShellSession::limit_message(StopReason reason) const {
  if (reason == StopReason::kMemory) {
    return fmt::format("the script needs more than {} MiB; it was ended, and its variables are gone",
                       options_.memory_mib);
  }
  return fmt::format("the script ran longer than {} s and was ended", options_.deadline_s);
}

Result<std::optional<int>> ShellSession::run_script(std::string_view source, const std::string& name) {
  interrupted = false;
  Outcome outcome = engine_->run(source, name, false);
  switch (outcome.end) {
    case Outcome::End::kDone: return std::nullopt;
    case Outcome::End::kExit: return outcome.exit_code;
    case Outcome::End::kThrown: print(stderr, outcome.message + "\n"); return 1;
    case Outcome::End::kStopped: break;
  }
  if (outcome.reason == StopReason::kInterrupt) {
    print(stderr, "interrupted\n");
    return kInterruptedCode;
  }
  return Error(ErrorCode::kResourceLimit, limit_message(outcome.reason));
}

std::optional<int> ShellSession::run_statement(const std::string& statement) {
  interrupted = false;
  Outcome outcome = engine_->run(redeclarable(statement), "<shell>", true);
  if (outcome.end == Outcome::End::kExit) return outcome.exit_code;
  if (outcome.end == Outcome::End::kDone) return std::nullopt;
  has_failed_ = true;
  std::string message = outcome.message;
  if (outcome.end == Outcome::End::kStopped) {
    message = outcome.reason == StopReason::kInterrupt ? "interrupted" : limit_message(outcome.reason);
  }
  bool is_red = isatty(STDERR_FILENO) == 1 && wants_colours();
  print(stderr, is_red ? fmt::format("\033[31m{}\033[0m\n", message) : message + "\n");
  return std::nullopt;
}

std::string ShellSession::prompt() const {
  std::string place = fmt::format("{}:{}@{}", options_.server.host, options_.server.port, engine_->database());
  if (!options_.context.empty()) place = fmt::format("{} {}", options_.context, place);
  // \001 and \002 tell readline what takes no column.
  if (options_.is_production && wants_colours()) place = fmt::format("\001\033[1;31m\002{}\001\033[0m\002", place);
  return place + (options_.server.read_only ? " (read-only)> " : "> ");
}

Result<int> ShellSession::run_terminal() {
  if (!options_.quiet) {
    fmt::print("workerdb sh {} on {}:{} (version {}), database '{}', user '{}'. help; Ctrl-D leaves.\n", base::kVersion,
               options_.server.host, options_.server.port, version_, options_.database, options_.server.user);
  }
  LineEditorOptions editing;
  editing.history_name = "sh";
  editing.complete = [this](const std::string& word) { return engine_->complete(word); };
  editing.word_breaks = " \t\n\"\\'`@><=;|&{}()[]!+-*/%?:,~^";
  editing.appends_blank = false;
  editing.interrupted = &interrupted;
  LineEditor editor(std::move(editing));
  std::string statement, line;
  while (true) {
    interrupted = false;
    LineEditor::End end = editor.read(statement.empty() ? prompt() : "... ", line);
    if (end == LineEditor::End::kEndOfInput) break;
    if (end == LineEditor::End::kInterrupted) {
      statement.clear();
      continue;
    }
    if (statement.empty() && is_blank(line)) continue;
    statement += statement.empty() ? line : "\n" + line;
    if (statement.size() < kLongestStatement && !engine_->is_complete(statement)) continue;
    editor.remember(statement);
    if (auto code = run_statement(statement)) return *code;
    statement.clear();
  }
  fmt::print("\n");
  return 0;
}

Result<int> ShellSession::run_pipe() {
  std::string statement, line;
  while (std::getline(std::cin, line)) {
    if (statement.empty() && is_blank(line)) continue;
    statement += statement.empty() ? line : "\n" + line;
    if (statement.size() < kLongestStatement && !engine_->is_complete(statement)) continue;
    if (auto code = run_statement(statement)) return *code;
    if (interrupted) return kInterruptedCode;
    statement.clear();
  }
  if (!statement.empty()) {
    if (auto code = run_statement(statement)) return *code;
  }
  return has_failed_ ? 1 : 0;
}

}  // namespace

Result<int> run_javascript_shell(const JavaScriptShellOptions& options) {
  ShellSession session(options);
  TRY(session.start());
  return session.run();
}

}  // namespace workerdb::cli
