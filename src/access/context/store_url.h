#pragma once
// The addresses that a store's URL may have.
#include <string_view>

#include "access/context/context.h"
#include "base/result.h"

namespace workerdb::access {

// Whether the URL's scheme fits the store and no password is in it:
//   documents   http://, tcp://, http+tcp://  with one or several hosts (coordinators)
//   relational  postgres://, postgresql://    with one or several hosts; libpq's parameters
//   cache       redis://, redis-sentinel://, redis-cluster://, unix://
// TLS to documents and cache (https, ssl, rediss) is refused with its own sentence; PostgreSQL has sslmode.
// Fails with kBadParameter; the message does not repeat the URL.
base::Result<> check_store_url(StoreKind kind, std::string_view url);

}  // namespace workerdb::access
