#pragma once
// The order of strings: ICU collation for the locale en_US_POSIX, ArangoDB 3.12's default for new deployments
// (rules.md, "Numbers, strings, dates"). The locale is part of every persisted index key: it never changes.
#include <string>
#include <string_view>

namespace workerdb::value {

// Negative, zero or positive; equal in collation but different in bytes is decided by the bytes. Thread-safe.
int compare_strings(std::string_view left, std::string_view right);

// Appends the sort key: bytes without 0x00 whose memcmp order is the collation's order. Thread-safe.
void append_sort_key(std::string_view text, std::string& to);

}  // namespace workerdb::value
