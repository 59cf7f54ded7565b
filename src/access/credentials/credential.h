#pragma once
// Where logins come from.
#include <memory>
#include <string>
#include <string_view>

#include "access/context/context.h"
#include "base/result.h"
#include "base/secret.h"

namespace workerdb::access {

struct Credential {
  std::string user;        // empty: the source knows the secret alone
  base::Secret secret;
};

// Resolves a credential source, each time anew (a rotated Secret is a changed file):
//   file:PATH            a file of mode 0600 or stricter that is ours; its first line is the password, or
//                        "user:password" when it says so with `file+user:PATH`
//   env:NAME             $NAME holds the path of such a file (the *_FILE convention; NAME must end in _FILE)
//   kubernetes:DIR       a mounted Secret: the files `username` and `password` of the folder
//   mcp:SERVER/NAME      get_credential(NAME) of an external MCP server; SERVER is declared in mcp-servers.yaml
//                        beside contexts.yaml (a command with arguments, or an http:// address with a token
//                        source)
// Fails with kBadParameter (no such kind, mode too open: the message names the file and its mode),
// kFileNotFound, kSimpleClientCouldNotConnect, kForbidden; a secret is in no message.
base::Result<Credential> resolve_credential(std::string_view source);

}  // namespace workerdb::access
