#pragma once
// What this folder's sources share about RocksDB: where things stand in the store, and its errors as ours.
//
//   column family   key                                                    value
//   default         'F'                                                    format version, decimal text
//                   'V'                                                    collation version (key_encoding.h)
//                   'I'                                                    last id given out, 8 bytes little endian
//                   'T'                                                    tick limit (revision.h), 8 bytes little
//                   endian 'D' id                                                 database record (records.h) 'K' id
//                   collection record, its indexes inside 'N' collection id                                      number
//                   of documents, int64 little endian 'A' collection id                                      greatest
//                   key made, uint64 little endian 'G' object id                                          nothing: keys
//                   below the object id are garbage
//   documents       object id, _key                                        the document
//   indexes         object id, entry (index_entries.h)
// Ids in keys are 8 bytes, big endian. Object ids are never used twice.
// tidy: allow owned-header, the one header of this folder that names RocksDB's types
#include <rocksdb/db.h>
// tidy: allow owned-header, the same
#include <rocksdb/utilities/transaction_db.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/transaction.h"

namespace workerdb::storage {

struct PinnedDocument::Pin {
  rocksdb::PinnableSlice bytes;
  std::string cached;  // instead of bytes, where it came out of the document cache
  bool is_cached = false;
};

base::Error to_error(const rocksdb::Status& status);
inline base::Result<> check(const rocksdb::Status& status) {
  if (status.ok()) [[likely]]
    return {};
  return to_error(status);
}

inline rocksdb::Slice to_slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view to_view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

inline void append_id(uint64_t id, std::string& to) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = char(id >> (56 - 8 * i));
  to.append(bytes, 8);
}
inline uint64_t load_id(std::string_view from) {
  uint64_t id = 0;
  for (int i = 0; i < 8; ++i) id = id << 8 | static_cast<unsigned char>(from[size_t(i)]);
  return id;
}
inline std::string id_prefix(uint64_t id) {
  std::string prefix;
  append_id(id, prefix);
  return prefix;
}
inline std::string metadata_key(char kind, uint64_t id) {
  std::string key(1, kind);
  append_id(id, key);
  return key;
}
inline std::string encode_number(uint64_t number) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &number, 8);
  return bytes;
}
inline uint64_t decode_number(std::string_view bytes) {
  uint64_t number = 0;
  std::memcpy(&number, bytes.data(), std::min<size_t>(bytes.size(), 8));
  return number;
}

struct ColumnFamilies {
  rocksdb::ColumnFamilyHandle* metadata = nullptr;
  rocksdb::ColumnFamilyHandle* documents = nullptr;
  rocksdb::ColumnFamilyHandle* indexes = nullptr;
};

// An open RocksDB. `environment` replaces the file system (fault injection in tests); null is the real one.
struct OpenRocks {
  std::unique_ptr<rocksdb::TransactionDB> database;
  ColumnFamilies families;
  std::shared_ptr<rocksdb::Cache> block_cache;
};
struct StoreOptions;
base::Result<OpenRocks> open_rocks(const std::string& folder, const StoreOptions& options, rocksdb::Env* environment);

}  // namespace workerdb::storage
