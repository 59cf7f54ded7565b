#pragma once
// The routes as data: method, path, who may, what runs. The table is made of the spans that the routes_*.cc files give.
#include <span>
#include <string_view>
#include <vector>

#include "server/exchange.h"

namespace workerdb::server {

using RouteHandler = Result<net::HttpResponse> (*)(Exchange&);

enum class Access : uint8_t {
  kPublic,         // without login
  kUser,           // any user; the handler looks closer where it must
  kDatabaseRead,   // ro on the database
  kDatabaseWrite,  // rw on the database ("Administrate")
  kServerAdmin,    // rw on _system
};

struct Route {
  net::HttpMethod method;
  std::string_view path;  // "/_api/document/{collection}/{key}"
  Access access;
  RouteHandler handler;
  bool quick = false;  // runs on the io thread: a few microseconds at most
  // Asked where it is set instead: whether this request is one of the quick ones. Thread-safe, and quick itself.
  bool (*is_quick)(const net::HttpRequest& request, std::string_view database, Services& services) = nullptr;
};

std::span<const Route> administration_routes();
std::span<const Route> analyzer_routes();
std::span<const Route> collection_routes();
std::span<const Route> cursor_routes();
std::span<const Route> database_routes();
std::span<const Route> document_routes();
std::span<const Route> import_routes();
std::span<const Route> index_routes();
std::span<const Route> query_cache_routes();
std::span<const Route> query_routes();
std::span<const Route> transaction_routes();
std::span<const Route> user_routes();
std::span<const Route> view_routes();

// Immutable, thread-safe.
class Router {
 public:
  Router();

  struct Match {
    const Route* route = nullptr;
    bool path_exists = false;  // with another method: 405
  };
  // `first`: the segment behind "_db/<name>". Fills `arguments` with the variable parts.
  Match find(const net::HttpRequest& request, size_t first, std::vector<std::string_view>* arguments) const;

 private:
  struct Entry {
    std::vector<std::string_view> segments;  // "{…}" is variable
    const Route* route;
  };
  std::vector<Entry> entries_;
};

}  // namespace workerdb::server
