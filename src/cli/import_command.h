#pragma once
// workerdb import FILE…: files into collections.
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/door.h"
#include "cli/import/open_reader.h"
#include "stores/documents/document_store.h"

namespace workerdb::cli {

struct ImportCommandOptions {
  std::vector<std::string> files;  // "-" is standard input
  std::string database = "flowmaster";
  std::string collection;       // for records that name none: JSON lines, CSV
  std::string format;           // empty: by the file's ending
  std::string separator = ",";  // CSV
  std::string key;              // BPMN, of a single file: the definition's _key
  // What happens to a document whose key is there already.
  stores::documents::OverwriteMode on_duplicate = stores::documents::OverwriteMode::kConflict;
  bool create_collection = false;
  bool quiet = false;
};

struct ImportCounts {
  uint64_t created = 0, ignored = 0, failed = 0;
};

// Each bad record is a line on standard error: "FILE:LINE: what is wrong"; the others are imported. Errors are about
// whole files and the store.
base::Result<ImportCounts> run_import(Door& door, const ImportCommandOptions& options);

}  // namespace workerdb::cli
