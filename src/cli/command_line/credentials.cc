// workerdb credential.
#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.h"
#include "cli/credential_command.h"
#include "cli/exit_code.h"

namespace workerdb::cli {

using access::StoreKind;
using base::Result;

namespace {

const std::map<std::string, StoreKind> kStores = {
    {"documents", StoreKind::kDocuments}, {"relational", StoreKind::kRelational}, {"cache", StoreKind::kCache}};

int success() { return int(ExitCode::kSuccess); }

std::optional<StoreKind> store_of(const std::string& name) {
  auto found = kStores.find(name);
  return found == kStores.end() ? std::nullopt : std::optional(found->second);
}

void add_lease(CLI::App& parent, CommandLine& line) {
  auto options = std::make_shared<LeaseOptions>();
  auto lifetime = std::make_shared<std::string>("15m");
  CLI::App* lease =
      parent.add_subcommand("lease", "Make a login that ends by itself, with rights on what it names and nothing else");
  add_store_options(*lease, line);
  lease->add_option("--store", options->store, "documents, relational or cache")
      ->transform(CLI::CheckedTransformer(kStores))
      ->required();
  lease->add_option("-d,--database", options->database, "The database; of the cache its number");
  lease->add_option("--objects", options->objects, "Collections, tables (schema.table) or key patterns (session:*)")
      ->delimiter(',');
  lease->add_option("--channels", options->channels, "Cache: patterns of channels")->delimiter(',');
  lease->add_option("--for", *lifetime, "How long: 90s, 15m, at most 1h")->capture_default_str();
  lease->add_option("--output", options->output, "The file (mode 0600) that gets user:password")->type_name("FILE");
  lease->add_flag("--url", options->as_url, "The file gets a URL with user and password instead");
  lease->add_flag("--show", options->show, "Print the password: for a person on a terminal only");
  lease->add_flag("--json", options->as_json, "JSON also on a terminal");
  lease->callback([options, lifetime, &line] {
    line.run = [options, lifetime, &line]() -> Result<int> {
      options->lifetime_s = TRY(parse_lifetime(*lifetime));
      Door door = TRY(Door::open(line.common));
      TRY(lease_credential(door, *options));
      return success();
    };
  });
}

void add_list(CLI::App& parent, CommandLine& line) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* list = parent.add_subcommand("list", "The logins that leases made, and when they end");
  add_store_options(*list, line);
  list->add_flag("--json", *as_json, "JSON lines also on a terminal");
  list->callback([as_json, &line] {
    line.run = [as_json, &line]() -> Result<int> {
      Door door = TRY(Door::open(line.common));
      TRY(list_leases(door, *as_json));
      return success();
    };
  });
}

void add_revoke(CLI::App& parent, CommandLine& line) {
  struct Options {
    std::string account, store;
    bool all = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* revoke = parent.add_subcommand("revoke", "End such a login and its sessions now");
  add_store_options(*revoke, line);
  revoke->add_option("user", options->account, "Its name, as `credential list` shows it");
  revoke->add_flag("--all", options->all, "All of them");
  revoke->add_option("--store", options->store, "With --all: of one store")->check(CLI::IsMember(kStores));
  revoke->callback([options, &line] {
    line.run = [options, &line]() -> Result<int> {
      Door door = TRY(Door::open(line.common));
      TRY(revoke_leases(door, options->account, options->all, store_of(options->store)));
      return success();
    };
  });
}

void add_rotate(CLI::App& parent, CommandLine& line) {
  auto what = std::make_shared<std::string>("all");
  CLI::App* rotate = parent.add_subcommand("rotate", "New passwords for the local stack's logins, while it runs");
  add_data_option(*rotate, line);
  rotate->add_option("store", *what, "documents, relational, cache or all")
      ->check(CLI::IsMember({"documents", "relational", "cache", "all"}))
      ->capture_default_str();
  rotate->callback([what, &line] {
    line.run = [what, &line]() -> Result<int> {
      CommonOptions local = line.common;
      local.context = "local";
      Door door = TRY(Door::open(local));
      TRY(rotate_local(door, store_of(*what)));
      return success();
    };
  });
}

void add_check(CLI::App& parent, CommandLine& line) {
  struct Options {
    std::string source;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* check = parent.add_subcommand("check", "Whether a source gives a login; the secret is not shown");
  check
      ->add_option("source", options->source,
                   "file:PATH, file+user:PATH, env:NAME_FILE, kubernetes:DIR or mcp:SERVER/NAME")
      ->required();
  check->add_flag("--json", options->as_json, "JSON also on a terminal");
  check->callback([options, &line] {
    line.run = [options]() -> Result<int> {
      TRY(check_credential(options->source, options->as_json));
      return success();
    };
  });
}

}  // namespace

void add_credential_commands(CLI::App& app, CommandLine& line) {
  CLI::App* credential =
      app.add_subcommand("credential", "Short-lived logins, rotation of passwords, sources of credentials");
  credential->require_subcommand(1);
  add_lease(*credential, line);
  add_list(*credential, line);
  add_revoke(*credential, line);
  add_rotate(*credential, line);
  add_check(*credential, line);
}

}  // namespace workerdb::cli
