#pragma once
// Reads that the store itself holds to reading. The logins are to have no more rights than the read needs (a
// lease: access/credentials/lease.h); then nothing that a text says can do more, whatever the analysis thinks.
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/guard/analysis.h"
#include "access/guard/guard.h"
#include "base/result.h"

namespace workerdb::access {

enum class SecondLayer {
  kOn,
  kOff,  // for tests, which show that the store alone refuses
};

struct ReadScope {
  Limits limits;
  // Given: nothing else may be read. The document engine holds the query to it; for PostgreSQL and Redis the
  // login has to be one of that scope.
  AllowedObjects objects;
  SecondLayer second_layer = SecondLayer::kOn;
  // PostgreSQL: gets what can end the statement from another thread, before it runs.
  std::function<void(const stores::relational::Canceller&)> on_start;
};

struct ReadOutcome {
  uint64_t rows = 0;
  uint64_t bytes = 0;                    // of the rows that were handed out, in the store's form
  std::optional<std::string> truncated;  // "rows", "bytes" or "time": which limit cut the rest off
  std::vector<std::string> warnings;     // documents
};

// One statement through the extended protocol (which takes no second one), in a READ ONLY transaction of a
// session of its own that is rolled back and closed, with the time limit as statement_timeout. `on_row` gets one
// row at a time. Fails with kReadOnly and kForbidden, the server's errors, and kQueryKilled when the time was over
// before the first row.
base::Result<ReadOutcome> read_relational(const stores::relational::ConnectionOptions& login, std::string_view sql,
                                          std::span<const stores::relational::Parameter> parameters,
                                          const ReadScope& scope,
                                          const std::function<base::Result<>(const stores::relational::Rows&)>& on_row);

// With QueryOptions::read_only and the allowed collections; `options` carries further wishes. System collections
// are never read.
base::Result<ReadOutcome> read_documents(stores::documents::DocumentDatabase& database, std::string_view text,
                                         value::Slice bind, const ReadScope& scope,
                                         stores::documents::QueryOptions options,
                                         const std::function<base::Result<>(value::Slice row)>& on_row);

struct CacheOutcome {
  stores::cache::Reply reply;
  std::optional<std::string> truncated;
};
// One command as the ACL user of `login`. Elements of an array (also of one inside it) beyond the row limit and
// bytes of strings beyond the byte limit are cut off.
base::Result<CacheOutcome> read_cache(const stores::cache::CacheOptions& login, const stores::cache::Command& command,
                                      const ReadScope& scope);

}  // namespace workerdb::access
