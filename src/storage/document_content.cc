#include "storage/document_content.h"

#include <string>

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;
using value::Builder;
using value::ObjectIterator;
using value::Slice;

bool is_made_by_us(std::string_view name) { return name == "_key" || name == "_id" || name == "_rev"; }
bool is_vertex(const Collection& collection, std::string_view name) {
  return collection.type == CollectionType::kEdge && (name == "_from" || name == "_to");
}

void append_id_attribute(std::string_view collection_name, std::string_view key, Builder& into) {
  thread_local std::string id;
  id.assign(collection_name);
  id += '/';
  id += key;
  into.add("_id", std::string_view(id));
}

void open_document(const Collection& collection, DocumentHead head, Builder& into) {
  into.open_object();
  into.add("_key", head.key);
  append_id_attribute(collection.name, head.key, into);
  into.add("_rev", head.rev);
}

// A value of the patch where the old document has none.
void append_new(Slice value, bool keep_null, Builder& into) {
  if (keep_null || !value.is_object()) return into.slice(value);
  into.open_object();
  for (ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
    if (attribute.value().is_null()) continue;
    into.key(attribute.name());
    append_new(attribute.value(), keep_null, into);
  }
  into.close();
}

void append_merged_value(Slice old, Slice patch, const WriteOptions& options, Builder& into);

void append_merged_attribute(std::string_view name, Slice old, Slice patch, const WriteOptions& options,
                             Builder& into) {
  if (patch.is_none()) return into.add(name, old);
  if (patch.is_null() && !options.keep_null) return;
  into.key(name);
  append_merged_value(old, patch, options, into);
}

void append_merged_value(Slice old, Slice patch, const WriteOptions& options, Builder& into) {
  if (!options.merge_objects || !old.is_object() || !patch.is_object()) {
    return append_new(patch, options.keep_null, into);
  }
  into.open_object();
  for (ObjectIterator attribute(old); attribute.valid(); attribute.next()) {
    append_merged_attribute(attribute.name(), attribute.value(), patch.get(attribute.name()), options, into);
  }
  for (ObjectIterator attribute(patch); attribute.valid(); attribute.next()) {
    if (!old.get(attribute.name()).is_none()) continue;
    append_merged_attribute(attribute.name(), Slice(), attribute.value(), options, into);
  }
  into.close();
}

}  // namespace

Result<> check_vertices(Slice edge) {
  for (std::string_view name : {"_from", "_to"}) {
    Slice vertex = edge.get(name);
    if (!vertex.is_string() || !parse_document_id(vertex.as_string())) return ErrorCode::kInvalidEdgeAttribute;
  }
  return {};
}

void build_document(const Collection& collection, DocumentHead head, Slice given, Builder& into) {
  into.clear();
  open_document(collection, head, into);
  if (collection.type == CollectionType::kEdge) {
    into.add("_from", given.get("_from"));
    into.add("_to", given.get("_to"));
  }
  for (ObjectIterator attribute(given); attribute.valid(); attribute.next()) {
    std::string_view name = attribute.name();
    if (is_made_by_us(name) || is_vertex(collection, name)) continue;
    into.add(name, attribute.value());
  }
  into.close();
}

void build_merged(const Collection& collection, DocumentHead head, Slice old, Slice patch, const WriteOptions& options,
                  Builder& into) {
  into.clear();
  open_document(collection, head, into);
  if (collection.type == CollectionType::kEdge) {
    for (std::string_view name : {"_from", "_to"}) {
      Slice changed = patch.get(name);
      into.add(name, changed.is_none() ? old.get(name) : changed);
    }
  }
  for (ObjectIterator attribute(old); attribute.valid(); attribute.next()) {
    std::string_view name = attribute.name();
    if (is_made_by_us(name) || is_vertex(collection, name)) continue;
    append_merged_attribute(name, attribute.value(), patch.get(name), options, into);
  }
  for (ObjectIterator attribute(patch); attribute.valid(); attribute.next()) {
    std::string_view name = attribute.name();
    if (is_made_by_us(name) || is_vertex(collection, name) || !old.get(name).is_none()) continue;
    append_merged_attribute(name, Slice(), attribute.value(), options, into);
  }
  into.close();
}

void build_renamed(std::string_view collection_name, Slice document, Builder& into) {
  into.clear();
  into.open_object();
  for (ObjectIterator attribute(document); attribute.valid(); attribute.next()) {
    if (attribute.name() == "_id") {
      append_id_attribute(collection_name, document.get("_key").as_string(), into);
    } else {
      into.add(attribute.name(), attribute.value());
    }
  }
  into.close();
}

}  // namespace workerdb::storage
