#pragma once
// One line after another from a terminal: editing, history, completion (GNU readline).
#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace workerdb::cli {

struct LineEditorOptions {
  std::string history_name;  // "sh": the history's file; empty for none
  // The completions of a word, each a whole word. Called while a line is edited.
  std::function<std::vector<std::string>(const std::string& word)> complete;
  std::string word_breaks = " \t\n\"\\'`@$><=;|&{(";  // characters between words; readline's own set
  bool appends_blank = true;                          // behind the only completion of a word
  // Set by a handler of SIGINT: ends read() with kInterrupted. Null: the signal does what it does elsewhere.
  const std::atomic<bool>* interrupted = nullptr;
};

// One at a time in a process: readline is global.
class LineEditor {
 public:
  enum class End : uint8_t { kLine, kEndOfInput, kInterrupted };

  explicit LineEditor(LineEditorOptions options);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // `line` without its line break, after kLine. Escape sequences in `prompt` stand between \001 and \002.
  End read(const std::string& prompt, std::string& line);
  // Adds a statement to the history and at once to its file. One that names a password is left out.
  void remember(const std::string& statement);

 private:
  LineEditorOptions options_;
  std::string history_path_;
};

// "$XDG_STATE_HOME/workerdb/aql_history" or below ~/.local/state; its folder is made with mode 0700. Empty when there
// is no home.
std::string history_path(const std::string& name);

}  // namespace workerdb::cli
