#include "cli/context_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/credentials/credential.h"
#include "cli/output.h"
#include "value/builder.h"
#include "value/json.h"

namespace workerdb::cli {

using access::Context;
using access::Contexts;
using access::StorePlace;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

void append_store(const Context& context, const StorePlace& place, value::Builder& to) {
  to.open_object();
  auto add = [&](std::string_view key, const std::string& text) {
    if (text.empty()) return;
    to.key(key);
    to.string(text);
  };
  add("url", place.url);
  add("service", place.service);
  if (!place.service.empty()) add("host", access::service_host(context, place));
  if (place.port != 0) {
    to.key("port");
    to.integer(place.port);
  }
  if (place.local_port) {
    to.key("localPort");
    to.integer(*place.local_port);
  }
  add("user", place.user);
  add("database", place.database);
  add("credential", place.credential);
  to.close();
}

value::Buffer context_value(const Context& context, bool is_current) {
  value::Builder to;
  to.open_object();
  to.key("name");
  to.string(context.name);
  to.key("current");
  to.boolean(is_current);
  to.key("class");
  to.string(base::name_of(context.environment));
  if (!context.kubernetes_namespace.empty()) {
    to.key("namespace");
    to.string(context.kubernetes_namespace);
  }
  if (context.ssh) {
    to.key("ssh");
    to.string((context.ssh->user.empty() ? "" : context.ssh->user + "@") + context.ssh->host +
              (context.ssh->port ? fmt::format(":{}", *context.ssh->port) : ""));
  }
  for (const auto& [store, place] : context.stores) {
    to.key(access::name_of(store));
    append_store(context, place, to);
  }
  to.close();
  return to.take();
}

Result<Contexts> load() { return access::load_contexts(access::contexts_file()); }

}  // namespace

Result<> list_contexts(bool as_json) {
  auto contexts = TRY(load());
  // What commands use, which a variable may have chosen.
  std::string current = TRY(access::find_context(contexts, "")).name;
  for (const Context& context : contexts.contexts) {
    if (as_json || !is_terminal(stdout)) {
      fmt::print("{}\n", value::to_json(context_value(context, context.name == current).slice()));
      continue;
    }
    std::string_view name = base::name_of(context.environment);
    bool is_production = context.environment == base::EnvironmentClass::kProduction;
    fmt::print("{} {:20} {}  {}\n", context.name == current ? "*" : " ", context.name,
               is_production ? styled(stdout, fmt::format("{:10}", name), kRed) : fmt::format("{:10}", name),
               context.is_local ? "the supervised stack"
               : context.ssh    ? fmt::format("{} through {}", context.kubernetes_namespace, context.ssh->host)
                                : context.kubernetes_namespace);
  }
  return {};
}

Result<> use_context(const std::string& name) {
  auto contexts = TRY(load());
  contexts.current = TRY(access::find_context(contexts, name)).name;
  return access::save_contexts(access::contexts_file(), contexts);
}

Result<> show_context(const std::string& name) {
  auto contexts = TRY(load());
  std::string current = TRY(access::find_context(contexts, "")).name;
  auto context = TRY(access::find_context(contexts, name));
  fmt::print("{}\n", value::to_pretty_json(context_value(context, context.name == current).slice()));
  return {};
}

Result<> add_context(const Context& context, bool use) {
  auto contexts = TRY(load());
  for (const Context& known : contexts.contexts) {
    if (known.name == context.name) {
      return Error(ErrorCode::kDuplicateName,
                   fmt::format("there is a context '{}' already; remove it first", context.name));
    }
  }
  contexts.contexts.push_back(context);
  if (use) contexts.current = context.name;
  // The file's own rules decide, so that what was added can be read again.
  TRY(access::check_contexts(contexts));
  return access::save_contexts(access::contexts_file(), contexts);
}

Result<> show_databases_of(const std::string& mcp_server) {
  auto answer = TRY(value::parse_json(TRY(access::ask_context_databases(mcp_server))));
  fmt::print("{}\n", value::to_pretty_json(answer.slice()));
  return {};
}

Result<> remove_context(const std::string& name) {
  auto contexts = TRY(load());
  auto context = TRY(access::find_context(contexts, name));
  if (context.is_local) return Error(ErrorCode::kForbidden, "the context 'local' is always there");
  std::erase_if(contexts.contexts, [&](const Context& known) { return known.name == context.name; });
  if (contexts.current == context.name) contexts.current = "local";
  return access::save_contexts(access::contexts_file(), contexts);
}

}  // namespace workerdb::cli
