#pragma once
// A database's collections and indexes as a query's compilation sees them. Private to this folder.
#include "aql/semantics/catalog_view.h"
#include "storage/store.h"

namespace workerdb::engine {

// Borrows the store; for one compilation.
class StoreCatalogView : public aql::semantics::CatalogView {
 public:
  StoreCatalogView(const storage::Store& store, const storage::Database& database)
      : store_(store), database_(database) {}

  std::shared_ptr<const aql::semantics::CollectionInfo> find_collection(std::string_view name) const override;
  std::shared_ptr<const aql::semantics::ViewInfo> find_view(std::string_view name) const override;
  // As committed last.
  std::shared_ptr<const aql::semantics::GraphInfo> find_graph(std::string_view name) const override;

 private:
  const storage::Store& store_;
  const storage::Database& database_;
};

}  // namespace workerdb::engine
