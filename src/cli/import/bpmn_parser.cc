#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <unordered_map>
#include <unordered_set>

#include "cli/import/bpmn_model.h"
#include "cli/import/xml_bounds.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kModelNamespace = "http://www.omg.org/spec/BPMN/20100524/MODEL";

const std::unordered_set<std::string_view> kNodeTypes = {"task",
                                                         "sendTask",
                                                         "receiveTask",
                                                         "serviceTask",
                                                         "userTask",
                                                         "manualTask",
                                                         "scriptTask",
                                                         "businessRuleTask",
                                                         "callActivity",
                                                         "subProcess",
                                                         "transaction",
                                                         "adHocSubProcess",
                                                         "startEvent",
                                                         "endEvent",
                                                         "intermediateCatchEvent",
                                                         "intermediateThrowEvent",
                                                         "implicitThrowEvent",
                                                         "boundaryEvent",
                                                         "exclusiveGateway",
                                                         "inclusiveGateway",
                                                         "parallelGateway",
                                                         "complexGateway",
                                                         "eventBasedGateway",
                                                         "choreographyTask",
                                                         "subChoreography",
                                                         "callChoreography"};
// Those that hold nodes themselves.
const std::unordered_set<std::string_view> kNestingTypes = {"subProcess", "transaction", "adHocSubProcess",
                                                            "subChoreography"};
const std::unordered_set<std::string_view> kDataTypes = {"dataObject", "dataObjectReference", "dataStoreReference",
                                                         "textAnnotation", "group"};
const std::unordered_set<std::string_view> kDeclarationTypes = {"message",
                                                                "signal",
                                                                "error",
                                                                "escalation",
                                                                "itemDefinition",
                                                                "dataStore",
                                                                "resource",
                                                                "category",
                                                                "interface",
                                                                "globalTask",
                                                                "globalUserTask",
                                                                "globalManualTask",
                                                                "globalScriptTask",
                                                                "globalBusinessRuleTask",
                                                                "import"};

