#include "access/audit/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/digest.h"
#include "base/time.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

namespace fs = std::filesystem;

constexpr size_t kHashDigits = 64, kHeadBytes = 512, kLongestLine = 4 * 1024 * 1024;
constexpr size_t kLongestName = 256, kLongestReason = 1000, kMostObjects = 100, kMostValueBytes = 1024 * 1024;
constexpr std::string_view kHashMember = ",\"hash\":\"", kLineEnd = "\"}";

// Bounded, and UTF-8: what comes from outside must not break a line or a reader.
std::string bounded(std::string_view text, size_t most) {
  std::string kept(text.substr(0, most));
  while (!kept.empty() && kept.size() == most && (static_cast<unsigned char>(kept.back()) & 0xc0) == 0x80)
    kept.pop_back();
  return value::as_utf8(std::move(kept));
}

std::string sealed(const value::Builder& builder) {
  std::string body = value::to_json(builder.slice());
  std::string hash = base::sha256_hex(body);
  body.pop_back();
  return fmt::format("{}{}{}{}", body, kHashMember, hash, kLineEnd);
}

void open_line(value::Builder& builder, const ChainHead& head, int64_t time_unix_ms) {
  builder.open_object();
  builder.add("seq", static_cast<int64_t>(head.sequence + 1));
  builder.add("log", head.log);
  builder.add("time", base::format_iso8601(time_unix_ms));
}

std::string seal_line(value::Builder& builder, const ChainHead& head) {
  builder.add("previous", head.hash);
  builder.close();
  return sealed(builder);
}

std::optional<uint64_t> number_of(value::Slice value) {
  if (!value.is_int64() || value.as_int64() < 0) return std::nullopt;
  return static_cast<uint64_t>(value.as_int64());
}

// The content of a member that is a plain string in `line`, borrowed from it; our lines hold it without escapes.
std::string_view member(std::string_view line, std::string_view name) {
  std::string mark = fmt::format("\"{}\":\"", name);
  size_t at = line.rfind(mark);
  if (at == line.npos) return {};
  at += mark.size();
  return line.substr(at, std::min(line.find('"', at), line.size()) - at);
}

}  // namespace

std::string sealed_line(const ChainHead& head, const AuditEntry& entry) {
  value::Builder builder;
  open_line(builder, head, entry.time_unix_ms);
  auto name = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) builder.add(key, bounded(text, kLongestName));
  };
  builder.key("principal");
  builder.open_object();
  builder.add("kind", name_of(entry.principal.kind));
  builder.add("name", bounded(entry.principal.name, kLongestName));
  builder.close();
  name("context", entry.context);
  name("environment", entry.environment);
  if (entry.store) builder.add("store", name_of(*entry.store));
  name("database", entry.database);
  name("operation", entry.operation);
  name("command", entry.command);
  if (!entry.objects.empty()) {
    builder.key("objects");
    builder.open_array();
    for (size_t i = 0; i < std::min(entry.objects.size(), kMostObjects); ++i) {
      builder.string(bounded(entry.objects[i], kLongestName));
    }
    builder.close();
    if (entry.objects.size() > kMostObjects) builder.add("object_count", entry.objects.size());
  }
  name("statement", entry.statement_digest);
  if (entry.rows) builder.add("rows", *entry.rows);
  builder.add("duration_ms", entry.duration_ms);
  name("decision", entry.decision);
  if (!entry.reason.empty()) builder.add("reason", bounded(entry.reason, kLongestReason));
  if (entry.values) builder.add("values", bounded(*entry.values, kMostValueBytes));
  return seal_line(builder, head);
}

std::string sealed_repair(const ChainHead& head, const Repair& repair, int64_t time_unix_ms) {
  value::Builder builder;
  open_line(builder, head, time_unix_ms);
  builder.add("repair", repair.what);
  builder.add("bytes", repair.bytes);
  builder.add("digest", repair.digest);
  return seal_line(builder, head);
}

std::optional<ChainLine> read_line(std::string_view line) {
  size_t end = kHashMember.size() + kHashDigits + kLineEnd.size();
  if (line.size() <= end || line.size() > kLongestLine || !line.ends_with(kLineEnd)) return std::nullopt;
  size_t at = line.size() - end;
  if (line.substr(at, kHashMember.size()) != kHashMember) return std::nullopt;
  std::string body(line.substr(0, at));
  body += '}';
  ChainLine read;
  read.hash = line.substr(at + kHashMember.size(), kHashDigits);
  if (base::sha256_hex(body) != read.hash) return std::nullopt;
  auto parsed = value::parse_json(body);
  if (!parsed || !parsed->slice().is_object()) return std::nullopt;
  auto sequence = number_of(parsed->slice().get("seq"));
  value::Slice previous = parsed->slice().get("previous"), log = parsed->slice().get("log"),
               repair = parsed->slice().get("repair");
  if (!sequence || !previous.is_string() || !log.is_string()) return std::nullopt;
  read.sequence = *sequence;
  read.previous = member(line.substr(0, at + 1), "previous");
  if (read.previous != previous.as_string()) return std::nullopt;
  size_t log_at = line.find("\"log\":\"");
  read.log = log_at == line.npos ? std::string_view() : line.substr(log_at + 7, log.as_string().size());
  if (repair.is_string() && repair.as_string() == "torn line") {
    read.torn_bytes = number_of(parsed->slice().get("bytes"));
    value::Slice digest = parsed->slice().get("digest");
    if (digest.is_string()) read.torn_digest = digest.as_string();
  }
  return read;
}

