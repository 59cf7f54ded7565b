#pragma once
// The names under which this program keeps its own records inside the stores. They never change: a live store
// has them.
#include <string_view>

namespace workerdb::catalog {

// PostgreSQL tables, in schema public of each database.
inline constexpr std::string_view kMigrationsTable = "public.workerdb_migrations";
inline constexpr std::string_view kEnvironmentTable = "public.workerdb_environment";
// The advisory lock in the maintenance database that one apply holds.
inline constexpr std::string_view kApplyLock = "workerdb:catalog:apply";

// Redis keys.
inline constexpr std::string_view kCachePrefix = "workerdb:";
inline constexpr std::string_view kCacheEnvironmentKey = "workerdb:environment";
// A hash: for each user the command rules that were applied, a line feed, and the form that Redis keeps of
// them.
inline constexpr std::string_view kCacheUsersKey = "workerdb:users";
inline constexpr std::string_view kCacheKeySpacesKey = "workerdb:key_spaces";

}  // namespace workerdb::catalog
