#include "access/credentials/mcp_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "access/context/configuration_file.h"
#include "access/context/context.h"
#include "net/url.h"
#include "yaml/map_reader.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using yaml::Complaints;
using yaml::MapReader;
using yaml::YamlKind;
using yaml::YamlValue;

namespace {

bool is_variable_name(std::string_view name) {
  auto is_part = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && name.size() <= 128 && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), is_part);
}

McpServer read_server(const std::string& name, const YamlValue& value, Complaints& complaints) {
  MapReader reader(value, "a server", complaints);
  McpServer server;
  server.name = name;
  server.command = reader.texts("command");
  server.url = reader.text("url");
  server.token = reader.text("token");
  if (const YamlValue* variables = reader.map("environment")) {
    for (size_t i = 0; i < variables->keys.size(); ++i) {
      const YamlValue& item = variables->items[i];
      if (!is_variable_name(variables->keys[i]) || item.kind == YamlKind::kList || item.kind == YamlKind::kMap) {
        complaints.add(item.place, "a variable has a name of letters, digits and '_', and a text");
      }
      server.environment.emplace_back(variables->keys[i], item.text);
    }
  }
  reader.finish();
  if (server.command.empty() == server.url.empty()) {
    complaints.add(value.place, "a server has either a command or a url");
  }
  if (!server.url.empty()) {
    auto url = net::parse_url(server.url);
    if (!url) {
      reader.complain("url", url.error().message());
    } else if (url->scheme != "http") {
      reader.complain("url", "only http:// is spoken; reach a server behind TLS through a tunnel or a local proxy");
    } else if (!url->user.empty() || !url->password.empty()) {
      reader.complain("url", "a login does not belong into a URL; name a `token` source");
    }
  }
  // The text is not repeated: it may be the token itself.
  bool is_source =
      server.token.starts_with("file:") || server.token.starts_with("env:") || server.token.starts_with("kubernetes:");
  if (!server.token.empty() && !is_source) {
    reader.complain("token", "a token is a source: file:PATH, env:NAME_FILE or kubernetes:DIR");
  }
  if (!server.token.empty() && server.url.empty()) reader.complain("token", "only a url takes a token");
  return server;
}

}  // namespace

std::string mcp_servers_file() {
  return (std::filesystem::path(contexts_file()).parent_path() / "mcp-servers.yaml").string();
}

Result<McpServer> find_mcp_server(const std::string& file, std::string_view name) {
  auto text = read_configuration(file);
  if (!text) return std::move(text).error().with_context("external MCP servers");
  YamlValue tree = TRY(yaml::parse_yaml(*text, file));
  Complaints complaints;
  MapReader reader(tree, "the servers file", complaints);
  const YamlValue* declared = reader.map("servers");
  reader.finish();
  std::vector<McpServer> servers;
  for (size_t i = 0; declared != nullptr && i < declared->keys.size(); ++i) {
    servers.push_back(read_server(declared->keys[i], declared->items[i], complaints));
  }
  TRY(complaints.result());
  std::string known;
  for (McpServer& server : servers) {
    if (server.name == name) return std::move(server);
    known += (known.empty() ? "" : ", ") + server.name;
  }
  return Error(ErrorCode::kFileNotFound,
               fmt::format("'{}' declares no MCP server '{}' (there are: {})", file, name, known));
}

}  // namespace workerdb::access
