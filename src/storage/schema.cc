#include "storage/schema.h"

#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "value/json.h"
#include "value/slice.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr size_t kLongestDatabaseName = 128, kLongestCollectionName = 256, kLongestKey = 254;
constexpr size_t kLongestPath = 4096;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_normalized(std::string_view name) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return false;
  return normalizer->isNormalizedUTF8(icu::StringPiece(name.data(), int32_t(name.size())), status) != 0 &&
         U_SUCCESS(status);
}

// What names of databases, collections and indexes have in common; empty if the name is good.
std::string name_problem(std::string_view name, size_t longest, bool allow_underscore) {
  if (name.empty()) return "a name must not be empty";
  if (name.size() > longest) return fmt::format("a name has at most {} bytes", longest);
  if (!value::is_utf8(name)) return "a name must be UTF-8";
  for (char c : name) {
    if (c == '/' || c == ':') return "a name must not contain '/' or ':'";
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "a name must not contain control characters";
  }
  if (name.front() == ' ' || name.back() == ' ') return "a name must not start or end with a space";
  if (name.front() == '.' || is_digit(name.front())) return "a name must not start with a dot or a digit";
  if (name.front() == '_' && !allow_underscore) return "only names of system objects start with an underscore";
  if (!is_normalized(name)) return "a name must be in Unicode's normalization form C";
  return {};
}

}  // namespace

Result<> check_database_name(std::string_view name) {
  std::string problem = name_problem(name, kLongestDatabaseName, name == "_system");
  if (!problem.empty()) return {ErrorCode::kDatabaseNameInvalid, "database name invalid: " + problem};
  return {};
}

Result<> check_collection_name(std::string_view name, bool allow_system) {
  std::string problem = name_problem(name, kLongestCollectionName, allow_system);
  if (!problem.empty()) return {ErrorCode::kIllegalName, "illegal name: " + problem};
  return {};
}

Result<> check_index_name(std::string_view name) {
  std::string problem = name_problem(name, kLongestCollectionName, false);
  if (!problem.empty()) return {ErrorCode::kIllegalName, "illegal name: " + problem};
  return {};
}

bool is_valid_key(std::string_view key) {
  if (key.empty() || key.size() > kLongestKey) return false;
  constexpr std::string_view kPunctuation = "_-.@()+,=;$!*'%:";
  for (char c : key) {
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !is_digit(c) && kPunctuation.find(c) == std::string_view::npos) return false;
  }
  return true;
}

Result<DocumentHandleParts> parse_document_id(std::string_view id) {
  size_t slash = id.find('/');
  if (slash == std::string_view::npos || slash == 0) return ErrorCode::kDocumentHandleBad;
  DocumentHandleParts parts{id.substr(0, slash), id.substr(slash + 1)};
  if (parts.collection.size() > kLongestCollectionName || !is_valid_key(parts.key)) {
    return ErrorCode::kDocumentHandleBad;
  }
  return parts;
}

Result<AttributePath> parse_path(std::string_view text) {
  auto refuse = [&](std::string_view reason) {
    return Error(ErrorCode::kAttributeParserFailed, fmt::format("attribute path '{}': {}", text, reason));
  };
  if (text.size() > kLongestPath) return Error(ErrorCode::kAttributeParserFailed, "the attribute path is too long");
  AttributePath path;
  bool expanded = false;
  for (std::string_view rest = text;;) {
    size_t dot = rest.find('.');
    std::string_view name = rest.substr(0, dot);
    PathStep step;
    if (name.ends_with("[*]")) {
      if (expanded) return refuse("only one [*] is possible");
      expanded = step.expand = true;
      name.remove_suffix(3);
    }
    if (name.empty()) return refuse("an attribute name is empty");
    if (name.find("[*]") != std::string_view::npos) return refuse("[*] stands behind an attribute's name");
    if (name.front() == ':' || name.back() == ':') return refuse("a name must not start or end with ':'");
    step.name = name;
    path.push_back(std::move(step));
    if (dot == std::string_view::npos) return path;
    rest.remove_prefix(dot + 1);
  }
}

std::string to_string(const AttributePath& path) {
  std::string text;
  for (const PathStep& step : path) {
    if (!text.empty()) text += '.';
    text += step.name;
    if (step.expand) text += "[*]";
  }
  return text;
}

int Index::expanded_field() const {
  for (size_t i = 0; i < fields.size(); ++i) {
    for (const PathStep& step : fields[i]) {
      if (step.expand) return int(i);
    }
  }
  return -1;
}

}  // namespace workerdb::storage
