#include "access/credentials/credential.h"

#include <fmt/format.h>

#include <cstdlib>

#include "access/credentials/credential_answer.h"
#include "access/credentials/mcp_client.h"
#include "access/credentials/mcp_servers.h"
#include "access/credentials/secret_file.h"
#include "base/time.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Secret;

namespace {

constexpr size_t kLongestName = 128;

Credential with_secret(Secret secret) {
  Credential credential;
  credential.secret = std::move(secret);
  return credential;
}

std::string expanded(std::string_view path) {
  const char* home = std::getenv("HOME");
  if (!path.starts_with("~/") || home == nullptr) return std::string(path);
  return std::string(home) + std::string(path.substr(1));
}

Result<Credential> from_file(std::string_view path) {
  if (path.empty()) return Error(ErrorCode::kBadParameter, "a file source names a file: file:PATH");
  return with_secret(TRY(read_secret_file(expanded(path))));
}

Result<Credential> from_user_file(std::string_view path) {
  Credential credential = TRY(from_file(path));
  std::string_view line = credential.secret.expose();
  size_t colon = line.find(':');
  if (colon == line.npos || colon == 0 || colon + 1 == line.size()) {
    return Error(ErrorCode::kBadParameter, fmt::format("the first line of '{}' is not user:password", expanded(path)));
  }
  credential.user = line.substr(0, colon);
  credential.secret = Secret(std::string(line.substr(colon + 1)));
  return credential;
}

Result<Credential> from_variable(std::string_view name) {
  if (!name.ends_with("_FILE") ||
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != name.npos) {
    return Error(
        ErrorCode::kBadParameter,
        "env: takes the name of a variable that ends in _FILE and holds the path of a file; a password itself does not "
        "belong into the environment");
  }
  const char* path = std::getenv(std::string(name).c_str());
  if (path == nullptr || *path == '\0') return Error(ErrorCode::kFileNotFound, fmt::format("${} is not set", name));
  auto found = from_file(path);
  // The variable may hold the password by mistake, and then its text is no path that may be shown.
  if (!found && path[0] != '/' && path[0] != '~' && found.error().code() == ErrorCode::kFileNotFound) {
    return Error(ErrorCode::kFileNotFound, fmt::format("${} does not hold the absolute path of a file", name));
  }
  return found;
}

Result<Credential> from_kubernetes(std::string_view folder) {
  if (folder.empty()) return Error(ErrorCode::kBadParameter, "a Kubernetes source names a folder: kubernetes:DIR");
  if (size_t hash = folder.find('#'); hash != folder.npos) {
    std::string_view key = folder.substr(hash + 1);
    if (key.empty() || key.find('/') != key.npos) {
      return Error(ErrorCode::kBadParameter,
                   "a Kubernetes source with a key is kubernetes:DIR#KEY; a key is a file's name");
    }
    return with_secret(TRY(read_mounted_secret(expanded(folder.substr(0, hash)), std::string(key))));
  }
  std::string path = expanded(folder);
  Credential credential = with_secret(TRY(read_mounted_secret(path, "password")));
  auto user = read_mounted_secret(path, "username");
  if (!user && user.error().code() != ErrorCode::kFileNotFound) return std::move(user).error();
  if (user) credential.user = user->expose();
  return credential;
}

Result<Secret> token_of(const McpServer& server) {
  if (server.token.empty()) return Secret();
  auto token = resolve_credential(server.token);
  if (!token) return std::move(token).error().with_context(fmt::format("token of the MCP server '{}'", server.name));
  return std::move(token->secret);
}

Result<Credential> from_server(std::string_view text, const std::string& servers_file) {
  size_t slash = text.find('/');
  std::string_view name = slash == text.npos ? std::string_view() : text.substr(slash + 1);
  if (slash == 0 || name.empty() || name.size() > kLongestName) {
    return Error(ErrorCode::kBadParameter, "an MCP source names a server and a credential: mcp:SERVER/NAME");
  }
  McpServer server = TRY(find_mcp_server(servers_file, text.substr(0, slash)));
  McpClient client = TRY(McpClient::connect(server, TRY(token_of(server))));
  McpToolResult answer = TRY(client.call_tool("get_credential", name));
  if (answer.is_error) {
    return Error(ErrorCode::kForbidden, fmt::format("MCP server '{}' refuses the credential '{}'", server.name, name));
  }
  auto credential = read_credential_answer(answer.json.expose(), base::unix_time_ms() / 1000);
  if (!credential) return std::move(credential).error().with_context(fmt::format("MCP server '{}'", server.name));
  return credential;
}

}  // namespace

Result<Credential> resolve_credential(std::string_view source) {
  return resolve_credential(source, mcp_servers_file());
}

Result<Credential> resolve_credential(std::string_view source, const std::string& servers_file) {
  auto after = [&](std::string_view kind) { return source.substr(kind.size()); };
  if (source.starts_with("file:")) return from_file(after("file:"));
  if (source.starts_with("file+user:")) return from_user_file(after("file+user:"));
  if (source.starts_with("env:")) return from_variable(after("env:"));
  if (source.starts_with("kubernetes:")) return from_kubernetes(after("kubernetes:"));
  if (source.starts_with("mcp:")) return from_server(after("mcp:"), servers_file);
  // The text is not repeated: whoever writes a password where a source belongs must not find it in a log.
  return Error(ErrorCode::kBadParameter,
               "a credential source starts with file:, file+user:, env:, kubernetes: or mcp:");
}

Result<std::string> ask_context_databases(std::string_view name) {
  McpServer server = TRY(find_mcp_server(mcp_servers_file(), name));
  McpClient client = TRY(McpClient::connect(server, TRY(token_of(server))));
  McpToolResult answer = TRY(client.call_tool("get_context_databases", ""));
  if (answer.is_error)
    return Error(ErrorCode::kForbidden, fmt::format("MCP server '{}' refuses get_context_databases", server.name));
  return std::string(answer.json.expose());
}

}  // namespace workerdb::access
