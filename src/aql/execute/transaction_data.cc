#include "aql/execute/transaction_data.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

Result<storage::CollectionPtr> TransactionData::find(std::string_view name) {
  if (last_ != nullptr && last_->name == name) return last_;
  auto found = store_.find_collection(database_, name);
  if (found == nullptr) {
    return base::Error(base::ErrorCode::kCollectionNotFound, "collection or view not found: " + std::string(name));
  }
  if (authorize_read_) TRY(authorize_read_(found->name));
  last_ = std::move(found);
  return last_;
}

Result<Slice> TransactionData::document(std::string_view id, value::Arena& arena) {
  size_t slash = id.find('/');
  if (slash == std::string_view::npos) return Slice();
  auto collection = find(id.substr(0, slash));
  if (!collection && collection.error().code() == base::ErrorCode::kCollectionNotFound) return Slice();
  if (!collection) return std::move(collection).error();
  if (!TRY(transaction_.read(**collection, id.substr(slash + 1), pinned_))) return Slice();
  return arena.copy(pinned_.slice());
}

Result<uint64_t> TransactionData::collection_count(std::string_view collection) {
  return transaction_.count(*TRY(find(collection)));
}

std::vector<std::string> TransactionData::collection_names() {
  std::vector<std::string> names;
  for (const auto& collection : store_.collections(database_)) {
    if (authorize_read_ && !authorize_read_(collection->name)) continue;
    names.push_back(collection->name);
  }
  return names;
}

uint64_t TransactionData::collection_id(std::string_view name) {
  auto found = store_.find_collection(database_, name);
  return found != nullptr ? found->id : 0;
}

const search::analysis::Analyzer* TransactionData::analyzer(std::string_view name) {
  auto found = analyzers_.find(name);
  return found != nullptr ? found->analyzer.get() : nullptr;
}

Result<Slice> TransactionData::schema(std::string_view collection, value::Arena& arena) {
  storage::CollectionPtr found = TRY(find(collection));
  Slice schema = found->schema.slice();
  return schema.is_null() ? Slice::null() : arena.copy(schema);
}

Result<std::optional<std::string>> TransactionData::validate(Slice document, Slice schema) {
  if (compiled_schema_ == nullptr || schema.bytes() != last_schema_) {
    compiled_schema_ = TRY(storage::JsonSchema::compile(schema));
    last_schema_ = schema.bytes();
  }
  if (compiled_schema_ == nullptr || compiled_schema_->accepts(document)) return std::nullopt;
  return compiled_schema_->message();
}

}  // namespace workerdb::aql::execute
