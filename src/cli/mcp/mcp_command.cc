#include "cli/mcp/mcp_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "access/audit/audit.h"
#include "catalog/load.h"
#include "cli/composition.h"
#include "cli/door.h"
#include "cli/mcp/store_door.h"
#include "mcp/skill.h"
#include "mcp/stdio_server.h"

namespace workerdb::cli {

using access::StoreKind;
using base::Result;

namespace {

access::Principal agent_of(access::Principal principal) {
  // A service that says so itself keeps its name and rights; behind a person's shell stands a model.
  if (principal.kind == access::PrincipalKind::kPerson) principal.kind = access::PrincipalKind::kAgent;
  return principal;
}

mcp::SkillStore skill_store(const access::Context& context, StoreKind kind, uint16_t standard_port) {
  mcp::SkillStore store{"", standard_port, standard_port};
  auto place = context.stores.find(kind);
  if (place == context.stores.end()) return store;
  if (!place->second.service.empty()) store.service_host = access::service_host(context, place->second);
  if (place->second.port != 0) store.port = store.local_port = place->second.port;
  if (place->second.local_port) store.local_port = *place->second.local_port;
  return store;
}

mcp::SkillFacts facts_of(const access::Context& context, const std::string& data_folder) {
  mcp::SkillFacts facts;
  facts.context = context.name;
  facts.is_local = context.is_local;
  facts.environment = base::name_of(context.environment);
  facts.kubernetes_namespace = context.kubernetes_namespace;
  if (context.ssh) facts.ssh_host = context.ssh->host;
  facts.documents = skill_store(context, StoreKind::kDocuments, 8529);
  facts.relational = skill_store(context, StoreKind::kRelational, 5432);
  facts.cache = skill_store(context, StoreKind::kCache, 6379);
  if (!context.is_local) return facts;
  // The ports of the stack that is up, when one is.
  auto folder = find_data_folder(data_folder);
  if (!folder) return facts;
  auto state = read_state(*folder);
  if (!state) return facts;
  facts.documents.local_port = state->ports.documents;
  facts.relational.local_port = state->ports.postgres;
  facts.cache.local_port = state->ports.redis;
  return facts;
}

}  // namespace

Result<int> run_mcp(const CommonOptions& options, const std::string& catalog_folder) {
  // First of all: whatever is printed from here on must not reach the channel.
  int channel = TRY(mcp::claim_standard_output());
  auto door = TRY(Door::open(options));
  StoreDoorOptions stores;
  stores.context = door.context();
  // The tunnel and the credential sources of a remote context stay as they were opened.
  if (door.context().is_local) {
    stores.endpoints = [folder = options.data] { return stack_endpoints(folder); };
  } else {
    stores.endpoints = [endpoints = door.session().endpoints()]() -> Result<StoreEndpoints> { return endpoints; };
  }
  stores.catalog = TRY(catalog::load_catalog(TRY(find_catalog(catalog_folder))));
  stores.audit_folder = access::audit_folder();
  StoreDoor data(std::move(stores));
  mcp::Protocol protocol(data);
  mcp::StdioOptions serving;
  // Everything that is read-only can be left as it is; the logins that were made end by themselves.
  serving.on_stuck = [] { std::_Exit(0); };
  auto served = mcp::serve_stdio(STDIN_FILENO, channel, protocol, agent_of(door.principal()), serving);
  ::close(channel);
  if (!served) return served.error();
  return 0;
}

Result<int> run_skill(const CommonOptions& options, const std::string& catalog_folder) {
  auto catalog = TRY(catalog::load_catalog(TRY(find_catalog(catalog_folder))));
  auto contexts = TRY(access::load_contexts(access::contexts_file()));
  auto context = TRY(access::find_context(contexts, options.context));
  fmt::print("{}", mcp::render_skill(catalog, facts_of(context, options.data)));
  return 0;
}

}  // namespace workerdb::cli
