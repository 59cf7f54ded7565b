#pragma once
// Documents one by one and in bulk over HTTP, so that a write which failed half-way is neither lost nor
// doubled. Private to this folder.
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/thread_annotations.h"
#include "stores/documents/remote/http_channel.h"

namespace workerdb::stores::documents {

// Of one database. Thread-safe.
class RemoteDocuments {
 public:
  RemoteDocuments(std::shared_ptr<HttpChannel> channel, std::string prefix)
      : channel_(std::move(channel)), prefix_(std::move(prefix)) {}

  base::Result<std::optional<value::Buffer>> read(std::string_view collection, std::string_view key);
  base::Result<WrittenDocument> insert(std::string_view collection, value::Slice document, const WriteOptions& options);
  base::Result<WrittenDocument> update(std::string_view collection, std::string_view key, value::Slice patch,
                                       const WriteOptions& options);
  base::Result<WrittenDocument> replace(std::string_view collection, std::string_view key, value::Slice document,
                                        const WriteOptions& options);
  base::Result<> remove(std::string_view collection, std::string_view key, const WriteOptions& options);
  base::Result<BulkResult> insert_many(std::string_view collection, std::span<const value::Slice> documents,
                                       const WriteOptions& options);

 private:
  struct Outgoing;  // documents with their keys, as they are sent
  struct KeyChoice {
    bool is_free = false;
    int64_t known_until_ns = 0;
  };

  // Whether a document without a key may get one from this side, by the collection's key generator.
  bool may_choose_keys(std::string_view collection) EXCLUDES(mutex_);
  base::Result<Outgoing> prepare(std::string_view collection, std::span<const value::Slice> documents, size_t& taken);
  base::Result<> insert_step(std::string_view collection, const Outgoing& outgoing, size_t first,
                             const WriteOptions& options, BulkResult& outcome);
  base::Result<Answer> write_with_revision(Request request, const WriteOptions& options);
  std::string document_target(std::string_view collection, std::string_view key) const;
  std::string insert_target(std::string_view collection, const WriteOptions& options) const;

  const std::shared_ptr<HttpChannel> channel_;
  const std::string prefix_;
  base::Mutex mutex_;
  std::map<std::string, KeyChoice, std::less<>> key_choices_ GUARDED_BY(mutex_);
};

}  // namespace workerdb::stores::documents
