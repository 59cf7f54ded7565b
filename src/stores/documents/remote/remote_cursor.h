#pragma once
// A query's rows, batch by batch over HTTP. Private to this folder.
#include <memory>
#include <string>
#include <string_view>

#include "stores/documents/remote/http_channel.h"

namespace workerdb::stores::documents {

base::Result<std::unique_ptr<QueryCursor>> open_remote_cursor(std::shared_ptr<HttpChannel> channel,
                                                              std::string prefix, std::string_view text,
                                                              value::Slice bind_variables, const QueryOptions& options);

}  // namespace workerdb::stores::documents
