#pragma once
// Numbers in text, all of it: no blanks, no sign but '-', nothing behind.
#include <charconv>
#include <optional>
#include <string_view>

namespace workerdb::base {

// Nothing when the text is no number of this type.
template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  Integer number{};
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace workerdb::base
