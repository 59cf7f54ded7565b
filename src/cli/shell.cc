#include "cli/shell.h"

#include <fmt/format.h>
// readline's headers need the standard ones first.
#include <cstdio>
#include <cstdlib>
#include <readline/history.h>
#include <readline/readline.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "cli/output.h"

namespace workerdb::cli {
namespace {

constexpr int kHistoryLines = 2000;
constexpr size_t kLongestStatement = size_t(1) << 20;

// readline calls back without a context, so the words of the one running shell stand here.
std::vector<std::string>* completion_words = nullptr;

bool starts_with_ignoring_case(const std::string& word, const char* prefix, size_t length) {
  return word.size() >= length && strncasecmp(word.c_str(), prefix, length) == 0;
}

char* next_completion(const char* text, int state) {
  static size_t position = 0;
  if (state == 0) position = 0;
  size_t length = std::char_traits<char>::length(text);
  while (position < completion_words->size()) {
    const std::string& word = (*completion_words)[position++];
    if (starts_with_ignoring_case(word, text, length)) return strdup(word.c_str());
  }
  return nullptr;
}

char** complete(const char* text, int, int) {
  rl_attempted_completion_over = 1;
  return rl_completion_matches(text, next_completion);
}

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

// Nothing at the end of input.
std::optional<std::string> read_line(const std::string& prompt) {
  char* line = readline(prompt.c_str());
  if (line == nullptr) return std::nullopt;
  std::string text(line);
  std::free(line);
  return text;
}

void print_help(const ShellOptions& options) {
  fmt::print("{}\n  \\q  leave\n  \\h  this help\n{}", options.ends_with_semicolon
                 ? "A statement ends with a semicolon and may take several lines."
                 : "Each line is a command.", options.help);
}

}  // namespace

std::string history_path(const std::string& name) {
  std::filesystem::path folder;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    folder = state;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folder = std::filesystem::path(home) / ".local" / "state";
  } else {
    return "";
  }
  folder /= "workerdb";
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) return "";
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, problem);
  return (folder / (name + "_history")).string();
}

base::Result<> run_shell(const ShellOptions& options, const std::function<base::Result<>(const std::string&)>& run) {
  std::vector<std::string> words = options.words;
  completion_words = &words;
  rl_attempted_completion_function = complete;
  rl_readline_name = "workerdb";
  using_history();
  stifle_history(kHistoryLines);
  std::string history = history_path(options.name);
  mode_t previous_mask = umask(077);
  if (!history.empty()) (void)read_history(history.c_str());
  std::string statement;
  while (auto line = read_line(statement.empty() ? options.prompt : std::string(options.prompt.size() - 2, '.') + "  ")) {
    if (statement.empty() && is_blank(*line)) continue;
    if (statement.empty() && *line == "\\q") break;
    if (statement.empty() && *line == "\\h") {
      print_help(options);
      continue;
    }
    statement += statement.empty() ? *line : "\n" + *line;
    size_t last = statement.find_last_not_of(" \t\r\n");
    bool is_complete = !options.ends_with_semicolon || statement[last] == ';';
    if (!is_complete && statement.size() < kLongestStatement) continue;
    add_history(statement.c_str());
    if (options.ends_with_semicolon && statement[last] == ';') statement.resize(last);
    if (auto done = run(statement); !done) {
      fmt::print(stderr, "{} {}\n", styled(stderr, fmt::format("error {}:", done.error().number()), kRed),
                 done.error().message());
    }
    statement.clear();
  }
  if (!history.empty()) (void)write_history(history.c_str());
  umask(previous_mask);
  completion_words = nullptr;
  return {};
}

}  // namespace workerdb::cli
