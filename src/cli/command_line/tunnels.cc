// workerdb tunnel.
#include <CLI/CLI.hpp>
#include <iostream>

#include "access/tunnel/tunnel.h"
#include "cli/command_line/command_line.h"
#include "cli/output.h"
#include "cli/tunnel_command.h"

namespace workerdb::cli {

using base::Result;

namespace {

Output terminal_output() { return {std::cout, std::cerr, is_terminal(stdout)}; }

void add_up(CLI::App& parent, CommandLine& line) {
  auto options = std::make_shared<TunnelUpOptions>();
  CLI::App* up = parent.add_subcommand("up", "Open a context's tunnel and keep it open in the background");
  up->add_option("name", options->name, "The context; without it the one in use");
  up->add_option("--ssh", options->ssh_host, "Not a context's tunnel but one to this host, as ssh knows it");
  up->add_option("--ssh-user", options->ssh_user, "The user there");
  up->add_option("--ssh-config", options->ssh_config_file, "Instead of ~/.ssh/config")->type_name("FILE");
  up->add_option("-L,--forward", options->forwards, "[NAME=][LOCAL_PORT:]HOST:PORT")->allow_extra_args(false);
  up->add_option("--wait", options->wait_ms, "Milliseconds to wait until data can flow; 0 not at all")
      ->capture_default_str();
  up->add_flag("--foreground", options->foreground, "Stay until Ctrl-C");
  up->add_flag("--json", options->json, "JSON also on a terminal");
  up->callback(
      [options, &line] { line.run = [options]() -> Result<int> { return tunnel_up(*options, terminal_output()); }; });
}

void add_down(CLI::App& parent, CommandLine& line) {
  auto options = std::make_shared<TunnelDownOptions>();
  CLI::App* down = parent.add_subcommand("down", "Close a tunnel");
  down->add_option("name", options->name, "Its name");
  down->add_flag("--all", options->all, "All tunnels of this user");
  down->callback(
      [options, &line] { line.run = [options]() -> Result<int> { return tunnel_down(*options, terminal_output()); }; });
}

void add_status(CLI::App& parent, CommandLine& line) {
  auto options = std::make_shared<TunnelStatusOptions>();
  CLI::App* status = parent.add_subcommand("status", "Which tunnels are up, and where");
  status->add_option("name", options->name, "One of them");
  status->add_flag("--json", options->json, "JSON lines also on a terminal");
  status->callback([options, &line] {
    line.run = [options]() -> Result<int> { return tunnel_status(*options, terminal_output()); };
  });
}

// What `up` starts in the background; not for people.
void add_carry(CLI::App& parent, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  CLI::App* carry = parent.add_subcommand(access::kCarryArguments[1], "")->group("");
  carry->add_option("name", *name, "For those who look at the process list");
  carry->callback([name, &line] { line.run = []() -> Result<int> { return access::carry_detached(); }; });
}

}  // namespace

void add_tunnel_commands(CLI::App& app, CommandLine& line) {
  CLI::App* tunnel = app.add_subcommand(access::kCarryArguments[0], "SSH tunnels to the stores of a context");
  tunnel->require_subcommand(1);
  add_up(*tunnel, line);
  add_down(*tunnel, line);
  add_status(*tunnel, line);
  add_carry(*tunnel, line);
}

}  // namespace workerdb::cli
