#pragma once
// What functions such as DOCUMENT() read, from the query's transaction.
#include "aql/execute/execution.h"
#include "aql/functions/context.h"
#include "search/analyzers.h"
#include "storage/json_schema.h"
#include "storage/store.h"
#include "storage/transaction.h"

namespace workerdb::aql::execute {

class TransactionData : public functions::DataAccess {
 public:
  // `authorize_read` may be null; otherwise it is asked for each collection that a function names, as those are known
  // only at run time. All are borrowed.
  TransactionData(const storage::Store& store, const storage::Database& database, storage::Transaction& transaction,
                  const ReadAuthorization& authorize_read)
      : store_(store),
        database_(database),
        transaction_(transaction),
        authorize_read_(authorize_read),
        analyzers_(store, database) {}

  base::Result<value::Slice> document(std::string_view id, value::Arena& arena) override;
  base::Result<uint64_t> collection_count(std::string_view collection) override;
  // The ones that the user may read.
  std::vector<std::string> collection_names() override;
  uint64_t collection_id(std::string_view name) override;
  const search::analysis::Analyzer* analyzer(std::string_view name) override;
  base::Result<value::Slice> schema(std::string_view collection, value::Arena& arena) override;
  base::Result<std::optional<std::string>> validate(value::Slice document, value::Slice schema) override;

 private:
  base::Result<storage::CollectionPtr> find(std::string_view name);

  const storage::Store& store_;
  const storage::Database& database_;
  storage::Transaction& transaction_;
  const ReadAuthorization& authorize_read_;
  search::Analyzers analyzers_;
  storage::PinnedDocument pinned_;
  std::string last_schema_;  // SCHEMA_VALIDATE() in a loop asks for the same schema
  std::shared_ptr<const storage::JsonSchema> compiled_schema_;
  storage::CollectionPtr last_;  // DOCUMENT() in a loop asks for the same collection over and over
};

}  // namespace workerdb::aql::execute
