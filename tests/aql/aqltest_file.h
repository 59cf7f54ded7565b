#pragma once
// Reads .aqltest files; the format stands in README.md.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace workerdb::aqltest {

struct FixtureCollection {
  std::string name;
  bool is_edge = false;
  std::vector<std::string> documents;  // JSON objects
  std::vector<std::string> indexes;    // JSON definitions
};

struct FixtureView {
  std::string name;
  std::string definition;  // JSON
};

// One query and what must come of it.
struct Step {
  int line = 0;
  std::string query, bind = "{}", options = "{}";
  std::optional<std::string> rows;  // a JSON array
  bool unordered = false;
  bool needs_optimizer = false;  // only the optimizer can tell
  int error = 0;
  std::string error_text;  // must occur in the message
  std::vector<int> warnings;
  std::string statistics = "{}";
  std::vector<std::pair<bool, std::string>> plan;  // (must be there, node type and words of its node)
};

struct Case {
  std::string name;
  std::vector<Step> steps;  // in one transaction, which is rolled back
};

struct File {
  std::string path;
  std::vector<FixtureCollection> collections;
  std::vector<std::string> analyzers;  // JSON definitions
  std::vector<FixtureView> views;
  std::vector<Case> cases;
};

// Errors: kBadParameter with the line.
base::Result<File> read_file(const std::string& path);

}  // namespace workerdb::aqltest
