#include "aql/execute/operator.h"

namespace workerdb::aql::execute {

base::Result<> KeptRows::read_all(Operator& source) {
  while (true) {
    auto batch = std::make_unique<Batch>(runtime_.register_count, runtime_.options.batch_rows, runtime_.arenas);
    if (!TRY(source.next(*batch, batch->capacity()))) return {};
    TRY(runtime_.check());
    rows_ += batch->rows();
    batches_.push_back(std::move(batch));
  }
}

}  // namespace workerdb::aql::execute
