#pragma once
// Databases, collections and views as they stand in the store: VelocyPack objects. Attributes may be added; those that
// are there keep their names and meaning.
#include "base/result.h"
#include "storage/schema.h"
#include "value/builder.h"

namespace workerdb::storage {

value::Buffer database_record(const Database& database);
value::Buffer collection_record(const Collection& collection);
value::Buffer view_record(const View& view);
// kCorruptedDatafile if the record is none.
base::Result<Database> parse_database_record(value::Slice record);
base::Result<Collection> parse_collection_record(value::Slice record);
base::Result<View> parse_view_record(value::Slice record);

}  // namespace workerdb::storage
