#pragma once
// Redis as a service of the stack.
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/options.h"
#include "cli/stack/secrets.h"
#include "supervise/service.h"

namespace workerdb::cli {

inline constexpr const char* kRedisService = "redis";

// redis.conf. Durable (append-only, fsync each second), never evicting, without DEBUG and MODULE.
std::string redis_configuration(const StackOptions& options, const DataFolder& folder);

// users.acl, with digests instead of passwords. Our own users are written anew; all other lines of `present`
// (the file as Redis saved it) are kept, so that what the catalog made survives a restart. Fails with
// kBadParameter when a prefix cannot be written into the file.
base::Result<std::string> redis_users(const StackOptions& options, const Secrets& secrets, std::string_view present);

// The service; writes both files. `program` is find_redis_server().
base::Result<supervise::ServiceSpec> redis_service(const StackOptions& options, const DataFolder& folder,
                                                   const std::string& program, const Secrets& secrets,
                                                   const std::optional<supervise::UserIdentity>& user);

// Whether the server answers PING to its admin user, that is, has loaded its data.
base::Result<> probe_redis(const std::string& address, uint16_t port, const std::string& password, int64_t timeout_ms);

}  // namespace workerdb::cli
