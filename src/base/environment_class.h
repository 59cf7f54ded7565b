#pragma once
// What a database is for. The class is stored inside the database itself, never derived from a name or a URL:
// a namespace called "databases-test" may hold production.
#include <optional>
#include <string_view>

namespace workerdb::base {

enum class EnvironmentClass { kLocal, kDev, kTest, kProduction };

// "local", "dev", "test", "production"; the words are stored and never change.
std::string_view name_of(EnvironmentClass environment);
std::optional<EnvironmentClass> parse_environment_class(std::string_view name);

}  // namespace workerdb::base
