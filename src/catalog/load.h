#pragma once
// Reads a catalog folder: every *.yaml file in it and below, and the SQL migrations that they name. The shape
// of the files is published as docs/schema/catalog.schema.json.
#include <string>

#include "base/result.h"
#include "catalog/model.h"

namespace workerdb::catalog {

// Fails with kFileNotFound, kCannotReadFile, or kBadParameter: every complaint on a line of its own, with
// file, line and column. A catalog that loads is complete in itself: all names that it mentions are declared.
base::Result<Catalog> load_catalog(const std::string& folder);

}  // namespace workerdb::catalog
