#pragma once
// Private to this folder: one function for each kind of declaration that a catalog file may hold.
#include "catalog/model.h"
#include "yaml/map_reader.h"

namespace workerdb::catalog {

using yaml::Complaints;
using yaml::MapReader;
using yaml::YamlValue;

CollectionDeclaration read_collection(const YamlValue& value, Complaints& complaints);
DocumentDatabaseDeclaration read_document_database(const YamlValue& value, Complaints& complaints);
RelationalDatabaseDeclaration read_relational_database(const YamlValue& value, const std::string& catalog_folder,
                                                       Complaints& complaints);
RelationalRoleDeclaration read_relational_role(const YamlValue& value, Complaints& complaints);
CacheDeclaration read_cache(const YamlValue& value, Complaints& complaints);

// What one file cannot know: duplicate names over all files, names that nobody declares, overlapping key
// spaces.
void check_catalog(const Catalog& catalog, Complaints& complaints);

}  // namespace workerdb::catalog
