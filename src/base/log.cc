#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace workerdb::base {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %L %v";

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, LogLevel lowest) {
  auto logger = std::make_shared<spdlog::logger>("workerdb", std::move(sink));
  logger->set_pattern(kPattern, spdlog::pattern_time_type::utc);
  logger->set_level(to_spdlog(lowest));
  logger->flush_on(spdlog::level::info);
  return logger;
}

// Replaced as a whole when the log is configured; readers keep the one they loaded.
std::atomic<std::shared_ptr<spdlog::logger>>& current() {
  static std::atomic<std::shared_ptr<spdlog::logger>> logger{
      make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), LogLevel::kWarning)};
  return logger;
}

}  // namespace

Result<> configure_log(LogLevel lowest, const std::string& path) {
  try {
    spdlog::sink_ptr sink;
    if (path.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    }
    current().store(make_logger(std::move(sink), lowest));
    return {};
  } catch (const spdlog::spdlog_ex& error) {
    return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot log to '{}': {}", path, error.what()));
  }
}

void log_line(LogLevel level, std::string_view component, std::string_view message) {
  current().load()->log(to_spdlog(level), "{} {}", component, message);
}

}  // namespace workerdb::base
