#pragma once
// A catalog folder for one test, removed with the object.
#include <filesystem>
#include <fstream>
#include <string>

namespace workerdb::catalog {

class CatalogFolder {
 public:
  CatalogFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-catalog-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~CatalogFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  CatalogFolder(const CatalogFolder&) = delete;
  CatalogFolder& operator=(const CatalogFolder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((std::filesystem::path(path_) / name).parent_path());
    std::ofstream(std::filesystem::path(path_) / name) << text;
  }
  void remove(const std::string& name) const { std::filesystem::remove(std::filesystem::path(path_) / name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace workerdb::catalog
