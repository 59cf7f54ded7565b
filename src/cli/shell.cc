#include "cli/shell.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "cli/output.h"
#include "cli/sh/line_editor.h"

namespace workerdb::cli {
namespace {

constexpr size_t kLongestStatement = size_t(1) << 20;

std::vector<std::string> completions(const std::vector<std::string>& words, const std::string& start) {
  std::vector<std::string> found;
  std::copy_if(words.begin(), words.end(), std::back_inserter(found), [&](const std::string& word) {
    return word.size() >= start.size() && strncasecmp(word.c_str(), start.c_str(), start.size()) == 0;
  });
  return found;
}

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

void print_help(const ShellOptions& options) {
  fmt::print("{}\n  \\q  leave\n  \\h  this help\n{}",
             options.ends_with_semicolon ? "A statement ends with a semicolon and may take several lines."
                                         : "Each line is a command.",
             options.help);
}

}  // namespace

base::Result<> run_shell(const ShellOptions& options, const std::function<base::Result<>(const std::string&)>& run) {
  LineEditorOptions editing;
  editing.history_name = options.name;
  editing.complete = [&options](const std::string& start) { return completions(options.words, start); };
  LineEditor editor(std::move(editing));
  const std::string continued(options.prompt.size() - 2, '.');
  std::string statement, line;
  while (editor.read(statement.empty() ? options.prompt : continued + "  ", line) == LineEditor::End::kLine) {
    if (statement.empty() && is_blank(line)) continue;
    if (statement.empty() && line == "\\q") break;
    if (statement.empty() && line == "\\h") {
      print_help(options);
      continue;
    }
    statement += statement.empty() ? line : "\n" + line;
    size_t last = statement.find_last_not_of(" \t\r\n");
    bool is_complete = !options.ends_with_semicolon || statement[last] == ';';
    if (!is_complete && statement.size() < kLongestStatement) continue;
    editor.remember(statement);
    if (options.ends_with_semicolon && statement[last] == ';') statement.resize(last);
    if (auto done = run(statement); !done) {
      fmt::print(stderr, "{} {}\n", styled(stderr, fmt::format("error {}:", done.error().number()), kRed),
                 done.error().message());
    }
    statement.clear();
  }
  return {};
}

}  // namespace workerdb::cli
