#pragma once
// Where a command's first key stands, as the server itself describes its commands. Private to this folder.
#include <map>
#include <optional>
#include <span>
#include <string>

#include "stores/cache/cache_store.h"

namespace workerdb::stores::cache {

// Remembers what the server said of each command's name. One thread at a time.
class CommandKeys {
 public:
  // Nothing for a command without keys, and for one that the server does not know (it will say so itself).
  base::Result<std::optional<std::string>> first_key(std::span<const std::string> arguments, CacheConnection& server);

 private:
  enum class Shape { kNoKeys, kFixed, kMovable };
  struct Known {
    Shape shape = Shape::kNoKeys;
    size_t position = 0;
  };
  static base::Result<Known> ask(const std::string& name, CacheConnection& server);

  std::map<std::string, Known> known_;  // by the name in lower case
};

}  // namespace workerdb::stores::cache
