#include "server/router.h"

namespace workerdb::server {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_variable(std::string_view segment) { return segment.starts_with('{'); }

}  // namespace

Router::Router() {
  for (auto routes : {document_routes(), cursor_routes(), collection_routes(), index_routes(), database_routes(),
                      query_routes(), query_cache_routes(), import_routes(), transaction_routes(), user_routes(),
                      view_routes(), analyzer_routes(), administration_routes()}) {
    for (const Route& route : routes) entries_.push_back({split(route.path), &route});
  }
}

Router::Match Router::find(const net::HttpRequest& request, size_t first,
                           std::vector<std::string_view>* arguments) const {
  Match match;
  size_t count = request.segment_count() - first;
  for (const Entry& entry : entries_) {
    if (entry.segments.size() != count) continue;
    bool same = true;
    for (size_t i = 0; same && i < count; ++i) {
      same = is_variable(entry.segments[i]) || entry.segments[i] == request.segment(first + i);
    }
    if (!same) continue;
    match.path_exists = true;
    if (entry.route->method != request.method()) continue;
    match.route = entry.route;
    if (arguments == nullptr) return match;
    for (size_t i = 0; i < count; ++i) {
      if (is_variable(entry.segments[i])) arguments->push_back(request.segment(first + i));
    }
    return match;
  }
  return match;
}

}  // namespace workerdb::server
