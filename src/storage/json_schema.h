#pragma once
// JSON Schema for documents: the part of draft 4 that ArangoDB's documentation, "Schema validation", describes; no
// remote references. Integers are numbers, and the system attributes of the document itself are not seen.
#include <memory>
#include <string>

#include "base/result.h"
#include "storage/schema.h"
#include "value/slice.h"

namespace workerdb::storage {

// A compiled `schema` property {rule, level, message, type}. Immutable, shared by threads.
class JsonSchema {
 public:
  virtual ~JsonSchema() = default;

  // Null for null. kValidationBadParameter says what is wrong with it.
  static base::Result<std::shared_ptr<const JsonSchema>> compile(value::Slice property);

  // Whether a document meets the rule, whatever the level.
  virtual bool accepts(value::Slice document) const = 0;
  virtual SchemaLevel level() const = 0;
  virtual const std::string& message() const = 0;

  // What a write of `document` over `old` (none for an insert) must pass: kValidationFailed with the message.
  base::Result<> check(value::Slice old, value::Slice document) const;
};

}  // namespace workerdb::storage
