#include <algorithm>

#include "stores/relational/connection.h"

namespace workerdb::stores::relational {

std::string copy_line(std::span<const Parameter> fields) {
  std::string line;
  for (size_t index = 0; index < fields.size(); ++index) {
    if (index > 0) line += '\t';
    if (!fields[index]) {
      line += "\\N";
      continue;
    }
    for (char byte : *fields[index]) {
      switch (byte) {
        case '\\': line += "\\\\"; break;
        case '\t': line += "\\t"; break;
        case '\n': line += "\\n"; break;
        case '\r': line += "\\r"; break;
        default: line += byte;
      }
    }
  }
  line += '\n';
  return line;
}

std::string quote_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (char byte : name) {
    if (byte == '"') quoted += '"';
    quoted += byte;
  }
  return quoted + '"';
}

std::string quote_literal(std::string_view text) {
  // The E form means the same whatever standard_conforming_strings says.
  bool has_backslash = text.find('\\') != std::string_view::npos;
  std::string quoted = has_backslash ? "E'" : "'";
  for (char byte : text) {
    if (byte == '\'' || byte == '\\') quoted += byte;
    quoted += byte;
  }
  return quoted + '\'';
}

}  // namespace workerdb::stores::relational
