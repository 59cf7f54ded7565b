#pragma once
// PostgreSQL as a service of the stack: made once, then supervised.
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/options.h"
#include "cli/stack/secrets.h"
#include "supervise/service.h"

namespace workerdb::cli {

inline constexpr const char* kPostgresService = "postgres";

// True when the folder holds no cluster yet. Fails with kForbidden when it holds one of another major
// version, or something else.
base::Result<bool> needs_initdb(const DataFolder& folder);

// initdb: UTF-8, C.UTF-8, checksums, scram passwords everywhere. All or nothing: an interrupted one starts
// anew. Takes some seconds.
base::Result<> run_initdb(const DataFolder& folder, const std::string& programs, const Secrets& secrets,
                          const std::optional<supervise::UserIdentity>& user);

// The service; writes its access rules (pg_hba.conf) into the folder. `programs` is find_postgres_programs().
base::Result<supervise::ServiceSpec> postgres_service(const StackOptions& options, const DataFolder& folder,
                                                      const std::string& programs,
                                                      const std::optional<supervise::UserIdentity>& user);

// Whether the server takes connections: a start-up packet is answered with a request for a password, without
// logging in. Source: PostgreSQL 15 documentation, 55.2.1 and 55.7.
base::Result<> probe_postgres(const std::string& address, uint16_t port, int64_t timeout_ms);

}  // namespace workerdb::cli
