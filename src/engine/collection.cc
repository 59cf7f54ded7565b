#include "engine/collection.h"

#include <fmt/format.h>

#include "base/number.h"
#include "engine/core.h"

namespace workerdb::engine {
namespace {

// A single write that meets another writer's commit is repeated on a new snapshot: its caller saw no snapshot, so
// nothing that it read is lost.
constexpr int kAttempts = 16;

template <typename Write>
Result<WriteResult> write_alone(Core& core, const WriteOptions& options, Write&& write) {
  for (int attempt = 1;; ++attempt) {
    auto transaction = core.store->begin({.wait_for_sync = options.wait_for_sync});
    Result<WriteResult> result = write(*transaction);
    if (result) {
      auto committed = transaction->commit();
      if (committed) return result;
      result = std::move(committed).error();
    }
    bool may_repeat = result.error().code() == ErrorCode::kConflict && options.expected_rev.empty();
    if (!may_repeat || attempt == kAttempts) return result;
  }
}

}  // namespace

Result<bool> Collection::read(std::string_view key, PinnedDocument& into, Transaction* transaction) const {
  if (transaction != nullptr) return transaction->transaction_->read(*collection_, key, into);
  return core_->store->read(*collection_, key, into);
}

Result<WriteResult> Collection::insert(Slice document, const WriteOptions& options, Transaction* transaction) {
  auto write = [&](storage::Transaction& in) { return in.insert(*collection_, document, options); };
  return transaction != nullptr ? write(*transaction->transaction_) : write_alone(*core_, options, write);
}

Result<WriteResult> Collection::update(std::string_view key, Slice patch, const WriteOptions& options,
                                       Transaction* transaction) {
  auto write = [&](storage::Transaction& in) { return in.update(*collection_, key, patch, options); };
  return transaction != nullptr ? write(*transaction->transaction_) : write_alone(*core_, options, write);
}

Result<WriteResult> Collection::replace(std::string_view key, Slice document, const WriteOptions& options,
                                        Transaction* transaction) {
  auto write = [&](storage::Transaction& in) { return in.replace(*collection_, key, document, options); };
  return transaction != nullptr ? write(*transaction->transaction_) : write_alone(*core_, options, write);
}

Result<WriteResult> Collection::remove(std::string_view key, const WriteOptions& options, Transaction* transaction) {
  auto write = [&](storage::Transaction& in) { return in.remove(*collection_, key, options); };
  return transaction != nullptr ? write(*transaction->transaction_) : write_alone(*core_, options, write);
}

Result<std::vector<Result<WriteResult>>> Collection::insert_many(Slice documents, const WriteOptions& options,
                                                                 bool all_or_nothing, Transaction* transaction) {
  std::unique_ptr<storage::Transaction> own;
  if (transaction == nullptr) own = core_->store->begin({.wait_for_sync = options.wait_for_sync});
  storage::Transaction& in = own != nullptr ? *own : *transaction->transaction_;
  std::vector<Result<WriteResult>> results;
  results.reserve(documents.size());
  in.set_savepoint();
  for (value::ArrayIterator document(documents); document.valid(); document.next()) {
    results.push_back(in.insert(*collection_, document.value(), options));
    if (!results.back() && all_or_nothing) {
      TRY(in.rollback_to_savepoint());
      return std::move(results.back()).error();
    }
  }
  in.release_savepoint();
  if (own != nullptr) TRY(own->commit());
  return results;
}

Result<uint64_t> Collection::count(Transaction* transaction) const {
  if (transaction != nullptr) return transaction->transaction_->count(*collection_);
  return core_->store->document_count(*collection_);
}

Result<> Collection::truncate() { return core_->store->truncate_collection(*collection_); }

Result<> Collection::rename(std::string_view new_name) {
  if (collection_->is_system) return Error(ErrorCode::kForbidden, fmt::format("'{}' is a system collection", name()));
  TRY(core_->store->rename_collection(*database_, collection_->name, new_name));
  return {};
}

Result<> Collection::change(const Change& change) {
  storage::Collection changed = *collection_;
  if (change.wait_for_sync) changed.wait_for_sync = *change.wait_for_sync;
  if (change.schema) changed.schema = *change.schema;
  if (change.computed_values) changed.computed_values = *change.computed_values;
  TRY(core_->store->change_collection(*database_, changed));
  return {};
}

Result<Collection::EnsuredIndex> Collection::ensure_index(Slice definition) {
  auto wanted = TRY(storage::parse_index_definition(definition));
  auto ensured = TRY(core_->store->ensure_index(*collection_, wanted));
  Builder builder;
  storage::append_index_definition(*collection_, *ensured.index, builder);
  return EnsuredIndex{builder.take(), ensured.created};
}

namespace {

Result<std::shared_ptr<const storage::Index>> find_index(const storage::Collection& collection,
                                                         std::string_view handle) {
  if (size_t slash = handle.find('/'); slash != handle.npos) {
    if (handle.substr(0, slash) != collection.name) return ErrorCode::kIndexNotFound;
    handle.remove_prefix(slash + 1);
  }
  auto id = base::parse_integer<uint64_t>(handle);
  for (const auto& index : collection.indexes) {
    if (id ? index->id == *id : index->name == handle) return index;
  }
  return ErrorCode::kIndexNotFound;
}

}  // namespace

Result<> Collection::drop_index(std::string_view handle) {
  auto current = core_->store->find_collection(*database_, collection_->name);
  if (current == nullptr) return ErrorCode::kCollectionNotFound;
  auto index = TRY(find_index(*current, handle));
  return core_->store->drop_index(*current, index->id);
}

Buffer Collection::indexes(bool with_figures) const {
  auto current = core_->store->find_collection(*database_, collection_->name);
  const storage::Collection& source = current != nullptr ? *current : *collection_;
  Builder builder;
  builder.open_array();
  for (const auto& index : source.indexes) {
    if (!with_figures) {
      storage::append_index_definition(source, *index, builder);
      continue;
    }
    Builder one;
    storage::append_index_definition(source, *index, one);
    builder.open_object();
    for (value::ObjectIterator attribute(one.slice()); attribute.valid(); attribute.next()) {
      builder.add(attribute.name(), attribute.value());
    }
    builder.add("selectivityEstimate", core_->store->selectivity_estimate(source, *index));
    builder.close();
  }
  builder.close();
  return builder.take();
}

Result<Buffer> Collection::index(std::string_view handle) const {
  auto current = core_->store->find_collection(*database_, collection_->name);
  if (current == nullptr) return ErrorCode::kCollectionNotFound;
  auto found = TRY(find_index(*current, handle));
  Builder builder;
  storage::append_index_definition(*current, *found, builder);
  return builder.take();
}

uint64_t Collection::approximate_bytes() const { return core_->store->approximate_bytes(*collection_); }

Result<std::vector<std::string>> Collection::verify() const { return core_->store->verify(*collection_); }

}  // namespace workerdb::engine
