#pragma once
// What an external server's get_credential said, as a Credential. Private to this folder.
#include <string_view>

#include "access/credentials/credential.h"

namespace workerdb::access {

// Servers differ, so several names are understood, in the object itself or in its member `credential`:
//   user | username            text, may be missing
//   password | secret | token  text, exactly one of them
//   host, database             text, may be missing
//   port                       1 to 65535, also as text
//   expires | expires_at | expiresAt   seconds since 1970, or ISO 8601
// Anything else is ignored. Texts have at most 4096 bytes and no control characters. kBadParameter names the member,
// never its value; kForbidden for a login that is over.
base::Result<Credential> read_credential_answer(std::string_view json, int64_t now_unix_s);

}  // namespace workerdb::access
