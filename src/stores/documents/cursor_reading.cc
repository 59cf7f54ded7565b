#include "stores/documents/cursor_reading.h"

#include <fmt/format.h>

namespace workerdb::stores::documents {

base::Result<value::Buffer> query_all(DocumentDatabase& database, std::string_view text, value::Slice bind_variables,
                                      size_t row_limit) {
  std::unique_ptr<QueryCursor> cursor = TRY(database.query(text, bind_variables));
  value::Builder rows;
  size_t count = 0;
  rows.open_array();
  while (std::optional<value::Slice> batch = TRY(cursor->next_batch())) {
    for (value::ArrayIterator row(*batch); row.valid(); row.next()) {
      if (++count > row_limit) {
        return base::Error(base::ErrorCode::kResourceLimit,
                           fmt::format("the query returned more than {} rows", row_limit));
      }
      rows.slice(row.value());
    }
  }
  rows.close();
  return rows.take();
}

}  // namespace workerdb::stores::documents
