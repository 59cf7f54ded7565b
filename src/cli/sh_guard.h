#pragma once
// What the guard says to the requests of the JavaScript shell: each is an access of its own.
#include <string_view>

#include "base/result.h"
#include "cli/door.h"
#include "net/http.h"

namespace workerdb::cli {

// What a request of ArangoDB's HTTP API is to the guard. Nothing for what belongs to an access that was decided
// already (the next batch of a cursor) and for what tells nothing (the version).
struct RequestMeaning {
  access::Operation operation = access::Operation::kWrite;
  std::string database;
  std::vector<std::string> objects;
  bool is_query = false;  // its text decides
};
std::optional<RequestMeaning> meaning_of(net::HttpMethod method, std::string_view path);

// Enters the door for the request, and leaves it at once: how the request ends is not written down.
base::Result<> guard_request(Door& door, net::HttpMethod method, std::string_view path, std::string_view body);

}  // namespace workerdb::cli
