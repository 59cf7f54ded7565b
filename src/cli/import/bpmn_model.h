#pragma once
// What is read out of a BPMN 2.0 model (OMG formal/2011-01-03), as plain data. Strings are UTF-8; an empty
// one means that the model does not say. Lines count from 1.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace workerdb::cli {

// The largest model file. The largest of the interchange working group's models has a quarter of a megabyte.
constexpr size_t kMaxModelBytes = size_t{8} << 20;

// Name and text of XML attributes, or of expressions; in the order of the file.
using BpmnTexts = std::vector<std::pair<std::string, std::string>>;

// A timer, message, error, signal... of an event: its type ("timerEventDefinition"), attributes, and the
// expressions inside it ("timeDuration", "PT5M").
struct BpmnEvent {
  std::string type;
  BpmnTexts attributes;
  BpmnTexts expressions;
};

// What flows connect: a task, event, gateway, sub-process, call activity, or a participant (a pool), between
// which message flows may run.
struct BpmnNode {
  uint64_t line = 0;
  std::string id;    // made up from type and position where the model has none
  std::string type;  // the element's name: "userTask"
  std::string name;
  std::string process;  // id of the process it is in; of a participant the one that it refers to
  std::string parent;   // id of the sub-process around it
  std::string lane, lane_name;
  std::string pool, pool_name;
  std::string documentation;
  BpmnTexts attributes;  // all but id and name, with their prefixes
  std::vector<BpmnEvent> events;
  std::string loop;  // "standard", "parallel", "sequential"
};

struct BpmnFlow {
  uint64_t line = 0;
  std::string id;
  std::string type;  // "sequenceFlow", "messageFlow"
  std::string name;
  std::string source, target;  // ids of nodes of the same model
  std::string process;         // empty for message flows
  std::string condition, condition_language;
  std::string message;  // id of the message that flows
  bool is_default = false;
};

struct BpmnLane {
  std::string id, name;
  std::string parent;  // id of the lane around it
};

// What has an id and a name but no flow: data, artifacts, and the declarations beside the processes.
struct BpmnDeclaration {
  std::string type, id, name;
  std::string process;
};

struct BpmnProcess {
  std::string id, name, documentation;
  std::string version;  // the versionTag that modelers write
  bool is_executable = false;
  BpmnTexts attributes;
  std::vector<BpmnLane> lanes;
};

// A part of the model that is wrong; the rest stands.
struct BpmnProblem {
  uint64_t line = 0;
  bool is_flow = false;
  std::string message;
};

struct BpmnModel {
  std::string id, name, target_namespace, exporter, exporter_version, expression_language;
  std::vector<BpmnProcess> processes;
  std::vector<BpmnNode> nodes;
  std::vector<BpmnFlow> flows;
  std::vector<BpmnDeclaration> declarations;
  std::vector<BpmnProblem> problems;
};

// Reads a model; prefixes may be any, the namespace decides. Entities beyond XML's five and document types
// are not read. Errors, with the line: kBadParameter for what is no XML, no UTF-8, or no model with a process
// or a collaboration; kResourceLimit beyond the bounds of xml_bounds.h and kMaxModelBytes. Thread-safe.
base::Result<BpmnModel> parse_bpmn(std::string_view xml);

}  // namespace workerdb::cli
