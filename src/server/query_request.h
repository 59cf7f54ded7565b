#pragma once
// The body that cursors and explain share: {"query", "bindVars", "memoryLimit", "options": {…}}.
#include <string_view>

#include "server/exchange.h"

namespace workerdb::server {

struct QueryRequest {
  std::string_view text;
  Slice bind_variables;
  Slice options_body;            // the object "options", or an empty one
  engine::QueryOptions options;  // its authorize() asks for the exchange's user
};

// All borrowed from `body` and `exchange`. kQueryEmpty, kBadParameter, kQueryBindParametersInvalid.
Result<QueryRequest> parse_query_request(const Exchange& exchange, Slice body);

}  // namespace workerdb::server
