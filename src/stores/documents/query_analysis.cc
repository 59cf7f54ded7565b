#include <algorithm>
#include <map>

#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

base::Result<QueryAnalysis> DocumentDatabase::analyze(std::string_view text, value::Slice bind_variables) {
  value::Buffer explained = TRY(explain(text, bind_variables));
  value::Slice collections = explained.slice().get("plan").get("collections");
  if (!collections.is_array()) {
    return base::Error(base::ErrorCode::kSimpleClientCouldNotRead, "the explanation of a query names no collections");
  }
  std::map<std::string, bool, std::less<>> uses;
  QueryAnalysis analysis;
  for (value::ArrayIterator item(collections); item.valid(); item.next()) {
    value::Slice name = item.value().get("name"), type = item.value().get("type");
    if (!name.is_string() || !type.is_string()) continue;
    // "read", "write", "exclusive": what is not a plain read can write.
    bool writes = type.as_string() != "read";
    uses[std::string(name.as_string())] |= writes;
    analysis.modifies |= writes;
  }
  value::Slice stated = explained.slice().get("plan").get("isModificationQuery");
  analysis.modifies |= stated.is_true();
  for (auto& [name, writes] : uses) analysis.collections.push_back({name, writes});
  return analysis;
}

}  // namespace workerdb::stores::documents
