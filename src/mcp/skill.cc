#include "mcp/skill.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace workerdb::mcp {

using catalog::Catalog;
using catalog::Presence;

namespace {

using Out = std::back_insert_iterator<std::string>;

// Descriptions are free text of the catalog's files: one line, and no table's bar.
std::string in_cell(std::string_view text) {
  std::string cell;
  for (char byte : text) {
    if (byte == '\n' || byte == '\r') byte = ' ';
    if (byte == '|') cell += '\\';
    cell += byte;
  }
  return cell;
}

std::string prefixes(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) shown.push_back(fmt::format("`{}`", name));
  return fmt::format("{}", fmt::join(shown, ", "));
}

void append_head(Out out, const SkillFacts& facts) {
  fmt::format_to(
      out,
      "---\nname: worker-database\ndescription: Database operation patterns, collections, and connection patterns\n"
      "disable-model-invocation: true\n---\n\n# Worker Database Knowledge\n\n## Database Architecture\n\n");
  if (facts.is_local) {
    fmt::format_to(out, "The databases run on this machine (context `{}`): `workerdb status`.\n", facts.context);
  } else {
    fmt::format_to(out, "The databases are reached through the context `{}` (class {}).\n", facts.context,
                   facts.environment);
    if (!facts.kubernetes_namespace.empty()) {
      fmt::format_to(out, "They run in the `{}` namespace of the cluster.\n", facts.kubernetes_namespace);
    }
  }
}

void append_collections(Out out, const Catalog& catalog) {
  fmt::format_to(out,
                 "\nKey collections:\n\n| collection | kind | what it holds | written by | read by |\n| --- | --- | "
                 "--- | --- | --- |\n");
  for (const auto& collection : catalog.collections) {
    if (collection.presence == Presence::kAbsent) continue;
    bool is_edge = collection.type == stores::documents::CollectionType::kEdge;
    fmt::format_to(out, "| `{}` | {} | {} | {} | {} |\n", collection.name, is_edge ? "edges" : "documents",
                   in_cell(collection.description), collection.owner, fmt::join(collection.readers, ", "));
  }
}

void append_documents(Out out, const Catalog& catalog) {
  fmt::format_to(out, "\n### Documents (AQL, ArangoDB's API)\n\nDatabases:\n\n");
  for (const auto& database : catalog.document_databases) {
    fmt::format_to(out, "- `{}` ({}) - {}\n", database.name, base::name_of(database.environment), database.description);
  }
  append_collections(out, catalog);
  // The pattern with a collection that this catalog has.
  const auto* shown = catalog::find_named(catalog.collections, "process_definitions");
  if (shown == nullptr && !catalog.collections.empty()) shown = &catalog.collections.front();
  if (shown == nullptr) return;
  bool is_seed = shown->name == "process_definitions";
  fmt::format_to(out, "\nQuery pattern:\n\n```aql\nFOR doc IN {}\n  {}\n  RETURN doc\n```\n", shown->name,
                 is_seed ? "FILTER doc.type == \"workflow\"" : "LIMIT 10");
}

void append_relational(Out out, const Catalog& catalog, const SkillFacts& facts) {
  if (catalog.relational_databases.empty()) return;
  fmt::format_to(out, "\n### PostgreSQL (relational)\n\nDatabases:\n\n");
  for (const auto& database : catalog.relational_databases) {
    fmt::format_to(out, "- `{}` ({}) - {}; owner {}, {} migration{}\n", database.name,
                   base::name_of(database.environment), database.description, database.owner,
                   database.migrations.size(), database.migrations.size() == 1 ? "" : "s");
  }
  if (!catalog.relational_roles.empty()) fmt::format_to(out, "\nRoles:\n\n");
  for (const auto& role : catalog.relational_roles) {
    fmt::format_to(out, "- `{}` ({}) - {}; databases {}\n", role.name,
                   role.privileges == catalog::Privileges::kReadOnly ? "reads" : "reads and writes", role.description,
                   fmt::join(role.databases, ", "));
  }
  fmt::format_to(out, "\n### Prisma\n\nORM: Prisma (used in auth-service). Schema: {}\n", facts.prisma_schema);
}

void append_cache(Out out, const Catalog& catalog) {
  if (catalog.cache.key_spaces.empty()) return;
  fmt::format_to(out,
                 "\n### Redis (cache, queue)\n\nUsed by ({}):\n\n| service | key space | keys | channels | life | what "
                 "it is for |\n"
                 "| --- | --- | --- | --- | --- | --- |\n",
                 base::name_of(catalog.cache.environment));
  for (const auto& space : catalog.cache.key_spaces) {
    std::string life = space.ttl_rule == catalog::TtlRule::kRequired ? "needs a TTL"
                       : space.ttl_rule == catalog::TtlRule::kNone   ? "no TTL"
                                                                     : "TTL optional";
    if (space.ttl_longest_s) life += fmt::format(", at most {} s", *space.ttl_longest_s);
    fmt::format_to(out, "| {} | {} | {} | {} | {} | {} |\n", space.owner, space.name, prefixes(space.prefixes),
                   prefixes(space.channels), life, in_cell(space.description));
  }
}

