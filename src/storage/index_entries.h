#pragma once
// What a document contributes to an index.
//
//   index        key behind the object id                         value
//   persistent   fields (key_encoding.h), _key, its length (1)    details
//   unique       fields                                           length of _key (1), _key, details
//   ttl          Unix seconds as a number, _key, its length (1)   details
//   edge         direction (0 _from, 1 _to), that vertex's id,    the other vertex's id
//                00, _key, its length (1)
// Details: nothing, or an array of the stored values, followed by the values of all fields if one of them cannot be
// read back from the key as it was (decodes_exactly). Example: persistent on "status" of {_key:"7", status:"running"}
// in the index 0x2a:
//   00 00 00 00 00 00 00 2a  40 72 75 6e 6e 69 6e 67 00 02  37  01
#include <span>
#include <string>
#include <vector>

#include "storage/schema.h"
#include "value/slice.h"

namespace workerdb::storage {

struct IndexEntry {
  std::string key, value;  // the key with the object id in front
};

// Reuses its memory from one document to the next. Not for two threads at once.
class IndexEntries {
 public:
  // The entries of a document: none if the index leaves it out. A unique index that does not deduplicate gives equal
  // entries for equal array members. Sorted by key. Borrowed until the next call.
  std::span<const IndexEntry> of(const Index& index, value::Slice document);

 private:
  void add_persistent(const Index& index, std::string_view key);
  void add_expanded(const Index& index, size_t field, std::string_view key);
  void add_edge(const Index& index, std::string_view key);
  void add_time_to_live(const Index& index, std::string_view key);
  IndexEntry& grow(const Index& index);
  void append_details(const Index& index, std::string& to);

  std::vector<IndexEntry> entries_;
  size_t count_ = 0;
  std::vector<value::Slice> fields_;
  value::Builder details_;
  value::Slice document_;
};

// The _key of the document that an entry of a unique index belongs to.
std::string_view unique_owner(std::string_view entry_value);
// The error that names the index and the document that is in the way.
base::Error unique_violation(const Index& index, std::string_view owner);

// The value at a path without [*]; none where it is missing.
value::Slice value_at(value::Slice document, const AttributePath& path);
// Unix seconds of what a ttl index takes: a number, or a date as ISO 8601 text.
bool expiry_seconds(value::Slice value, double& seconds);
// The prefix of all entries of one vertex in one direction of an edge index.
void append_edge_prefix(const Index& index, uint8_t direction, std::string_view vertex, std::string& to);

}  // namespace workerdb::storage
