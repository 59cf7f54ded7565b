#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "access/audit/chain.h"
#include "value/json.h"

namespace workerdb::access {

using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view kCollection = "workerdb_audit";
constexpr size_t kBatch = 500;

Result<> make_collection(stores::documents::DocumentDatabase& database) {
  if (TRY(database.find_collection(kCollection))) return {};
  stores::documents::CollectionDescription description;
  description.name = kCollection;
  auto made = database.create_collection(description);
  if (!made && made.error().code() != ErrorCode::kDuplicateName) return std::move(made).error();
  value::Buffer index = TRY(value::parse_json(R"({"type":"persistent","name":"by_log","fields":["log","seq"]})"));
  TRY(database.ensure_index(kCollection, index.slice()));
  return {};
}

Result<uint64_t> last_published(stores::documents::DocumentDatabase& database, const std::string& log) {
  value::Builder bind;
  bind.open_object();
  bind.add("log", log);
  bind.close();
  auto cursor = TRY(database.query(
      "FOR entry IN workerdb_audit FILTER entry.log == @log SORT entry.seq DESC LIMIT 1 RETURN entry.seq",
      bind.slice()));
  auto batch = TRY(cursor->next_batch());
  if (!batch || batch->size() == 0 || !batch->at(0).is_int64()) return uint64_t{0};
  return uint64_t(std::max<int64_t>(batch->at(0).as_int64(), 0));
}

Result<> insert_batch(stores::documents::DocumentDatabase& database, std::vector<value::Buffer>& documents) {
  std::vector<value::Slice> slices;
  for (const value::Buffer& document : documents) slices.push_back(document.slice());
  stores::documents::WriteOptions options;
  options.overwrite = stores::documents::OverwriteMode::kIgnore;
  auto result = TRY(database.insert_many(kCollection, slices, options));
  documents.clear();
  if (!result.errors.empty()) return std::move(result.errors.front().error);
  return {};
}

}  // namespace

Result<> AuditLog::read_after(uint64_t sequence, const Reader& on_entry) const {
  if (::access(folder_.c_str(), F_OK) != 0) return {};
  std::vector<std::string> files;
  {
    FolderLock lock = TRY(FolderLock::take(folder_, false));
    files = log_files(folder_);
  }
  for (size_t i = 0; i < files.size(); ++i) {
    if (i + 1 < files.size() && first_sequence_of(files[i + 1]) <= sequence + 1) continue;
    Result<> outcome;
    TRY(for_each_line(folder_ + "/" + files[i], 0, [&](std::string_view text, bool is_whole) {
      auto line = is_whole ? read_line(text) : std::nullopt;
      if (line && line->sequence > sequence) outcome = on_entry(line->sequence, text);
      return bool(outcome);
    }));
    if (!outcome) return outcome;
  }
  return {};
}

Result<uint64_t> AuditLog::last_sequence() const {
  uint64_t last = 0;
  auto head = read_head(folder_);
  TRY(read_after(head && head->sequence > 0 ? head->sequence - 1 : 0,
                 [&](uint64_t sequence, std::string_view) -> Result<> {
                   last = std::max(last, sequence);
                   return {};
                 }));
  return last;
}

Result<uint64_t> AuditLog::publish(stores::documents::DocumentDatabase& database) const {
  auto head = read_head(folder_);
  if (!head) return uint64_t{0};
  TRY(make_collection(database));
  uint64_t published = 0;
  std::vector<value::Buffer> documents;
  TRY(read_after(TRY(last_published(database, head->log)), [&](uint64_t sequence, std::string_view text) -> Result<> {
    value::Buffer line = TRY(value::parse_json(text));
    value::Builder document;
    document.open_object();
    document.add("_key", fmt::format("{}-{:012}", head->log, sequence));
    for (value::ObjectIterator fields(line.slice()); fields.valid(); fields.next())
      document.add(fields.name(), fields.value());
    document.close();
    documents.push_back(document.take());
    ++published;
    if (documents.size() >= kBatch) TRY(insert_batch(database, documents));
    return {};
  }));
  if (!documents.empty()) TRY(insert_batch(database, documents));
  return published;
}

}  // namespace workerdb::access
