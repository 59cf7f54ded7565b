#include <fmt/format.h>

#include <algorithm>

#include "catalog/declarations.h"
#include "catalog/stored_names.h"

namespace workerdb::catalog {
namespace {

template <typename Declaration>
void check_unique(const std::vector<Declaration>& declarations, std::string_view kind, Complaints& complaints) {
  for (size_t index = 0; index < declarations.size(); ++index) {
    const Declaration* first = find_named(declarations, declarations[index].name);
    if (first == &declarations[index]) continue;
    complaints.add(declarations[index].place, fmt::format("{} '{}' is declared twice; first at {}", kind,
                                                          declarations[index].name, to_string(first->place)));
  }
}

template <typename Declaration>
void check_known(const std::vector<std::string>& names, const std::vector<Declaration>& declared, std::string_view kind,
                 const Place& place, Complaints& complaints) {
  for (const std::string& name : names) {
    if (find_named(declared, name) == nullptr) {
      complaints.add(place, fmt::format("'{}' is no declared {}", name, kind));
    }
  }
}

// Two key spaces share keys when one prefix begins with the other.
void check_overlap(const CacheDeclaration& cache, Complaints& complaints) {
  auto overlaps = [](const std::string& left, const std::string& right) {
    return left.starts_with(right) || right.starts_with(left);
  };
  for (size_t later = 0; later < cache.key_spaces.size(); ++later) {
    const KeySpaceDeclaration& space = cache.key_spaces[later];
    for (const std::string& prefix : space.prefixes) {
      if (overlaps(prefix, std::string(kCachePrefix))) {
        complaints.add(space.place, fmt::format("the prefix '{}' belongs to the catalog itself", prefix));
      }
      for (size_t earlier = 0; earlier < later; ++earlier) {
        for (const std::string& other : cache.key_spaces[earlier].prefixes) {
          if (!overlaps(prefix, other)) continue;
          complaints.add(space.place, fmt::format("the prefix '{}' overlaps '{}' of key space '{}'", prefix, other,
                                                  cache.key_spaces[earlier].name));
        }
      }
    }
  }
}

void check_indexes(const CollectionDeclaration& collection, Complaints& complaints) {
  check_unique(collection.indexes, "index", complaints);
  auto is_ttl = [](const IndexDeclaration& index) {
    value::Slice type = index.definition.slice().get("type");
    return type.is_string() && type.as_string() == "ttl";
  };
  if (std::ranges::count_if(collection.indexes, is_ttl) > 1) {
    complaints.add(collection.place, fmt::format("collection '{}' has more than one ttl index", collection.name));
  }
}

}  // namespace

void check_catalog(const Catalog& catalog, Complaints& complaints) {
  check_unique(catalog.collections, "collection", complaints);
  check_unique(catalog.document_databases, "document database", complaints);
  check_unique(catalog.relational_databases, "relational database", complaints);
  check_unique(catalog.relational_roles, "relational role", complaints);
  check_unique(catalog.cache.key_spaces, "key space", complaints);
  check_unique(catalog.cache.users, "cache user", complaints);
  for (const CollectionDeclaration& collection : catalog.collections) check_indexes(collection, complaints);
  for (const DocumentDatabaseDeclaration& database : catalog.document_databases) {
    check_known(database.collections, catalog.collections, "collection", database.place, complaints);
  }
  for (const RelationalRoleDeclaration& role : catalog.relational_roles) {
    check_known(role.databases, catalog.relational_databases, "relational database", role.place, complaints);
  }
  for (const KeySpaceDeclaration& space : catalog.cache.key_spaces) {
    check_known({space.owner}, catalog.cache.users, "cache user", space.place, complaints);
    check_known(space.readers, catalog.cache.users, "cache user", space.place, complaints);
  }
  check_overlap(catalog.cache, complaints);
}

}  // namespace workerdb::catalog