void append_forward(Out out, const SkillFacts& facts, const SkillStore& store) {
  if (store.service_host.empty()) return;
  fmt::format_to(out, "ssh {} -L {}:{}:{} -N &\n", facts.ssh_host, store.local_port, store.service_host, store.port);
}

void append_access(Out out, const Catalog& catalog, const SkillFacts& facts) {
  fmt::format_to(out, "\n## Database Access from Local Machine\n\n");
  if (!facts.is_local && !facts.ssh_host.empty()) {
    fmt::format_to(out, "```sh\nworkerdb tunnel up --context {} --wait\n```\n\nor by hand:\n\n```sh\n", facts.context);
    append_forward(out, facts, facts.documents);
    append_forward(out, facts, facts.relational);
    append_forward(out, facts, facts.cache);
    fmt::format_to(out, "```\n\n");
  }
  std::string database = catalog.relational_databases.empty() ? "postgres" : catalog.relational_databases.front().name;
  fmt::format_to(out,
                 "```sh\nworkerdb sh --server.endpoint http://127.0.0.1:{} --server.username <user>\n"
                 "psql -h localhost -p {} -U <user> -d {}\nredis-cli -p {}\n```\n",
                 facts.documents.local_port, facts.relational.local_port, database, facts.cache.local_port);
}

void append_operations(Out out, const Catalog& catalog) {
  fmt::format_to(out, "\n## Common Database Operations\n");
  auto has = [&](std::string_view name) { return catalog::find_named(catalog.collections, name) != nullptr; };
  if (has("process_definitions")) {
    fmt::format_to(out,
                   "\nDocuments: insert\n\n```js\ndb.process_definitions.insert({{\n  _key: \"workflow_123\",\n  name: "
                   "\"Approval Workflow\",\n"
                   "  version: \"1.0\",\n  type: \"workflow\",\n  definition: {{ }}\n}})\n```\n");
  }
  if (has("process_instances")) {
    fmt::format_to(out,
                   "\nDocuments: query with filter\n\n```aql\nFOR doc IN process_instances\n  FILTER doc.status == "
                   "\"running\"\n  LIMIT 10\n  RETURN doc\n```\n");
  }
  if (catalog::find_named(catalog.relational_databases, "flowmaster_core") != nullptr) {
    fmt::format_to(out,
                   "\nPostgreSQL: users, and who may do what\n\n```sql\nSELECT id, email, role FROM users WHERE role = "
                   "'admin';\n\n"
                   "SELECT p.*, r.name FROM permissions p\nJOIN roles r ON p.role_id = r.id\nWHERE p.resource = "
                   "'process_design';\n```\n");
  }
  std::string key, channel;
  for (const auto& space : catalog.cache.key_spaces) {
    if (space.name == "sessions" && !space.prefixes.empty()) key = space.prefixes.front();
    if (channel.empty() && !space.channels.empty()) channel = space.channels.front();
  }
  if (!key.empty()) fmt::format_to(out, "\nRedis: get a value\n\n```sh\nredis-cli GET {}user_123\n```\n", key);
  if (!channel.empty()) {
    fmt::format_to(out,
                   "\nRedis: publish an event\n\n```sh\nredis-cli PUBLISH {}workflow "
                   "'{{\"type\":\"started\",\"id\":\"123\"}}'\n```\n",
                   channel);
  }
}

void append_facts(Out out, const Catalog& catalog, const SkillFacts& facts) {
  fmt::format_to(out, "\n## Key Facts\n\n");
  std::vector<std::string> production;
  for (const auto& database : catalog.document_databases) {
    if (database.environment == base::EnvironmentClass::kProduction)
      production.push_back(fmt::format("`{}`", database.name));
  }
  for (const auto& database : catalog.relational_databases) {
    if (database.environment == base::EnvironmentClass::kProduction)
      production.push_back(fmt::format("`{}`", database.name));
  }
  if (!production.empty()) {
    fmt::format_to(out, "- Production data, whatever a namespace is called: {}\n", fmt::join(production, ", "));
  }
  fmt::format_to(out,
                 "- Documents are primary for workflow and domain data (BPMN, processes, knowledge)\n"
                 "- PostgreSQL is for auth and RBAC (smaller, relational)\n"
                 "- Redis is for caching and event distribution (high-speed in-memory)\n");
  if (!facts.kubernetes_namespace.empty()) {
    fmt::format_to(out, "- Service names end in `.{}.svc.cluster.local`\n", facts.kubernetes_namespace);
  }
  if (!facts.is_local && !facts.ssh_host.empty())
    fmt::format_to(out, "- From a local machine a tunnel is needed (`workerdb tunnel up`)\n");
  fmt::format_to(out,
                 "\nLive details and short-lived logins: the MCP server `workerdb mcp`, tools `get_context_databases` "
                 "and `get_credential`.\n");
}

}  // namespace

std::string render_skill(const Catalog& catalog, const SkillFacts& facts) {
  std::string text;
  Out out = std::back_inserter(text);
  append_head(out, facts);
  append_documents(out, catalog);
  append_relational(out, catalog, facts);
  append_cache(out, catalog);
  append_access(out, catalog, facts);
  append_operations(out, catalog);
  append_facts(out, catalog, facts);
  return text;
}

}  // namespace workerdb::mcp