std::string_view prefix_of(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

std::string_view local_name(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// The text directly inside an element, CDATA included.
std::string text_of(pugi::xml_node element) {
  std::string text;
  for (const pugi::xml_node child : element) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return trimmed(text);
}

BpmnTexts attributes_of(pugi::xml_node element) {
  BpmnTexts attributes;
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const std::string_view name = attribute.name();
    if (name == "id" || name == "name" || name == "xmlns" || name.starts_with("xmlns:")) continue;
    attributes.emplace_back(name, attribute.value());
  }
  return attributes;
}

// Reads one document into one model. Recursion is bounded by kMaxXmlDepth.
class ModelReader {
 public:
  explicit ModelReader(std::string_view xml) : xml_(xml) {
    for (size_t at = xml.find('\n'); at != std::string_view::npos; at = xml.find('\n', at + 1)) {
      line_ends_.push_back(at);
    }
  }

  base::Result<BpmnModel> read() {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed =
        document.load_buffer(xml_.data(), xml_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
      const auto offset = static_cast<size_t>(std::max<ptrdiff_t>(parsed.offset, 0));
      return refuse(line_of(offset), fmt::format("this is no XML: {}", parsed.description()));
    }
    const pugi::xml_node root = document.document_element();
    find_model_prefixes(document);
    if (type_of(root) != "definitions") {
      return refuse(line_of(root), fmt::format("the root is <{}>, a BPMN 2.0 model has <definitions>", root.name()));
    }
    read_head(root);
    read_participants(root);
    for (const pugi::xml_node child : root) {
      const std::string_view type = type_of(child);
      if (type == "process" || type == "choreography") read_process(child);
      if (kDeclarationTypes.contains(type)) declare(child, type, "");
    }
    if (model_.processes.empty() && participants_ == 0) {
      return refuse(line_of(root), "the model has neither a process nor a participant");
    }
    read_message_flows(root);
    check_flows();
    return std::move(model_);
  }

 private:
  static Error refuse(uint64_t line, std::string_view what) {
    return Error(ErrorCode::kBadParameter, fmt::format("line {}: {}", line, what));
  }

  uint64_t line_of(size_t offset) const {
    const auto found = std::lower_bound(line_ends_.begin(), line_ends_.end(), offset);
    return static_cast<uint64_t>(found - line_ends_.begin()) + 1;
  }
  uint64_t line_of(pugi::xml_node element) const {
    return line_of(static_cast<size_t>(std::max<ptrdiff_t>(element.offset_debug(), 0)));
  }

  // The prefixes that stand for BPMN's namespace. Models bind them once, at the root; where an element binds
  // its own prefix anew, type_of() sees it.
  void find_model_prefixes(pugi::xml_document& document) {
    struct Walker : pugi::xml_tree_walker {
      explicit Walker(std::unordered_set<std::string>& prefixes) : prefixes_(prefixes) {}
      bool for_each(pugi::xml_node& element) override {
        for (const pugi::xml_attribute attribute : element.attributes()) {
          const std::string_view name = attribute.name();
          if (attribute.value() != kModelNamespace) continue;
          if (name == "xmlns") prefixes_.emplace("");
          if (name.starts_with("xmlns:")) prefixes_.emplace(name.substr(6));
        }
        return true;
      }
      std::unordered_set<std::string>& prefixes_;
    };
    Walker walker(model_prefixes_);
    document.traverse(walker);
  }

  // The local name of an element of BPMN's model namespace, empty for all others.
  std::string_view type_of(pugi::xml_node element) const {
    if (element.type() != pugi::node_element) return {};
    const std::string_view name = element.name();
    const std::string prefix(prefix_of(name));
    const std::string declaration = prefix.empty() ? "xmlns" : "xmlns:" + prefix;
    if (const pugi::xml_attribute own = element.attribute(declaration.c_str())) {
      return own.value() == kModelNamespace ? local_name(name) : std::string_view();
    }
    return model_prefixes_.contains(prefix) ? local_name(name) : std::string_view();
  }

  pugi::xml_node child_of(pugi::xml_node element, std::string_view type) const {
    return element.find_child([&](pugi::xml_node child) { return type_of(child) == type; });
  }

  std::string documentation_of(pugi::xml_node element) const { return text_of(child_of(element, "documentation")); }

  void read_head(pugi::xml_node root) {
    model_.id = root.attribute("id").value();
    model_.name = root.attribute("name").value();
    model_.target_namespace = root.attribute("targetNamespace").value();
    model_.exporter = root.attribute("exporter").value();
    model_.exporter_version = root.attribute("exporterVersion").value();
    model_.expression_language = root.attribute("expressionLanguage").value();
  }

  void report(uint64_t line, bool is_flow, std::string message) {
    model_.problems.push_back({line, is_flow, std::move(message)});
  }

  // A QName may carry the prefix of the model's own namespace.
  std::string_view known_id(std::string_view reference) const {
    if (node_ids_.contains(std::string(reference))) return reference;
    const std::string_view local = local_name(reference);
    return node_ids_.contains(std::string(local)) ? local : std::string_view();
  }

  std::string id_of(pugi::xml_node element, std::string_view type, const std::unordered_set<std::string>& taken) {
    std::string id = element.attribute("id").value();
    while (id.empty() || (!element.attribute("id") && taken.contains(id))) {
      id = fmt::format("{}_{}", type, ++made_up_ids_);
    }
    return id;
  }

  void add_node(BpmnNode node) {
    if (!node_ids_.insert(node.id).second) {
      report(node.line, false, fmt::format("{} '{}': another element has this id", node.type, node.id));
      return;
    }
    model_.nodes.push_back(std::move(node));
  }

  void declare(pugi::xml_node element, std::string_view type, const std::string& process) {
    std::string name = element.attribute("name").value();
    if (name.empty() && type == "textAnnotation") name = text_of(child_of(element, "text"));
    model_.declarations.push_back({std::string(type), element.attribute("id").value(), std::move(name), process});
  }

  void read_participants(pugi::xml_node root) {
    for (const pugi::xml_node collaboration : root) {
      const std::string_view outer = type_of(collaboration);
      if (outer != "collaboration" && outer != "choreography") continue;
      for (const pugi::xml_node child : collaboration) {
        if (type_of(child) == "participant") read_participant(child);
        if (outer == "collaboration" && kDataTypes.contains(type_of(child))) declare(child, type_of(child), "");
      }
    }
  }

  void read_participant(pugi::xml_node element) {
    ++participants_;
    BpmnNode node;
    node.line = line_of(element);
    node.type = "participant";
    node.id = id_of(element, node.type, node_ids_);
    node.name = element.attribute("name").value();
    node.process = local_name(element.attribute("processRef").value());
    node.documentation = documentation_of(element);
    node.attributes = attributes_of(element);
    if (!node.process.empty()) pool_of_process_.try_emplace(node.process, node.id, node.name);
    add_node(std::move(node));
  }

  void read_process(pugi::xml_node element) {
    BpmnProcess process;
    process.id = id_of(element, "process", {});
    process.name = element.attribute("name").value();
    process.documentation = documentation_of(element);
    process.is_executable = element.attribute("isExecutable").as_bool();
    process.attributes = attributes_of(element);
    for (const auto& [name, text] : process.attributes) {
      if (local_name(name) == "versionTag") process.version = text;
    }
    lane_of_node_.clear();
    read_lanes(element, process);
    const std::string id = process.id;
    model_.processes.push_back(std::move(process));
    read_flow_elements(element, id, "");
  }

  // The innermost lane of a node counts: child lanes are read behind their parent and overwrite it.
  void read_lanes(pugi::xml_node process_element, BpmnProcess& process) {
    for (const pugi::xml_node set : process_element) {
      if (type_of(set) == "laneSet") read_lane_set(set, "", process);
    }
  }

  void read_lane_set(pugi::xml_node set, const std::string& parent, BpmnProcess& process) {
    for (const pugi::xml_node lane : set) {
      if (type_of(lane) != "lane") continue;
      const std::string id = lane.attribute("id").value();
      const std::string name = lane.attribute("name").value();
      process.lanes.push_back({id, name, parent});
      for (const pugi::xml_node child : lane) {
        if (type_of(child) == "flowNodeRef") {
          lane_of_node_[std::string(local_name(text_of(child)))] = {id, name};
        }
      }
      for (const pugi::xml_node child : lane) {
        if (type_of(child) == "childLaneSet") read_lane_set(child, id, process);
      }
    }
  }

  void read_flow_elements(pugi::xml_node container, const std::string& process, const std::string& parent) {
    for (const pugi::xml_node child : container) {
      const std::string_view type = type_of(child);
      if (kNodeTypes.contains(type)) {
        const std::string id = read_node(child, type, process, parent);
        if (kNestingTypes.contains(type)) read_flow_elements(child, process, id);
      } else if (type == "sequenceFlow") {
        read_sequence_flow(child, process);
      } else if (kDataTypes.contains(type)) {
        declare(child, type, process);
      }
    }
  }

  // The id of the node that was read.
  std::string read_node(pugi::xml_node element, std::string_view type, const std::string& process,
                        const std::string& parent) {
    BpmnNode node;
    node.line = line_of(element);
    node.type = type;
    node.id = id_of(element, type, node_ids_);
    node.name = element.attribute("name").value();
    node.process = process;
    node.parent = parent;
    node.documentation = documentation_of(element);
    node.attributes = attributes_of(element);
    if (const auto lane = lane_of_node_.find(node.id); lane != lane_of_node_.end()) {
      std::tie(node.lane, node.lane_name) = lane->second;
    }
    if (const auto pool = pool_of_process_.find(process); pool != pool_of_process_.end()) {
      std::tie(node.pool, node.pool_name) = pool->second;
    }
    for (const pugi::xml_node child : element) read_node_detail(child, node);
    if (const pugi::xml_attribute flow = element.attribute("default")) default_flows_.emplace(flow.value());
    std::string id = node.id;
    add_node(std::move(node));
    return id;
  }

  void read_node_detail(pugi::xml_node element, BpmnNode& node) const {
    const std::string_view type = type_of(element);
    if (type.ends_with("EventDefinition")) {
      BpmnEvent event{std::string(type), attributes_of(element), {}};
      for (const pugi::xml_node child : element) {
        const std::string_view name = type_of(child);
        if (name.empty() || name == "extensionElements" || name == "documentation") continue;
        event.expressions.emplace_back(name, text_of(child));
      }
      node.events.push_back(std::move(event));
    } else if (type == "standardLoopCharacteristics") {
      node.loop = "standard";
    } else if (type == "multiInstanceLoopCharacteristics") {
      node.loop = element.attribute("isSequential").as_bool() ? "sequential" : "parallel";
    }
  }

  BpmnFlow flow_of(pugi::xml_node element, std::string_view type) {
    BpmnFlow flow;
    flow.line = line_of(element);
    flow.type = type;
    flow.id = id_of(element, type, flow_ids_);
    flow.name = element.attribute("name").value();
    flow.source = element.attribute("sourceRef").value();
    flow.target = element.attribute("targetRef").value();
    return flow;
  }

  void add_flow(BpmnFlow flow) {
    if (!flow_ids_.insert(flow.id).second) {
      report(flow.line, true, fmt::format("{} '{}': another flow has this id", flow.type, flow.id));
      return;
    }
    model_.flows.push_back(std::move(flow));
  }

  void read_sequence_flow(pugi::xml_node element, const std::string& process) {
    BpmnFlow flow = flow_of(element, "sequenceFlow");
    flow.process = process;
    const pugi::xml_node condition = child_of(element, "conditionExpression");
    flow.condition = text_of(condition);
    flow.condition_language = condition.attribute("language").value();
    add_flow(std::move(flow));
  }

  void read_message_flows(pugi::xml_node root) {
    for (const pugi::xml_node collaboration : root) {
      const std::string_view outer = type_of(collaboration);
      if (outer != "collaboration" && outer != "choreography") continue;
      for (const pugi::xml_node child : collaboration) {
        if (type_of(child) != "messageFlow") continue;
        BpmnFlow flow = flow_of(child, "messageFlow");
        flow.message = child.attribute("messageRef").value();
        add_flow(std::move(flow));
      }
    }
  }

  // Nodes may stand behind the flows that name them, so ends are looked up when all have been read.
  void check_flows() {
    std::vector<BpmnFlow> sound;
    sound.reserve(model_.flows.size());
    for (BpmnFlow& flow : model_.flows) {
      const std::string_view source = known_id(flow.source), target = known_id(flow.target);
      if (source.empty() || target.empty()) {
        const bool at_source = source.empty();
        report(flow.line, true,
               fmt::format("{} '{}': its {} '{}' is no element that a flow may touch", flow.type, flow.id,
                           at_source ? "source" : "target", at_source ? flow.source : flow.target));
        continue;
      }
      flow.source = std::string(source);
      flow.target = std::string(target);
      flow.is_default = flow.type == "sequenceFlow" && default_flows_.contains(flow.id);
      sound.push_back(std::move(flow));
    }
    model_.flows = std::move(sound);
  }

  std::string_view xml_;
  std::vector<size_t> line_ends_;
  std::unordered_set<std::string> model_prefixes_;
  std::unordered_set<std::string> node_ids_, flow_ids_, default_flows_;
  std::unordered_map<std::string, std::pair<std::string, std::string>> pool_of_process_, lane_of_node_;
  size_t participants_ = 0;
  size_t made_up_ids_ = 0;
  BpmnModel model_;
};

}  // namespace

base::Result<BpmnModel> parse_bpmn(std::string_view xml) {
  if (xml.size() > kMaxModelBytes) {
    return Error(ErrorCode::kResourceLimit, fmt::format("the model is longer than {} bytes", kMaxModelBytes));
  }
  TRY(check_xml_bounds(xml));
  return ModelReader(xml).read();
}

}  // namespace workerdb::cli
