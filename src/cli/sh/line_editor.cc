#include "cli/sh/line_editor.h"

// readline's headers need the standard ones first.
#include <fcntl.h>
#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace workerdb::cli {
namespace {

constexpr int kHistoryEntries = 2000;
constexpr int kWaitMs = 200;  // a signal between two looks at its flag is seen at the next

// readline calls back without a context: what the one running editor needs stands here.
const LineEditorOptions* active_options = nullptr;
std::vector<std::string> completions;
std::string* line_read = nullptr;
bool has_line = false, has_end = false;

char* next_completion(const char* text, int state) {
  static size_t position = 0;
  if (state == 0) {
    position = 0;
    completions = active_options->complete(text);
  }
  return position < completions.size() ? strdup(completions[position++].c_str()) : nullptr;
}

char** complete_word(const char* text, int, int) {
  rl_attempted_completion_over = 1;
  rl_completion_append_character = active_options->appends_blank ? ' ' : '\0';
  return rl_completion_matches(text, next_completion);
}

void take_line(char* text) {
  has_line = text != nullptr;
  has_end = text == nullptr;
  if (text != nullptr) *line_read = text;
  std::free(text);
  // Before it shows another prompt.
  rl_callback_handler_remove();
}

// Only one that may be read by others gets narrower; its text stays.
bool make_private(const std::string& path) {
  int file = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return false;
  bool is_private = fchmod(file, 0600) == 0;
  close(file);
  return is_private;
}

bool names_password(std::string_view statement) {
  // The last three are Redis's; AUTH itself stands first, as a word alone is too common in SQL.
  constexpr std::string_view kWords[] = {"passw", "secret", "@arangodb/users", "requirepass", "masterauth", "setuser"};
  std::string lower(statement);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  if (lower.starts_with("auth ") || lower.starts_with("hello ")) return true;
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return lower.find(word) != lower.npos; });
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

LineEditor::LineEditor(LineEditorOptions options) : options_(std::move(options)) {
  active_options = &options_;
  rl_readline_name = "workerdb";
  rl_catch_signals = options_.interrupted == nullptr;
  if (options_.complete) rl_attempted_completion_function = complete_word;
  rl_completer_word_break_characters = options_.word_breaks.c_str();
  using_history();
  stifle_history(kHistoryEntries);
  // Times in the file keep a statement of several lines one entry.
  history_write_timestamps = 1;
  history_comment_char = '#';
  if (!options_.history_name.empty()) history_path_ = history_path(options_.history_name);
  if (history_path_.empty()) return;
  if (!make_private(history_path_)) {
    history_path_.clear();
    return;
  }
  (void)read_history(history_path_.c_str());
  (void)history_truncate_file(history_path_.c_str(), kHistoryEntries);
}

LineEditor::~LineEditor() {
  rl_attempted_completion_function = nullptr;
  clear_history();
  active_options = nullptr;
}

LineEditor::End LineEditor::read(const std::string& prompt, std::string& line) {
  line_read = &line;
  has_line = has_end = false;
  rl_callback_handler_install(prompt.c_str(), take_line);
  while (!has_line && !has_end) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    int ready = poll(&input, 1, kWaitMs);
    if (options_.interrupted != nullptr && *options_.interrupted) {
      rl_callback_sigcleanup();
      rl_callback_handler_remove();
      std::fputs("^C\n", stdout);
      std::fflush(stdout);
      return End::kInterrupted;
    }
    if (ready > 0) rl_callback_read_char();
    if (ready < 0 && errno == EINTR) rl_check_signals();
  }
  return has_line ? End::kLine : End::kEndOfInput;
}

void LineEditor::remember(const std::string& statement) {
  if (names_password(statement)) return;
  add_history(statement.c_str());
  if (history_path_.empty()) return;
  mode_t previous_mask = umask(077);
  (void)append_history(1, history_path_.c_str());
  umask(previous_mask);
}

}  // namespace workerdb::cli
