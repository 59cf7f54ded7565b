#include "stores/documents/local/local_cursor.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::stores::documents {
namespace {

constexpr size_t kDefaultBatch = 1000;
// A batch of large documents ends early, so that its memory stays bounded.
constexpr size_t kLargestBatchBytes = size_t{4} << 20;

size_t size_or(value::Slice number, size_t otherwise) {
  return number.is_int64() && number.as_int64() >= 0 ? static_cast<size_t>(number.as_int64()) : otherwise;
}

}  // namespace

engine::QueryOptions engine_options(const QueryOptions& options) {
  engine::QueryOptions given;
  given.memory_limit_bytes = options.memory_limit_bytes;
  given.max_runtime_s = static_cast<double>(options.max_runtime_ms) / 1000;
  given.full_count = options.full_count;
  given.fail_on_warning = options.fail_on_warning;
  given.read_only = options.read_only;
  if (options.allowed_collections) {
    given.authorize = [allowed = *options.allowed_collections](std::string_view collection, bool) -> base::Result<> {
      if (std::ranges::find(allowed, collection) != allowed.end()) return {};
      return base::Error(base::ErrorCode::kForbidden,
                         fmt::format("the query may not use the collection '{}'", collection));
    };
  }
  value::Slice extra = options.extra.slice();
  given.stream = extra.get("stream").is_true();
  given.max_warnings = size_or(extra.get("maxWarningCount"), given.max_warnings);
  given.max_plans = size_or(extra.get("maxNumberOfPlans"), given.max_plans);
  given.all_plans = extra.get("allPlans").is_true();
  value::Slice profile = extra.get("profile");
  given.profile = profile.is_true() ? 1 : static_cast<int>(size_or(profile, 0));
  for (value::ArrayIterator rule(extra.get("optimizer").get("rules")); rule.valid(); rule.next()) {
    if (rule.value().is_string()) given.optimizer_rules.emplace_back(rule.value().as_string());
  }
  return given;
}

LocalCursor::LocalCursor(engine::Cursor cursor, size_t batch_size)
    : cursor_(std::move(cursor)),
      batch_size_(batch_size == 0 ? kDefaultBatch : batch_size),
      extra_(value::Slice::empty_object()) {}

base::Result<std::optional<value::Slice>> LocalCursor::next_batch() {
  if (at_end_) return std::nullopt;
  batch_.clear();
  batch_.open_array();
  size_t rows = 0;
  while (rows < batch_size_ && batch_.byte_size() < kLargestBatchBytes) {
    value::Slice row = TRY(cursor_.next());
    if (row.is_none()) {
      at_end_ = true;
      extra_ = cursor_.extra();
      break;
    }
    batch_.slice(row);
    ++rows;
  }
  batch_.close();
  if (rows == 0) return std::nullopt;
  return batch_.slice();
}

}  // namespace workerdb::stores::documents
