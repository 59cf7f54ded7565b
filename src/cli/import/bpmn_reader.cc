#include "cli/import/bpmn_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/digest.h"
#include "cli/import/bpmn_documents.h"
#include "cli/import/document_key.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

// What the catalog allows as the name of an element.
constexpr size_t kMaxElementBytes = 254;

// "invoice.bpmn", "invoice.xml" and "invoice.bpmn20.xml" are all models of "invoice".
std::string stem(std::string_view file_name) {
  for (const std::string_view ending : {".xml", ".bpmn20", ".bpmn"}) {
    if (file_name.size() > ending.size() && file_name.ends_with(ending)) file_name.remove_suffix(ending.size());
  }
  return std::string(file_name);
}

std::string key_for(const BpmnOptions& options, const BpmnModel& model, std::string_view xml) {
  if (!options.key.empty()) return options.key;
  if (!options.source.empty()) return to_document_key(stem(options.source));
  return to_document_key(model.id.empty() ? base::sha256_hex(xml) : model.id);
}

std::string name_for(const BpmnOptions& options, const BpmnModel& model, const std::string& key) {
  if (!options.name.empty()) return options.name;
  if (!model.name.empty()) return model.name;
  for (const BpmnProcess& process : model.processes) {
    if (!process.name.empty()) return process.name;
  }
  for (const BpmnNode& node : model.nodes) {
    if (node.type == "participant" && !node.name.empty()) return node.name;
  }
  return key;
}

std::string version_for(const BpmnOptions& options, const BpmnModel& model) {
  if (!options.version.empty()) return options.version;
  for (const BpmnProcess& process : model.processes) {
    if (!process.version.empty()) return process.version;
  }
  return "1.0";
}

Record bad_element(uint64_t line, std::string_view collection, std::string message) {
  return Record{line, std::string(collection), Error(ErrorCode::kBadParameter, std::move(message))};
}

// The record of a node or a flow; an id that the catalog would refuse is named here, with its line.
template <typename Element, typename MakeDocument>
Record element_record(const Element& element, std::string_view collection, const std::string& key,
                      MakeDocument make_document) {
  if (element.id.size() > kMaxElementBytes) {
    return bad_element(element.line, collection,
                       fmt::format("{}: its id is longer than {} bytes", element.type, kMaxElementBytes));
  }
  return Record{element.line, std::string(collection), make_document(element, key)};
}

}  // namespace

BpmnReader::BpmnReader(std::unique_ptr<ByteSource> source, BpmnOptions options, ProgressCallback progress)
    : source_(std::move(source)), options_(std::move(options)), progress_(std::move(progress)) {}

base::Result<std::optional<Record>> BpmnReader::next() {
  if (!is_loaded_) {
    is_loaded_ = true;
    TRY(load());
  }
  if (position_ == records_.size()) return std::optional<Record>();
  return std::move(records_[position_++]);
}

base::Result<> BpmnReader::load() {
  if (!options_.key.empty() && !is_document_key(options_.key)) {
    return Error(ErrorCode::kDocumentKeyBad, fmt::format("'{}' is no document key", options_.key));
  }
  const std::string xml = TRY(read_all(*source_, kMaxModelBytes, progress_));
  add_model(xml);
  return {};
}

void BpmnReader::add_model(const std::string& xml) {
  base::Result<BpmnModel> parsed = parse_bpmn(xml);
  if (!parsed) {
    records_.push_back(Record{1, std::string(kDefinitionCollection), std::move(parsed).error()});
    return;
  }
  const BpmnModel& model = *parsed;
  DefinitionIdentity identity;
  identity.key = key_for(options_, model, xml);
  identity.name = name_for(options_, model, identity.key);
  identity.version = version_for(options_, model);
  identity.source = options_.source;
  records_.push_back(Record{1, std::string(kDefinitionCollection), definition_document(model, identity, xml)});
  for (const BpmnNode& node : model.nodes) {
    records_.push_back(element_record(node, kNodeCollection, identity.key, node_document));
  }
  for (const BpmnFlow& flow : model.flows) {
    records_.push_back(element_record(flow, kFlowCollection, identity.key, flow_document));
  }
  for (const BpmnProblem& problem : model.problems) {
    records_.push_back(bad_element(problem.line, problem.is_flow ? kFlowCollection : kNodeCollection, problem.message));
  }
}

}  // namespace workerdb::cli
