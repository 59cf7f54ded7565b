#pragma once
// Private to this folder: Redis' part of plan and apply.
#include "catalog/plan.h"

namespace workerdb::catalog {

base::Result<> plan_cache(const Catalog& catalog, stores::cache::CacheStore& store, const Passwords& passwords,
                          Plan& plan);
base::Result<> run_cache_step(const Catalog& catalog, stores::cache::CacheStore& store, const Passwords& passwords,
                              const Step& step);

// The rules of a user as ACL SETUSER takes them, without password: keys, channels, commands.
struct CacheRules {
  std::vector<std::string> keys;      // "~session:*", "%R~events:*"
  std::vector<std::string> channels;  // "&events:*"
  std::vector<std::string> commands;  // "-@all", "+@read"...
};
CacheRules rules_of(const CacheDeclaration& cache, const CacheUserDeclaration& user);

// The key spaces as JSON, published under kCacheKeySpacesKey for tools that look after keys.
std::string key_spaces_json(const CacheDeclaration& cache);

}  // namespace workerdb::catalog
