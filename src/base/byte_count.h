#pragma once
// Amounts of memory and disk as people write them.
#include <cstdint>
#include <optional>
#include <string_view>

namespace workerdb::base {

// "512MiB", "2GiB", "64KiB", "10MB" (1000 × 1000), or a number of bytes. Nothing for any other text, and for amounts
// that 64 bits do not hold.
std::optional<uint64_t> parse_byte_count(std::string_view text);

}  // namespace workerdb::base
