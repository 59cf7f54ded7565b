#include "supervise/dependency_order.h"

#include <fmt/format.h>

#include <map>

namespace workerdb::supervise {

using base::Error;
using base::ErrorCode;
using base::Result;

Result<std::vector<size_t>> start_order(const std::vector<Dependencies>& services) {
  std::map<std::string, size_t> position;
  for (size_t index = 0; index < services.size(); ++index) {
    if (!position.emplace(services[index].name, index).second) {
      return Error(ErrorCode::kBadParameter, fmt::format("two services are named '{}'", services[index].name));
    }
  }
  for (const Dependencies& service : services) {
    for (const std::string& needed : service.depends_on) {
      if (position.contains(needed)) continue;
      return Error(ErrorCode::kBadParameter,
                   fmt::format("service '{}' depends on '{}', which does not exist", service.name, needed));
    }
  }
  std::vector<size_t> order;
  std::vector<bool> placed(services.size(), false);
  while (order.size() < services.size()) {
    size_t before = order.size();
    for (size_t index = 0; index < services.size(); ++index) {
      if (placed[index]) continue;
      bool free = true;
      for (const std::string& needed : services[index].depends_on) free = free && placed[position[needed]];
      if (!free) continue;
      placed[index] = true;
      order.push_back(index);
    }
    if (order.size() == before) break;
  }
  for (size_t index = 0; index < services.size(); ++index) {
    if (placed[index]) continue;
    return Error(ErrorCode::kBadParameter,
                 fmt::format("service '{}' depends on itself through others", services[index].name));
  }
  return order;
}

}  // namespace workerdb::supervise
