#pragma once
// mcp-servers.yaml: the external MCP servers that hand out credentials. No secrets.
//
//   servers:
//     commander-mcp:
//       command: [/usr/local/bin/commander-mcp, --stdio]
//       environment: {COMMANDER_TOKEN_FILE: /etc/commander/token}
//     vault:
//       url: http://127.0.0.1:9000/mcp
//       token: file:~/.config/workerdb/vault-token      # a credential source, but not another server's
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace workerdb::access {

// Either a command with its arguments (an absolute path, or a name that $PATH finds) or a URL.
struct McpServer {
  std::string name;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  // beside PATH, HOME, LANG
  std::string url;                                               // http://host:port/path, without user and password
  std::string token;                                             // a credential source; sent as a bearer token
};

// mcp-servers.yaml in the folder of contexts.yaml.
std::string mcp_servers_file();

// kFileNotFound (no file, no such server: lists those there are), kBadParameter with line and column, kForbidden when
// others can change the file, as it names programs to run.
base::Result<McpServer> find_mcp_server(const std::string& file, std::string_view name);

}  // namespace workerdb::access
