#pragma once
// The form in which PostgreSQL keeps passwords.
#include <string_view>

namespace workerdb::catalog {

// True if PostgreSQL's stored verifier ("SCRAM-SHA-256$4096:salt$StoredKey:ServerKey") was made from the
// password. Source: RFC 5802, section 3. Passwords beyond ASCII are compared without SASLprep and may be
// reported as different, which costs one needless change.
bool scram_verifier_matches(std::string_view verifier, std::string_view password);

}  // namespace workerdb::catalog
