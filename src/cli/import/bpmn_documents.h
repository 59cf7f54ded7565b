#pragma once
// A model's documents, in the shape that the catalog declares for process_definitions, process_nodes and
// process_flows (catalog/flowmaster/collections/).
#include <string>
#include <string_view>

#include "cli/import/bpmn_model.h"
#include "value/builder.h"

namespace workerdb::cli {

constexpr std::string_view kDefinitionCollection = "process_definitions";
constexpr std::string_view kNodeCollection = "process_nodes";
constexpr std::string_view kFlowCollection = "process_flows";

// Where a definition comes from and what it is called.
struct DefinitionIdentity {
  std::string key;  // of the definition, a legal one
  std::string name;
  std::string version;
  std::string source;  // the file's name, empty where there is none
};

// The definition: name, version, type "workflow", `definition` with processes, their lanes, nodes and flows,
// participants, message flows and declarations; `bpmn_xml` is the file, byte for byte, `sha256` its digest.
value::Buffer definition_document(const BpmnModel& model, const DefinitionIdentity& identity, std::string_view xml);
// A node: `definition` and `element` name it, `_key` is "<definition>.<element>".
value::Buffer node_document(const BpmnNode& node, std::string_view definition_key);
// An edge between two nodes.
value::Buffer flow_document(const BpmnFlow& flow, std::string_view definition_key);

}  // namespace workerdb::cli
