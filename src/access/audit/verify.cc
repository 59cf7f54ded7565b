#include <fmt/format.h>
#include <unistd.h>

#include "access/audit/chain.h"
#include "base/digest.h"

namespace workerdb::access {

using base::Result;

namespace {

// Walks the chain line by line; stops at the first problem.
class Walk {
 public:
  explicit Walk(std::optional<ChainHead> head) : head_(std::move(head)) {}

  // False ends the walk.
  bool take(const std::string& file, uint64_t number, std::string_view text, bool is_whole) {
    place_ = fmt::format("{} line {}", file, number);
    if (!is_whole && !read_line(text)) {
      report_.notes.push_back(place_ + " is the beginning of a line that a crash cut off; the next entry will say so");
      return true;
    }
    auto line = read_line(text);
    if (!line) {
      if (torn_ || text.empty()) return fail("it is no entry, or was changed");
      torn_ = text;
      torn_place_ = place_;
      return true;
    }
    if (torn_) {
      if (line->torn_bytes != torn_->size() || line->torn_digest != base::sha256_hex(*torn_)) {
        place_ = torn_place_;
        return fail("it is no entry, or was changed");
      }
      report_.notes.push_back(torn_place_ +
                              " is the beginning of a line that a crash cut off, as the entry behind it says");
      torn_.reset();
    }
    return take_entry(*line, text);
  }

  AuditLog::Verification finish() {
    if (!report_.problem && torn_) {
      place_ = torn_place_;
      fail("it is no entry, or was changed");
    }
    report_.entries = sequence_;
    report_.head = hash_;
    if (!report_.problem) compare_with_head();
    return std::move(report_);
  }

 private:
  bool fail(std::string_view what) {
    report_.problem = fmt::format("{}: {}", place_, what);
    return false;
  }

  bool take_entry(const ChainLine& line, std::string_view text) {
    if (line.sequence <= sequence_)
      return fail(fmt::format("entry {} stands behind entry {}", line.sequence, sequence_));
    if (line.sequence != sequence_ + 1) {
      return fail(fmt::format("entries {} to {} are missing before it", sequence_ + 1, line.sequence - 1));
    }
    if (line.previous != hash_) return fail(fmt::format("entry {} does not continue the one before it", line.sequence));
    if (head_ && line.log != head_->log) return fail("the entry belongs to another log");
    sequence_ = line.sequence;
    hash_ = line.hash;
    if (text.find("\"repair\":\"head missing\"") != text.npos) {
      return fail(
          "the head file was missing when this entry was written, so that nobody knows whether the log ended here");
    }
    if (head_ && sequence_ == head_->sequence && hash_ != head_->hash)
      return fail("the head file knows another entry here");
    return true;
  }

  void compare_with_head() {
    if (!head_ && sequence_ > 0) {
      report_.problem = "the head file is missing or damaged, so that nobody knows whether the end was cut off";
    } else if (head_ && head_->sequence > sequence_) {
      report_.problem =
          fmt::format("the log ends with entry {}, but the head file knows entry {}: {} entries are missing at the end",
                      sequence_, head_->sequence, head_->sequence - sequence_);
    }
  }

  std::optional<ChainHead> head_;
  AuditLog::Verification report_;
  uint64_t sequence_ = 0;
  std::string hash_ = std::string(kNoHash), place_, torn_place_;
  std::optional<std::string> torn_;  // a line that the next entry has to explain
};

}  // namespace

Result<AuditLog::Verification> AuditLog::verify() const {
  if (::access(folder_.c_str(), F_OK) != 0) return Verification{0, std::string(kNoHash)};
  FolderLock lock = TRY(FolderLock::take(folder_, false));
  Walk walk(read_head(folder_));
  bool goes_on = true;
  for (const std::string& name : log_files(folder_)) {
    uint64_t number = 0;
    if (!goes_on) break;
    TRY(for_each_line(folder_ + "/" + name, 0, [&](std::string_view text, bool is_whole) {
      goes_on = walk.take(name, ++number, text, is_whole);
      return goes_on;
    }));
  }
  return walk.finish();
}

}  // namespace workerdb::access
