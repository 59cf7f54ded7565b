#pragma once
// The program's log: one line an event, to standard error or a file. Never a secret, never a document's value.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace workerdb::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Where lines go. Empty path: standard error. Files are reopened on rotation by the caller calling this again.
// Fails with kCannotWriteFile. Until the first call, lines of kWarning and above go to standard error.
Result<> configure_log(LogLevel lowest, const std::string& path);

// Thread-safe. `component` is the folder's name ("storage", "net").
void log_line(LogLevel level, std::string_view component, std::string_view message);

template <typename... Args>
void log_debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kDebug, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, component, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace workerdb::base
