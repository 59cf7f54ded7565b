#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "access/guard/analysis.h"
#include "base/digest.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '@' || c == '$'; }

// Behind the quoted text that begins at `at`; the end when it is not closed.
size_t skip_quoted(std::string_view text, size_t at) {
  char quote = text[at++];
  while (at < text.size() && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

size_t skip_comment(std::string_view text, size_t at) {
  bool is_line = text[at + 1] == '/';
  size_t end = is_line ? text.find('\n', at) : text.find("*/", at + 2);
  return end == text.npos ? text.size() : end + (is_line ? 1 : 2);
}

}  // namespace

Result<AqlAnalysis> analyze_aql(stores::documents::DocumentDatabase& database, std::string_view text,
                                value::Slice bind) {
  AqlAnalysis analysis;
  analysis.uses = TRY(database.analyze(text, bind));
  for (const auto& use : analysis.uses.collections) analysis.objects.push_back(use.name);
  if (analysis.uses.modifies) analysis.operation = Operation::kWrite;
  return analysis;
}

Result<> check_aql_read(const AqlAnalysis& analysis, const AllowedObjects& allowed) {
  if (analysis.uses.modifies)
    return Error(ErrorCode::kReadOnly, "only a query that reads is allowed here, and this one can write");
  for (const std::string& name : analysis.objects) {
    if (name.starts_with('_'))
      return Error(ErrorCode::kForbidden, fmt::format("the system collection '{}' may not be read here", name));
    if (allowed && std::ranges::find(*allowed, name) == allowed->end()) {
      return Error(ErrorCode::kForbidden,
                   fmt::format("the collection '{}' is not among those that may be read here", name));
    }
  }
  return {};
}

std::string digest_of_aql(std::string_view text) {
  std::string shape;
  bool blank = false;
  auto put = [&](std::string_view part) {
    if (blank && !shape.empty()) shape += ' ';
    blank = false;
    shape += part;
  };
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (std::isspace(static_cast<unsigned char>(c))) {
      blank = true;
      ++at;
    } else if (c == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*')) {
      blank = true;
      at = skip_comment(text, at);
    } else if (c == '"' || c == '\'') {
      put("?");
      at = skip_quoted(text, at);
    } else if (c == '`') {
      size_t end = skip_quoted(text, at);
      put(text.substr(at, end - at));
      at = end;
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      put("?");
      while (at < text.size() && (is_word(text[at]) || text[at] == '.')) {
        if (text[at] == '.' && at + 1 < text.size() && text[at + 1] == '.') break;  // the range 1..3
        ++at;
      }
    } else if (is_word(c)) {
      size_t end = at;
      while (end < text.size() && is_word(text[end])) ++end;
      put(text.substr(at, end - at));
      at = end;
    } else {
      blank = false;
      shape += c;
      ++at;
      while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
    }
  }
  return base::sha256_hex(shape);
}

std::string digest_of_parameters(std::span<const std::string> parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += fmt::format("{}:{}\n", part.size(), part);
  return base::sha256_hex(bytes);
}

}  // namespace workerdb::access
