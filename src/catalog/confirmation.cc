#include "catalog/confirmation.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::catalog {

bool needs_confirmation(std::optional<EnvironmentClass> environment) {
  return !environment || *environment == EnvironmentClass::kProduction;
}

base::Result<> check_confirmation(std::optional<EnvironmentClass> environment, std::string_view database,
                                  std::string_view action, std::span<const std::string> confirmed) {
  if (!needs_confirmation(environment) || std::ranges::find(confirmed, database) != confirmed.end())
    return {};
  return base::Error(base::ErrorCode::kForbidden,
                     fmt::format("{} destroys data, and '{}' {}; repeat with --confirm={}", action, database,
                                 environment ? "is a production database"
                                             : "carries no environment class, which counts as production",
                                 database));
}

}  // namespace workerdb::catalog
