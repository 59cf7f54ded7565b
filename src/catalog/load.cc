#include "catalog/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/private_file.h"
#include "catalog/declarations.h"

namespace workerdb::catalog {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 1000;

Result<std::vector<fs::path>> yaml_files(const std::string& folder) {
  std::error_code failure;
  if (!fs::is_directory(folder, failure)) {
    return Error(ErrorCode::kFileNotFound, fmt::format("'{}' is no catalog folder", folder));
  }
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path().extension() == ".yaml" && entry->is_regular_file()) files.push_back(entry->path());
    if (files.size() > kMostFiles) return Error(ErrorCode::kBadParameter, "more than 1000 catalog files");
  }
  if (failure) return Error(ErrorCode::kCannotReadFile, fmt::format("{}: {}", folder, failure.message()));
  if (files.empty()) return Error(ErrorCode::kFileNotFound, fmt::format("'{}' holds no .yaml file", folder));
  std::ranges::sort(files);
  return files;
}

void read_file(const YamlValue& root, Catalog& catalog, Complaints& complaints) {
  MapReader reader(root, "a catalog file", complaints);
  for (const YamlValue* value : reader.maps("collections")) {
    catalog.collections.push_back(read_collection(*value, complaints));
  }
  for (const YamlValue* value : reader.maps("document_databases")) {
    catalog.document_databases.push_back(read_document_database(*value, complaints));
  }
  for (const YamlValue* value : reader.maps("relational_databases")) {
    catalog.relational_databases.push_back(read_relational_database(*value, catalog.folder, complaints));
  }
  for (const YamlValue* value : reader.maps("relational_roles")) {
    catalog.relational_roles.push_back(read_relational_role(*value, complaints));
  }
  if (const YamlValue* value = reader.map("cache")) {
    if (catalog.cache.is_declared) {
      complaints.add(value->place,
                     fmt::format("the cache is declared twice; first at {}", to_string(catalog.cache.place)));
    }
    catalog.cache = read_cache(*value, complaints);
  }
  reader.finish();
}

}  // namespace

Result<Catalog> load_catalog(const std::string& folder) {
  Catalog catalog{.folder = folder};
  Complaints complaints;
  for (const fs::path& file : TRY(yaml_files(folder))) {
    std::string name = file.lexically_relative(folder).string();
    read_file(TRY(yaml::parse_yaml(TRY(base::read_small_file(file.string())), name)), catalog, complaints);
  }
  check_catalog(catalog, complaints);
  TRY(complaints.result());
  return catalog;
}

}  // namespace workerdb::catalog
