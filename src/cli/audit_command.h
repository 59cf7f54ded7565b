#pragma once
// workerdb audit: verify, tail, publish.
#include <cstddef>
#include <string>

#include "base/result.h"
#include "cli/door.h"

namespace workerdb::cli {

struct AuditOptions {
  std::string folder;   // empty: the one that commands write to
  size_t lines = 20;    // tail
  bool follow = false;  // tail: go on until the process is ended
  bool as_json = false;
  std::string database;  // publish
};

// Prints how many entries there are and the last hash; kFailed names the first line that does not fit.
base::Result<> verify_audit(const AuditOptions& options);
// The last entries as they stand in the log, one JSON line each.
base::Result<> tail_audit(const AuditOptions& options);
// Copies what is new into the collection `workerdb_audit` of the context's documents.
base::Result<> publish_audit(Door& door, const AuditOptions& options);

}  // namespace workerdb::cli
