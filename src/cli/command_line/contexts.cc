// workerdb context.
#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.h"
#include "cli/context_command.h"
#include "cli/exit_code.h"

namespace workerdb::cli {

using access::StoreKind;
using base::Result;

namespace {

// "--documents arangodb" is a service of the namespace, "--documents http://..." a URL.
struct AddArguments {
  access::Context context;
  access::SshHost ssh;
  std::string places[3], users[3], credentials[3], databases[3];
  bool use = false;
};

access::Context context_of(const AddArguments& arguments) {
  access::Context context = arguments.context;
  if (!arguments.ssh.host.empty()) context.ssh = arguments.ssh;
  for (StoreKind kind : access::kStoreKinds) {
    size_t i = size_t(kind);
    if (arguments.places[i].empty()) continue;
    access::StorePlace place;
    bool is_url = arguments.places[i].find("://") != std::string::npos;
    (is_url ? place.url : place.service) = arguments.places[i];
    place.user = arguments.users[i];
    place.database = arguments.databases[i];
    place.credential = arguments.credentials[i];
    context.stores[kind] = std::move(place);
  }
  return context;
}

void add_add(CLI::App& parent, CommandLine& line) {
  using base::EnvironmentClass;
  static const std::map<std::string, EnvironmentClass> kClasses = {{"local", EnvironmentClass::kLocal},
                                                                   {"dev", EnvironmentClass::kDev},
                                                                   {"test", EnvironmentClass::kTest},
                                                                   {"production", EnvironmentClass::kProduction}};
  auto arguments = std::make_shared<AddArguments>();
  CLI::App* add = parent.add_subcommand("add", "Declare a context");
  add->add_option("name", arguments->context.name, "Its name")->required();
  add->add_option("--class", arguments->context.environment,
                  "local, dev, test or production: what its data is, unless the data says so itself")
      ->transform(CLI::CheckedTransformer(kClasses))
      ->required();
  add->add_option("--namespace", arguments->context.kubernetes_namespace, "The Kubernetes namespace of the services");
  add->add_option("--ssh", arguments->ssh.host, "The host that the tunnel goes through, as ssh knows it");
  add->add_option("--ssh-user", arguments->ssh.user, "The user there");
  add->add_option("--ssh-config", arguments->ssh.config_file, "Instead of ~/.ssh/config");
  for (StoreKind kind : access::kStoreKinds) {
    std::string name(access::name_of(kind));
    size_t i = size_t(kind);
    add->add_option("--" + name, arguments->places[i], "A service's name, or a URL without a password");
    add->add_option("--" + name + "-user", arguments->users[i], "The login there");
    add->add_option("--" + name + "-database", arguments->databases[i], "The database that commands use");
    add->add_option("--" + name + "-credential", arguments->credentials[i],
                    "file:PATH, env:NAME_FILE, kubernetes:DIR or mcp:SERVER/NAME");
  }
  add->add_flag("--use", arguments->use, "Make it the context of the commands that name none");
  add->callback([arguments, &line] {
    line.run = [arguments]() -> Result<int> {
      TRY(add_context(context_of(*arguments), arguments->use));
      return int(ExitCode::kSuccess);
    };
  });
}

void add_named(CLI::App& parent, CommandLine& line, const char* command, const char* help, bool required,
               Result<> (*run)(const std::string&)) {
  auto name = std::make_shared<std::string>();
  CLI::App* added = parent.add_subcommand(command, help);
  added->add_option("name", *name, "Its name")->required(required);
  added->callback([name, run, &line] {
    line.run = [name, run]() -> Result<int> {
      TRY(run(*name));
      return int(ExitCode::kSuccess);
    };
  });
}

}  // namespace

void add_context_commands(CLI::App& app, CommandLine& line) {
  CLI::App* context = app.add_subcommand("context", "Where the stores are: local, and what you declare");
  context->require_subcommand(1);
  auto as_json = std::make_shared<bool>(false);
  CLI::App* list = context->add_subcommand("list", "All contexts; * is the one in use");
  list->add_flag("--json", *as_json, "JSON lines also on a terminal");
  list->callback([as_json, &line] {
    line.run = [as_json]() -> Result<int> {
      TRY(list_contexts(*as_json));
      return int(ExitCode::kSuccess);
    };
  });
  add_named(*context, line, "use", "Use a context from now on", true, use_context);
  add_named(*context, line, "show", "One context, without secrets", false, show_context);
  add_named(*context, line, "databases", "What an MCP server of mcp-servers.yaml says about its databases", true,
            show_databases_of);
  add_named(*context, line, "remove", "Forget a context", true, remove_context);
  add_add(*context, line);
}

}  // namespace workerdb::cli
