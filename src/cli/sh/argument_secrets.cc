#include "cli/sh/argument_secrets.h"

#include <algorithm>
#include <cstring>

namespace workerdb::cli {
namespace {

// Its length is not told either: all that is left is one letter and NULs.
void overwrite(char* text) {
  size_t length = std::strlen(text);
  if (length == 0) return;
  std::fill(text, text + length, '\0');
  text[0] = 'x';
}

}  // namespace

TakenArguments take_arguments(int count, char** arguments, const std::vector<std::string_view>& secret_options) {
  TakenArguments taken;
  for (int index = 1; index < count; ++index) taken.words.emplace_back(arguments[index]);
  for (int index = 1; index < count; ++index) {
    const std::string& word = taken.words[size_t(index) - 1];
    for (std::string_view option : secret_options) {
      char* secret = nullptr;
      if (word == option && index + 1 < count) secret = arguments[index + 1];
      if (word.starts_with(std::string(option) + "=")) secret = arguments[index] + option.size() + 1;
      if (secret == nullptr || *secret == '\0') continue;
      taken.held_secret = true;
      overwrite(secret);
    }
  }
  return taken;
}

}  // namespace workerdb::cli
