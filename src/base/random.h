#pragma once
// Random bytes for secrets, salts, names and identities, from the kernel's generator. Thread-safe; a kernel that
// gives none is a bug of the machine and ends the program.
#include <cstddef>
#include <string>
#include <string_view>

namespace workerdb::base {

std::string random_bytes(size_t count);

// `bytes` random bytes as twice as many hexadecimal digits.
std::string random_hex(size_t bytes);

// `count` letters of the alphabet, which has from 1 to 64; all are equally likely.
std::string random_letters(std::string_view alphabet, size_t count);

}  // namespace workerdb::base
