#pragma once
// The page that `workerdb skill` prints: what the platform keeps where, for an agent's context. A pure function of the
// catalog and a few facts about the context, so that it cannot be out of date.
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/model.h"

namespace workerdb::mcp {

// Where the stores of the context are reached, as far as it is known; no secrets.
struct SkillStore {
  std::string service_host;  // "arangodb.databases-test.svc.cluster.local"; empty for a local stack
  uint16_t port = 0;         // of the service
  uint16_t local_port = 0;   // on this machine: of the tunnel, or of the stack
};

struct SkillFacts {
  std::string context = "local";
  bool is_local = true;
  std::string environment = "local";
  std::string kubernetes_namespace;
  std::string ssh_host;
  SkillStore documents{"", 8529, 8529};
  SkillStore relational{"", 5432, 5432};
  SkillStore cache{"", 6379, 6379};
  std::string prisma_schema = "auth-service repository: prisma/schema.prisma";
};

// Markdown with front matter (name, description, disable-model-invocation).
std::string render_skill(const catalog::Catalog& catalog, const SkillFacts& facts);

}  // namespace workerdb::mcp
