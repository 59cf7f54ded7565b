#pragma once
// A BPMN 2.0 model as records: first the process definition, then its nodes, then the flows between them,
// then what is wrong with single elements.
#include <memory>
#include <string>
#include <vector>

#include "cli/import/byte_source.h"
#include "cli/import/record.h"

namespace workerdb::cli {

struct BpmnOptions {
  // The definition's _key; empty: from the file's name without its ending, else from the model's id.
  std::string key;
  // Empty: the model's name, else that of its first process or participant, else the key.
  std::string name;
  // Empty: the versionTag of its first process that has one, else "1.0".
  std::string version;
  // The file's name without folders; kept as `source`.
  std::string source;
};

class BpmnReader : public RecordReader {
 public:
  BpmnReader(std::unique_ptr<ByteSource> source, BpmnOptions options, ProgressCallback progress);

  // A model that cannot be read at all is one bad record. Of the file: kCannotReadFile, kResourceLimit
  // (longer than kMaxModelBytes), kDocumentKeyBad for a key in the options that is none.
  base::Result<std::optional<Record>> next() override;

 private:
  base::Result<> load();
  void add_model(const std::string& xml);

  std::unique_ptr<ByteSource> source_;
  BpmnOptions options_;
  ProgressCallback progress_;
  bool is_loaded_ = false;
  std::vector<Record> records_;  // of the whole model: it is bounded, and flows need every node
  size_t position_ = 0;
};

}  // namespace workerdb::cli
