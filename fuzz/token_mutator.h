#pragma once
// Changes of a query that keep most of it readable: whole tokens move, vanish, repeat, or come from another
// query.
#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "random_source.h"

namespace workerdb::fuzz {

inline std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '@'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (text[at] == '"' || text[at] == '\'' || text[at] == '`') {
      while (end < text.size() && text[end] != text[at]) ++end;
      end = std::min(end + 1, text.size());
    } else if (is_word(text[at])) {
      while (end < text.size() && is_word(text[end])) ++end;
    } else if (std::isspace(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    tokens.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

inline std::string mutate_tokens(std::string_view text, std::string_view other, aqltest::RandomSource& random) {
  auto tokens = tokens_of(text), donors = tokens_of(other);
  if (tokens.empty() || donors.empty()) return std::string(other);
  for (size_t change = 0, changes = 1 + random.below(3); change < changes && !tokens.empty(); ++change) {
    size_t at = random.below(tokens.size());
    size_t end = std::min(tokens.size(), at + 1 + random.below(8));
    size_t from = random.below(donors.size()), to = std::min(donors.size(), from + 1 + random.below(8));
    switch (random.below(6)) {
      case 0: tokens[at] = donors[from]; break;
      case 1: tokens[at] = tokens[random.below(tokens.size())]; break;
      case 2: tokens.erase(tokens.begin() + at, tokens.begin() + end); break;
      case 3: std::swap(tokens[at], tokens[random.below(tokens.size())]); break;
      case 4: tokens.insert(tokens.begin() + at, donors.begin() + from, donors.begin() + to); break;
      default: {
        std::vector<std::string> again(tokens.begin() + at, tokens.begin() + end);
        tokens.insert(tokens.begin() + random.below(tokens.size()), again.begin(), again.end());
      }
    }
  }
  std::string result;
  for (const std::string& token : tokens) result += token + ' ';
  return result;
}

}  // namespace workerdb::fuzz
