#include "cli/import_command.h"

#include <fmt/format.h>

#include <map>

#include "catalog/environment_class.h"
#include "cli/output.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

// A batch is one request: large enough to make the round trip cheap, small enough for any server.
constexpr size_t kBatchDocuments = 1000, kBatchBytes = size_t(4) << 20;

class ProgressBar {
 public:
  explicit ProgressBar(bool shown) : shown_(shown && is_terminal(stderr)) {}

  void show(const std::string& file, const Progress& progress) {
    if (!shown_) return;
    constexpr size_t kWidth = 30;
    if (!progress.bytes_total || *progress.bytes_total == 0) {
      fmt::print(stderr, "\r{} {:.1f} MB\x1b[K", file, double(progress.bytes_read) / 1e6);
    } else {
      double part = std::min(1.0, double(progress.bytes_read) / double(*progress.bytes_total));
      size_t full = size_t(part * kWidth);
      fmt::print(stderr, "\r{} [{}{}] {:3.0f} %\x1b[K", file, std::string(full, '#'), std::string(kWidth - full, '.'),
                 part * 100);
    }
    drawn_ = true;
  }
  // Before another line is written.
  void clear() {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
    drawn_ = false;
  }

 private:
  bool shown_, drawn_ = false;
};

class Importer {
 public:
  Importer(Door& door, stores::documents::DocumentDatabase& database, const ImportCommandOptions& options)
      : door_(door), database_(database), options_(options), bar_(!options.quiet) {
    write_.overwrite = options.on_duplicate;
  }

  Result<> import_file(const std::string& file) {
    file_ = file;
    ImportOptions open;
    if (!options_.format.empty()) {
      open.format = format_of_name(options_.format);
      if (!open.format) {
        return Error(ErrorCode::kIllegalOption,
                     fmt::format("--format is jsonl, csv or bpmn, not '{}'", options_.format));
      }
    }
    if (options_.separator.size() != 1) return Error(ErrorCode::kIllegalOption, "--separator takes one character");
    open.csv.separator = options_.separator[0];
    open.bpmn.key = options_.key;
    open.progress = [&](const Progress& progress) { bar_.show(file_, progress); };
    auto reader = TRY(open_reader(file, std::move(open)));
    while (auto record = TRY(reader->next())) TRY(add(*std::move(record)));
    for (auto& [collection, batch] : batches_) TRY(flush(collection, batch));
    bar_.clear();
    return {};
  }

  Result<> finish() {
    for (auto& [collection, entry] : entries_) TRY(entry.passage.finish(entry.created));
    return {};
  }

  const ImportCounts& counts() const { return counts_; }

 private:
  struct Batch {
    std::vector<value::Buffer> documents;
    std::vector<uint64_t> lines;
    size_t bytes = 0;
  };

  struct Entry {
    Passage passage;
    uint64_t created = 0;
  };

  Result<Passage> ask(access::Operation operation, const std::string& collection) {
    Intent intent;
    intent.database = options_.database;
    intent.operation = operation;
    intent.command = "import";
    intent.objects = {collection};
    intent.data_class = TRY(catalog::environment_of(door_.session().documents(), options_.database));
    return door_.enter(intent);
  }

  // The guard is asked about each collection when its first records are there: a file may say itself where they belong.
  Result<Entry*> enter(const std::string& collection) {
    if (auto known = entries_.find(collection); known != entries_.end()) return &known->second;
    Passage passage = TRY(ask(access::Operation::kWrite, collection));
    if (options_.create_collection && !TRY(database_.find_collection(collection))) {
      Passage making = TRY(ask(access::Operation::kShape, collection));
      stores::documents::CollectionDescription description;
      description.name = collection;
      TRY(database_.create_collection(description));
      TRY(making.finish());
    }
    return &entries_.emplace(collection, Entry{std::move(passage)}).first->second;
  }

  Result<> add(Record record) {
    if (!record.document) {
      reject(record.line, record.document.error());
      return {};
    }
    const std::string& collection = record.collection.empty() ? options_.collection : record.collection;
    if (collection.empty()) {
      return Error(ErrorCode::kCollectionParameterMissing, "say with --collection where these records belong");
    }
    Batch& batch = batches_[collection];
    batch.bytes += record.document->bytes().size();
    batch.documents.push_back(*std::move(record.document));
    batch.lines.push_back(record.line);
    if (batch.documents.size() < kBatchDocuments && batch.bytes < kBatchBytes) return {};
    return flush(collection, batch);
  }

  Result<> flush(const std::string& collection, Batch& batch) {
    if (batch.documents.empty()) return {};
    Entry* entry = TRY(enter(collection));
    std::vector<value::Slice> slices;
    for (const auto& document : batch.documents) slices.push_back(document.slice());
    auto result = TRY(database_.insert_many(collection, slices, write_));
    entry->created += result.created;
    counts_.created += result.created;
    counts_.ignored += result.ignored;
    for (const auto& failed : result.errors) reject(batch.lines[failed.position], failed.error);
    batch = Batch();
    return {};
  }

  void reject(uint64_t line, const Error& error) {
    ++counts_.failed;
    bar_.clear();
    fmt::print(stderr, "{}:{}: {}\n", file_, line, error.message());
  }

  Door& door_;
  stores::documents::DocumentDatabase& database_;
  const ImportCommandOptions& options_;
  stores::documents::WriteOptions write_;
  std::map<std::string, Batch> batches_;
  std::map<std::string, Entry> entries_;
  std::string file_;
  ProgressBar bar_;
  ImportCounts counts_;
};

}  // namespace

Result<ImportCounts> run_import(Door& door, const ImportCommandOptions& options) {
  auto database = TRY(door.session().documents().open(options.database));
  Importer importer(door, *database, options);
  for (const auto& file : options.files) {
    auto done = importer.import_file(file);
    if (!done) return std::move(done).error().with_context(file);
  }
  TRY(importer.finish());
  return importer.counts();
}

}  // namespace workerdb::cli
