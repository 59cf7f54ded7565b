#pragma once
// Where logins come from.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace workerdb::access {

// What a source knows beside user and secret is a hint for who has no place of the store yet; a context's own
// place wins.
struct Credential {
  std::string user;  // empty: the source knows the secret alone
  base::Secret secret;
  std::string host, database;
  uint16_t port = 0;  // 0: not said
  std::optional<int64_t> expires_unix_s;
};

// Resolves a credential source, each time anew (a rotated Secret is a changed file):
//   file:PATH            a file of mode 0600 or stricter that is ours or root's; its first line is the password,
//                        or "user:password" with `file+user:PATH`. A leading "~/" is the home folder
//   env:NAME             $NAME holds the path of such a file (the *_FILE convention; NAME must end in _FILE)
//   kubernetes:DIR       a mounted Secret: the files `username` (may be missing) and `password` of the folder
//   kubernetes:DIR#KEY   one key of a mounted Secret
//   mcp:SERVER/NAME      get_credential(NAME) of an external MCP server; SERVER is declared in mcp-servers.yaml
//                        beside contexts.yaml (mcp_servers.h)
// Fails with kBadParameter (no such kind; an answer or file that makes no sense), kForbidden (mode too open: the
// message names the file and its mode; a tool that refuses), kFileNotFound, kSimpleClientCouldNotConnect,
// kSimpleClientCouldNotRead, kLockTimeout (a server that does not answer in time); a secret is in no message.
base::Result<Credential> resolve_credential(std::string_view source);

// The same with another mcp-servers.yaml.
base::Result<Credential> resolve_credential(std::string_view source, const std::string& servers_file);

// What get_context_databases of a declared MCP server answers, as JSON text: data of somebody else's, as it came.
// Errors as above.
base::Result<std::string> ask_context_databases(std::string_view server);

}  // namespace workerdb::access
