#pragma once
// The one check that stands before every destructive command, in the catalog and in the CLI.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/environment_class.h"

namespace workerdb::catalog {

// True for production, and for a database that carries no class: what nobody has classified may be anything.
bool needs_confirmation(std::optional<EnvironmentClass> environment);

// Passes when no confirmation is needed, or when `confirmed` holds exactly the database's name. Otherwise
// kForbidden with a sentence that says what would be destroyed and how to confirm. `action` reads like "drop
// collection 'x'".
base::Result<> check_confirmation(std::optional<EnvironmentClass> environment, std::string_view database,
                                  std::string_view action, std::span<const std::string> confirmed);

}  // namespace workerdb::catalog
