#pragma once
// Private to this folder: what a Connection owns of libpq.
#include <functional>
#include <string_view>

#include "stores/relational/connection.h"

namespace workerdb::stores::relational {

struct NoticeSink {
  std::function<void(std::string_view)> handler;
};

struct Connection::Session {
  pg_conn* handle = nullptr;
  NoticeSink notices;

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();  // closes
};

// libpq takes C strings: a NUL byte would cut the text silently, so it is refused with kBadParameter.
base::Result<> check_text(std::string_view sql, std::span<const Parameter> parameters);

}  // namespace workerdb::stores::relational
