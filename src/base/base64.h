#pragma once
// RFC 4648: Base64 and its URL-safe form.
#include <optional>
#include <string>
#include <string_view>

namespace workerdb::base {

std::string base64_encode(std::string_view bytes);
// With '-' and '_', without padding (section 5).
std::string base64url_encode(std::string_view bytes);
// Accepts both alphabets, with or without padding; nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace workerdb::base
