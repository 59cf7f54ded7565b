#pragma once
// A query's rows, batch by batch over HTTP. Private to this folder.
#include <memory>
#include <string>
#include <string_view>

#include "stores/documents/remote/http_channel.h"

namespace workerdb::stores::documents {

struct RemoteQueries {
  std::shared_ptr<HttpChannel> channel;
  std::string prefix;
  DocumentDatabase& database;  // asked what a query touches; borrowed for the call
};

base::Result<std::unique_ptr<QueryCursor>> open_remote_cursor(const RemoteQueries& at, std::string_view text,
                                                              value::Slice bind_variables, const QueryOptions& options);

}  // namespace workerdb::stores::documents
