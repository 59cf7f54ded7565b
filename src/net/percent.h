#pragma once
// Percent-encoding of RFC 3986, and the form variant of query strings, where '+' stands for a space.
#include <string>
#include <string_view>

#include "base/result.h"

namespace workerdb::net {

enum class PercentMode {
  kPath,  // '+' is itself
  kForm,  // '+' is a space (what URLSearchParams and most drivers write into query strings)
};

// Strict: a '%' without two hexadecimal digits, a decoded NUL byte, and a result that is not valid UTF-8 are
// kHttpBadParameter. The message never repeats the input.
base::Result<std::string> percent_decode(std::string_view text, PercentMode mode = PercentMode::kPath);

// As above, but appended to `out`, which keeps what it had when the decoding fails.
base::Result<> percent_decode_to(std::string_view text, PercentMode mode, std::string& out);

// Encodes every byte but the unreserved characters of RFC 3986 (letters, digits, "-._~"), so that the result
// is one path segment, one query name or one query value.
std::string percent_encode(std::string_view text);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);

}  // namespace workerdb::net
