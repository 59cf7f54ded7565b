#include "catalog/migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.h"

namespace workerdb::catalog {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::ScriptAnalysis;
using stores::relational::ScriptPlace;

namespace {

namespace fs = std::filesystem;

constexpr size_t kVersionDigits = 4;

// "0001_users_and_roles.sql": four digits, an underscore, lower-case words.
bool parse_file_name(std::string_view file_name, Migration& migration) {
  if (!file_name.ends_with(".sql")) return false;
  file_name.remove_suffix(4);
  if (file_name.size() < kVersionDigits + 2 || file_name[kVersionDigits] != '_') return false;
  const char* digits_end = file_name.data() + kVersionDigits;
  auto [end, failure] = std::from_chars(file_name.data(), digits_end, migration.version);
  migration.name = file_name.substr(kVersionDigits + 1);
  return failure == std::errc() && end == digits_end &&
         migration.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

void find_marker_lines(std::string_view script, std::vector<ScriptPlace>& found) {
  for (int line = 1; !script.empty(); ++line) {
    size_t end = std::min(script.find('\n'), script.size());
    std::string_view text = script.substr(0, end);
    script.remove_prefix(std::min(end + 1, script.size()));
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    if (text == "-- destructive") found.push_back({line, "marked as destructive"});
  }
}

void read_file(const fs::path& path, Migration& migration, Complaints& complaints) {
  Place start{migration.file, 1, 1};
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  migration.sql = bytes.str();
  migration.checksum = base::sha256_hex(migration.sql);
  ScriptAnalysis script = stores::relational::analyze_script(migration.sql);
  for (const ScriptPlace& problem : script.problems) complaints.add({migration.file, problem.line, 1}, problem.what);
  if (script.problems.empty() && script.statements == 0)
    complaints.add(start, "a migration needs at least one statement");
  if (!script.transaction_control.empty()) {
    const ScriptPlace& control = script.transaction_control.front();
    complaints.add({migration.file, control.line, 1},
                   fmt::format("{} is not allowed: every migration runs in a transaction of its own", control.what));
  }
  migration.destructive = std::move(script.losses);
  find_marker_lines(migration.sql, migration.destructive);
}

void check_versions(const std::vector<Migration>& migrations, const Place& place, Complaints& complaints) {
  int expected = 1;
  for (const Migration& migration : migrations) {
    Place file{migration.file, 1, 1};
    if (migration.version < expected) {
      complaints.add(file, fmt::format("a second migration with version {:04}", migration.version));
    } else if (migration.version > expected) {
      complaints.add(place, fmt::format("migration {:04} is missing before {}", expected, migration.file));
    }
    expected = migration.version + 1;
  }
}

}  // namespace

std::vector<Migration> read_migrations(const std::string& catalog_folder, const std::string& folder, const Place& place,
                                       Complaints& complaints) {
  std::vector<Migration> migrations;
  std::error_code failure;
  fs::path root = fs::path(catalog_folder) / folder;
  fs::directory_iterator entries(root, failure);
  if (failure) {
    complaints.add(place, fmt::format("the migrations folder '{}' cannot be read", folder));
    return migrations;
  }
  for (const fs::directory_entry& entry : entries) {
    Migration migration;
    migration.file = (fs::path(folder) / entry.path().filename()).string();
    if (!entry.is_regular_file() || !parse_file_name(entry.path().filename().string(), migration)) {
      complaints.add({migration.file, 1, 1}, "no migration: expected a file like 0001_what_it_does.sql");
      continue;
    }
    read_file(entry.path(), migration, complaints);
    migrations.push_back(std::move(migration));
  }
  std::ranges::sort(migrations, {},
                    [](const Migration& migration) { return std::pair(migration.version, migration.name); });
  check_versions(migrations, place, complaints);
  return migrations;
}

Result<std::vector<const Migration*>> pending_migrations(const RelationalDatabaseDeclaration& database,
                                                         const std::vector<AppliedMigration>& applied) {
  std::string problems;
  auto complain = [&](std::string sentence) { problems += (problems.empty() ? "" : "\n") + std::move(sentence); };
  std::vector<const Migration*> pending;
  for (const Migration& migration : database.migrations) {
    bool has_run = std::ranges::any_of(applied, [&](const auto& run) { return run.version == migration.version; });
    if (!has_run) pending.push_back(&migration);
  }
  for (const AppliedMigration& run : applied) {
    auto declared = std::ranges::find(database.migrations, run.version, &Migration::version);
    if (declared == database.migrations.end()) {
      complain(
          fmt::format("database '{}' has run migration {:04}_{}, but the catalog has no such file; use the catalog "
                      "that has it, or a newer one",
                      database.name, run.version, run.name));
    } else if (declared->checksum != run.checksum) {
      complain(
          fmt::format("{} was edited after database '{}' ran it (SHA-256 {:.12}... then, {:.12}... now); restore "
                      "the file and put the change into a new migration",
                      declared->file, database.name, run.checksum, declared->checksum));
    } else if (declared->name != run.name) {
      complain(fmt::format("{} ran in database '{}' under the name '{}'; give the file its old name back",
                           declared->file, database.name, run.name));
    }
  }
  for (const Migration* migration : pending) {
    bool is_late = std::ranges::any_of(applied, [&](const auto& run) { return run.version > migration->version; });
    if (is_late) {
      complain(fmt::format("{} never ran in database '{}', although later migrations did; give it the next free number",
                           migration->file, database.name));
    }
  }
  if (!problems.empty()) return Error(ErrorCode::kIllegalState, problems);
  return pending;
}

}  // namespace workerdb::catalog
