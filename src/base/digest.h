#pragma once
// Digests that identify bytes, and bytes as digits. For passwords see the folders that keep them.
#include <string>
#include <string_view>

namespace workerdb::base {

// Two lower-case hexadecimal digits a byte.
std::string hex(std::string_view bytes);

// SHA-256 as 64 lower-case hexadecimal digits. Thread-safe.
std::string sha256_hex(std::string_view bytes);

}  // namespace workerdb::base