std::string file_name(uint64_t first_sequence) { return fmt::format("audit-{:012}.jsonl", first_sequence); }

uint64_t first_sequence_of(std::string_view name) {
  uint64_t number = 0;
  if (!name.starts_with("audit-") || !name.ends_with(".jsonl") || name.size() < 24) return 0;
  std::string_view digits = name.substr(6, name.size() - 12);
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return code == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

std::vector<std::string> log_files(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::string name = entry.path().filename();
    if (first_sequence_of(name) != 0) names.push_back(name);
  }
  std::ranges::sort(names, {}, [](const std::string& name) { return first_sequence_of(name); });
  return names;
}

std::optional<ChainHead> read_head(const std::string& folder) {
  int file = ::open((folder + "/head").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return std::nullopt;
  char bytes[kHeadBytes];
  ssize_t got = ::pread(file, bytes, sizeof bytes, 0);
  ::close(file);
  std::string_view text(bytes, got > 0 ? size_t(got) : 0);
  auto parsed = value::parse_json(text.substr(0, text.find('\n')));
  if (!parsed || !parsed->slice().is_object()) return std::nullopt;
  value::Slice fields = parsed->slice();
  value::Slice log = fields.get("log"), hash = fields.get("hash"), name = fields.get("file");
  auto sequence = number_of(fields.get("seq")), size = number_of(fields.get("size"));
  if (!log.is_string() || !hash.is_string() || !name.is_string() || !sequence || !size) return std::nullopt;
  if (hash.as_string().size() != kHashDigits || first_sequence_of(name.as_string()) == 0) return std::nullopt;
  return ChainHead{std::string(log.as_string()), *sequence, std::string(hash.as_string()),
                   std::string(name.as_string()), *size};
}

Result<> write_head(const std::string& folder, const ChainHead& head) {
  value::Builder builder;
  builder.open_object();
  builder.add("log", head.log);
  builder.add("seq", head.sequence);
  builder.add("hash", head.hash);
  builder.add("file", head.file);
  builder.add("size", head.size);
  builder.close();
  std::string text = value::to_json(builder.slice());
  text.resize(kHeadBytes - 1, ' ');
  text += '\n';
  std::string path = folder + "/head";
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool written = file >= 0 && ::pwrite(file, text.data(), text.size(), 0) == ssize_t(text.size());
  int code = errno;
  if (file >= 0) ::close(file);
  if (written) return {};
  return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot write '{}': {}", path, ::strerror(code)));
}

Result<> for_each_line(const std::string& path, uint64_t from,
                       const std::function<bool(std::string_view, bool)>& on_line) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    return Error(errno == ENOENT ? ErrorCode::kFileNotFound : ErrorCode::kCannotReadFile,
                 fmt::format("cannot read '{}': {}", path, ::strerror(errno)));
  }
  std::string rest, block(256 * 1024, '\0');
  bool goes_on = true;
  ssize_t got = 0;
  for (off_t at = off_t(from); goes_on && (got = ::pread(file, block.data(), block.size(), at)) > 0; at += got) {
    std::string_view fresh(block.data(), size_t(got));
    for (size_t end; goes_on && (end = fresh.find('\n')) != fresh.npos; fresh.remove_prefix(end + 1)) {
      rest += fresh.substr(0, end);
      goes_on = on_line(rest, true);
      rest.clear();
    }
    rest += fresh;
    if (rest.size() > 2 * kLongestLine) rest.resize(2 * kLongestLine);  // no line of ours; enough to say so
  }
  int code = errno;
  ::close(file);
  if (got < 0) return Error(ErrorCode::kCannotReadFile, fmt::format("cannot read '{}': {}", path, ::strerror(code)));
  if (goes_on && !rest.empty()) on_line(rest, false);
  return {};
}

Result<FolderLock> FolderLock::take(const std::string& folder, bool exclusive) {
  std::string path = folder + "/lock";
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int locked = -1;
  while (file >= 0 && (locked = ::flock(file, exclusive ? LOCK_EX : LOCK_SH)) != 0 && errno == EINTR) {
  }
  if (locked == 0) return FolderLock(file);
  int code = errno;
  if (file >= 0) ::close(file);
  return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot lock '{}': {}", path, ::strerror(code)));
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace workerdb::access
