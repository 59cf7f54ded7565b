#include "cli/audit_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "access/audit/audit.h"
#include "catalog/environment_class.h"
#include "cli/output.h"
#include "value/builder.h"

namespace workerdb::cli {

using access::AuditLog;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr auto kFollowPause = std::chrono::milliseconds(500);

std::string folder_of(const AuditOptions& options) {
  return options.folder.empty() ? access::audit_folder() : options.folder;
}

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

void print_report(const AuditLog::Verification& report, const std::string& folder, bool as_json) {
  for (const std::string& note : report.notes) fmt::print(stderr, "{} {}\n", styled(stderr, "note:", kYellow), note);
  if (!as_json) {
    fmt::print("{} entries in {}\nlast hash {}\n", report.entries, folder, report.head);
    return;
  }
  RowPrinter printer(stdout, OutputFormat::kJsonLines);
  value::Builder row;
  row.open_object();
  row.add("folder", folder);
  row.add("entries", report.entries);
  row.add("head", report.head);
  row.add("good", !report.problem);
  if (report.problem) row.add("problem", *report.problem);
  row.add("notes", report.notes.size());
  row.close();
  printer.print(row.slice());
}

}  // namespace

Result<> verify_audit(const AuditOptions& options) {
  std::string folder = folder_of(options);
  auto report = TRY(AuditLog(folder).verify());
  print_report(report, folder, options.as_json);
  if (!report.problem) return {};
  return Error(ErrorCode::kFailed, fmt::format("the audit log is not as it was written: {}", *report.problem));
}

Result<> tail_audit(const AuditOptions& options) {
  AuditLog log(folder_of(options));
  uint64_t last = TRY(log.last_sequence());
  uint64_t shown = last > options.lines ? last - options.lines : 0;
  auto show_new = [&] {
    return log.read_after(shown, [&](uint64_t sequence, std::string_view line) -> Result<> {
      shown = sequence;
      print_line(line);
      return {};
    });
  };
  TRY(show_new());
  while (options.follow && std::fflush(stdout) == 0) {
    std::this_thread::sleep_for(kFollowPause);
    TRY(show_new());
  }
  return {};
}

Result<> publish_audit(Door& door, const AuditOptions& options) {
  Intent intent;
  intent.database = door.database_or(access::StoreKind::kDocuments, options.database, "flowmaster");
  intent.operation = access::Operation::kWrite;
  intent.command = "audit publish";
  intent.objects = {"workerdb_audit"};
  intent.data_class = TRY(catalog::environment_of(door.session().documents(), intent.database));
  auto passage = TRY(door.enter(intent));
  auto database = TRY(door.session().documents().open(intent.database));
  uint64_t published = TRY(AuditLog(folder_of(options)).publish(*database));
  fmt::print(stderr, "{} entries published into {}/workerdb_audit\n", published, intent.database);
  return passage.finish(published);
}

}  // namespace workerdb::cli
