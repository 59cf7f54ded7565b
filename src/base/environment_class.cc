#include "base/environment_class.h"

#include <array>
#include <utility>

namespace workerdb::base {

namespace {
constexpr std::array<std::pair<EnvironmentClass, std::string_view>, 4> kNames = {{
    {EnvironmentClass::kLocal, "local"},
    {EnvironmentClass::kDev, "dev"},
    {EnvironmentClass::kTest, "test"},
    {EnvironmentClass::kProduction, "production"},
}};
}  // namespace

std::string_view name_of(EnvironmentClass environment) { return kNames[static_cast<size_t>(environment)].second; }

std::optional<EnvironmentClass> parse_environment_class(std::string_view name) {
  for (const auto& [environment, known] : kNames) {
    if (known == name) return environment;
  }
  return std::nullopt;
}

}  // namespace workerdb::base
