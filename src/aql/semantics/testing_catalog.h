#pragma once
// A catalog for tests, written as text: one collection a line, "name count [edge] [index …]".
//   users 1000 persistent(age,name) persistent(email)/unique persistent(tags[*])/sparse~0.5
//   view found users items
// Every collection has its primary index, an edge collection its edge index. Behind ~ stands the selectivity.
#include <charconv>
#include <map>
#include <sstream>
#include <string>

#include "aql/semantics/catalog_view.h"

namespace workerdb::aql::semantics {

class TestingCatalog : public CatalogView {
 public:
  explicit TestingCatalog(const std::string& description) {
    std::istringstream lines(description);
    for (std::string line; std::getline(lines, line);) add(line);
  }
  std::shared_ptr<const CollectionInfo> find_collection(std::string_view name) const override {
    auto found = collections_.find(name);
    return found == collections_.end() ? nullptr : found->second;
  }
  std::shared_ptr<const ViewInfo> find_view(std::string_view name) const override {
    auto found = views_.find(name);
    return found == views_.end() ? nullptr : found->second;
  }

 private:
  static std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
  }
  static double number(const std::string& text) {
    double result = 0;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return result;
  }
  static IndexInfo::Field field(const std::string& text) {
    IndexInfo::Field result;
    size_t star = text.find("[*]");
    result.path = split(text.substr(0, star), '.');
    result.expanded = star != std::string::npos;
    if (result.expanded && star + 4 < text.size()) result.member_path = split(text.substr(star + 4), '.');
    return result;
  }
  void add_index(CollectionInfo& collection, const std::string& word) {
    auto index = std::make_shared<IndexInfo>();
    size_t open = word.find('('), close = word.find(')');
    index->type = word.substr(0, open);
    for (const std::string& name : split(word.substr(open + 1, close - open - 1), ',')) {
      if (name.starts_with("+")) {
        index->stored_values.push_back(split(name.substr(1), '.'));
      } else {
        index->fields.push_back(field(name));
      }
    }
    std::string flags = word.substr(close + 1);
    index->unique = flags.find("/unique") != std::string::npos;
    index->sparse = flags.find("/sparse") != std::string::npos;
    size_t tilde = flags.find('~');
    index->selectivity = tilde != std::string::npos ? number(flags.substr(tilde + 1)) : index->unique ? 1.0 : 0.1;
    index->id = next_id_++;
    index->name = "idx_" + std::to_string(index->id);
    collection.indexes.push_back(std::move(index));
  }
  void add_view(std::istringstream& words) {
    auto view = std::make_shared<ViewInfo>();
    std::string name;
    words >> name >> name;
    view->id = next_id_++;
    view->name = name;
    for (std::string linked; words >> linked;) {
      view->collections.push_back(linked);
      view->document_count += collections_.find(linked)->second->document_count;
    }
    views_.emplace(std::move(name), std::move(view));
  }
  void add(const std::string& line) {
    std::istringstream words(line);
    if (line.starts_with("view ")) return add_view(words);
    auto collection = std::make_shared<CollectionInfo>();
    words >> collection->name >> collection->document_count;
    if (collection->name.empty()) return;
    collection->id = next_id_++;
    auto primary = std::make_shared<IndexInfo>();
    primary->name = primary->type = "primary";
    primary->fields = {{{"_key"}, false, {}}};
    primary->unique = true;
    collection->indexes.push_back(std::move(primary));
    for (std::string word; words >> word;) {
      if (word != "edge") {
        add_index(*collection, word);
        continue;
      }
      collection->is_edge = true;
      auto edge = std::make_shared<IndexInfo>();
      edge->id = 1;
      edge->name = edge->type = "edge";
      edge->fields = {{{"_from"}, false, {}}, {{"_to"}, false, {}}};
      edge->selectivity = 0.2;
      collection->indexes.push_back(std::move(edge));
    }
    std::string name = collection->name;
    collections_.emplace(std::move(name), std::move(collection));
  }

  std::map<std::string, std::shared_ptr<const CollectionInfo>, std::less<>> collections_;
  std::map<std::string, std::shared_ptr<const ViewInfo>, std::less<>> views_;
  uint64_t next_id_ = 100;
};

}  // namespace workerdb::aql::semantics
