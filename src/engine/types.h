#pragma once
// Names that the embeddable API shares with the layers below it.
#include "base/result.h"
#include "storage/schema.h"
#include "storage/transaction.h"
#include "value/builder.h"
#include "value/json.h"
#include "value/slice.h"

namespace workerdb::engine {

using base::Error;
using base::ErrorCode;
using base::Result;
using storage::CollectionType;
using storage::KeyGenerator;
using storage::KeyOptions;
using storage::OverwriteMode;
using storage::PinnedDocument;
using storage::TransactionOptions;
using storage::WriteOptions;
using storage::WriteResult;
using value::Buffer;
using value::Builder;
using value::Slice;

}  // namespace workerdb::engine
