#pragma once
// Hashes of the catalog: migration checksums, and the forms in which the stores keep passwords.
#include <string>
#include <string_view>

namespace workerdb::catalog {

// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// True if PostgreSQL's stored verifier ("SCRAM-SHA-256$4096:salt$StoredKey:ServerKey") was made from the password.
// Source: RFC 5802, section 3. Passwords beyond ASCII are compared without SASLprep and may be reported as different,
// which costs one needless change.
bool scram_verifier_matches(std::string_view verifier, std::string_view password);

}  // namespace workerdb::catalog
