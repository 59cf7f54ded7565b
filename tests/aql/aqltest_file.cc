#include "aqltest_file.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <sstream>

namespace workerdb::aqltest {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

class Reader {
 public:
  explicit Reader(File& file) : file_(file) {}

  Result<> read(std::istream& input) {
    for (std::string line; std::getline(input, line);) {
      ++number_;
      if (line.starts_with('#')) continue;
      if (line.empty()) {
        continued_ = nullptr;
        in_documents_ = false;
        continue;
      }
      TRY(take(line));
    }
    return {};
  }

 private:
  Error wrong(std::string_view what) const {
    return Error(ErrorCode::kBadParameter, fmt::format("{}:{}: {}", file_.path, number_, what));
  }

  Result<> take(const std::string& line) {
    if (in_documents_) {
      file_.collections.back().documents.push_back(line);
      return {};
    }
    if (line.starts_with(' ')) {
      if (continued_ == nullptr) return wrong("an indented line continues nothing");
      *continued_ += '\n' + line;
      return {};
    }
    continued_ = nullptr;
    size_t end = line.find_first_of(" :");
    std::string word = line.substr(0, end);
    size_t rest = line.find_first_not_of(" :", end);
    std::string text = rest == std::string::npos ? "" : line.substr(rest);
    if (word == "collection") return start_collection(text);
    if (word == "index") return add_index(text);
    if (word == "analyzer") return continue_with(file_.analyzers.emplace_back(), text);
    if (word == "view") {
      size_t space = text.find(' ');
      file_.views.push_back({text.substr(0, space), {}});
      return continue_with(file_.views.back().definition, space == text.npos ? "{}" : text.substr(space + 1));
    }
    if (word == "case") {
      file_.cases.push_back({text, {}});
      return {};
    }
    if (file_.cases.empty()) return wrong("the first case must come before '" + word + "'");
    if (word == "query" || word == "then") return start_step(word, text);
    if (file_.cases.back().steps.empty()) return wrong("the query must come before '" + word + "'");
    return expectation(word, text);
  }

  Result<> start_collection(const std::string& text) {
    std::istringstream words(text);
    FixtureCollection collection;
    std::string kind;
    words >> collection.name >> kind;
    collection.is_edge = kind == "edge";
    file_.collections.push_back(std::move(collection));
    in_documents_ = true;
    return {};
  }

  Result<> add_index(const std::string& text) {
    size_t space = text.find(' ');
    for (auto& collection : file_.collections) {
      if (collection.name != text.substr(0, space)) continue;
      collection.indexes.push_back(text.substr(space + 1));
      return {};
    }
    return wrong("an index of an unknown collection");
  }

  Result<> start_step(const std::string& word, const std::string& text) {
    auto& steps = file_.cases.back().steps;
    if ((word == "query") != steps.empty()) return wrong("a case has one query; further ones are written as 'then'");
    steps.emplace_back();
    steps.back().line = number_;
    return continue_with(steps.back().query, text);
  }

  Result<> continue_with(std::string& target, const std::string& text) {
    target = text;
    continued_ = &target;
    return {};
  }

  Result<> expectation(const std::string& word, const std::string& text) {
    Step& step = file_.cases.back().steps.back();
    if (word == "bind") return continue_with(step.bind, text);
    if (word == "options") return continue_with(step.options, text);
    if (word == "stats") return continue_with(step.statistics, text);
    if (word == "rows") {
      step.rows.emplace();
      return continue_with(*step.rows, text);
    }
    if (word == "unordered") {
      step.unordered = true;
    } else if (word == "optimized") {
      step.needs_optimizer = true;
    } else if (word == "error") {
      std::from_chars(text.data(), text.data() + text.size(), step.error);
      size_t space = text.find(' ');
      if (space != std::string::npos) step.error_text = text.substr(space + 1);
    } else if (word == "warnings") {
      std::istringstream numbers(text);
      for (int number; numbers >> number;) step.warnings.push_back(number);
    } else if (word == "+plan" || word == "-plan") {
      step.plan.emplace_back(word == "+plan", text);
    } else {
      return wrong("unknown word '" + word + "'");
    }
    return {};
  }

  File& file_;
  int number_ = 0;
  std::string* continued_ = nullptr;
  bool in_documents_ = false;
};

}  // namespace

Result<File> read_file(const std::string& path) {
  std::ifstream input(path);
  if (!input) return Error(ErrorCode::kCannotReadFile, path);
  File file;
  file.path = path;
  TRY(Reader(file).read(input));
  return file;
}

}  // namespace workerdb::aqltest
