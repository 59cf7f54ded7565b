#pragma once
#include <string_view>

namespace workerdb::base {

constexpr std::string_view kVersion = "0.1.0";
// The version whose HTTP API and AQL are spoken; drivers choose their behaviour by it.
constexpr std::string_view kArangoDbVersion = "3.12.10";

}  // namespace workerdb::base
