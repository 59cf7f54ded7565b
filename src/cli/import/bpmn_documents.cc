#include "cli/import/bpmn_documents.h"

#include "base/digest.h"
#include "cli/import/document_key.h"

namespace workerdb::cli {
namespace {

using value::Builder;

// What the model does not say is left out.
void add_text(Builder& builder, std::string_view name, const std::string& text) {
  if (!text.empty()) builder.add(name, text);
}

void add_texts(Builder& builder, std::string_view name, const BpmnTexts& texts) {
  if (texts.empty()) return;
  builder.key(name);
  builder.open_object();
  for (const auto& [attribute, text] : texts) builder.add(attribute, text);
  builder.close();
}

void add_events(Builder& builder, const std::vector<BpmnEvent>& events) {
  if (events.empty()) return;
  builder.key("events");
  builder.open_array();
  for (const BpmnEvent& event : events) {
    builder.open_object();
    builder.add("type", event.type);
    add_texts(builder, "attributes", event.attributes);
    add_texts(builder, "expressions", event.expressions);
    builder.close();
  }
  builder.close();
}

void add_lanes(Builder& builder, const std::vector<BpmnLane>& lanes) {
  builder.key("lanes");
  builder.open_array();
  for (const BpmnLane& lane : lanes) {
    builder.open_object();
    builder.add("id", lane.id);
    add_text(builder, "name", lane.name);
    add_text(builder, "parent", lane.parent);
    builder.close();
  }
  builder.close();
}

void add_node(Builder& builder, const BpmnNode& node) {
  builder.open_object();
  builder.add("id", node.id);
  builder.add("type", node.type);
  add_text(builder, "name", node.name);
  add_text(builder, "parent", node.parent);
  add_text(builder, "lane", node.lane);
  if (node.type == "participant") add_text(builder, "process", node.process);
  builder.close();
}

void add_flow(Builder& builder, const BpmnFlow& flow) {
  builder.open_object();
  builder.add("id", flow.id);
  add_text(builder, "name", flow.name);
  builder.add("source", flow.source);
  builder.add("target", flow.target);
  add_text(builder, "condition", flow.condition);
  if (flow.is_default) builder.add("is_default", true);
  add_text(builder, "message", flow.message);
  builder.close();
}

void add_declarations(Builder& builder, std::string_view name, const BpmnModel& model, const std::string& process) {
  builder.key(name);
  builder.open_array();
  for (const BpmnDeclaration& declaration : model.declarations) {
    if (declaration.process != process) continue;
    builder.open_object();
    builder.add("type", declaration.type);
    add_text(builder, "id", declaration.id);
    add_text(builder, "name", declaration.name);
    builder.close();
  }
  builder.close();
}

// Adds the array of those items that belong, each by `add`.
template <typename Items, typename Belongs, typename Add>
void add_array(Builder& builder, std::string_view name, const Items& items, Belongs belongs, Add add) {
  builder.key(name);
  builder.open_array();
  for (const auto& item : items) {
    if (belongs(item)) add(builder, item);
  }
  builder.close();
}

void add_process(Builder& builder, const BpmnModel& model, const BpmnProcess& process) {
  builder.open_object();
  builder.add("id", process.id);
  add_text(builder, "name", process.name);
  add_text(builder, "version", process.version);
  add_text(builder, "documentation", process.documentation);
  builder.add("is_executable", process.is_executable);
  add_texts(builder, "attributes", process.attributes);
  add_lanes(builder, process.lanes);
  const auto is_inside = [&](const auto& item) { return item.process == process.id && item.type != "participant"; };
  add_array(builder, "nodes", model.nodes, is_inside, add_node);
  add_array(builder, "flows", model.flows, is_inside, add_flow);
  add_declarations(builder, "data", model, process.id);
  builder.close();
}

void add_definition(Builder& builder, const BpmnModel& model) {
  builder.key("definition");
  builder.open_object();
  add_text(builder, "id", model.id);
  add_text(builder, "target_namespace", model.target_namespace);
  add_text(builder, "exporter", model.exporter);
  add_text(builder, "exporter_version", model.exporter_version);
  add_text(builder, "expression_language", model.expression_language);
  builder.key("processes");
  builder.open_array();
  for (const BpmnProcess& process : model.processes) add_process(builder, model, process);
  builder.close();
  add_array(
      builder, "participants", model.nodes, [](const BpmnNode& node) { return node.type == "participant"; }, add_node);
  add_array(
      builder, "message_flows", model.flows, [](const BpmnFlow& flow) { return flow.type == "messageFlow"; }, add_flow);
  add_declarations(builder, "declarations", model, "");
  builder.close();
}

}  // namespace

value::Buffer definition_document(const BpmnModel& model, const DefinitionIdentity& identity, std::string_view xml) {
  Builder builder;
  builder.open_object();
  builder.add("_key", identity.key);
  builder.add("name", identity.name);
  builder.add("version", identity.version);
  builder.add("type", "workflow");
  for (const BpmnProcess& process : model.processes) {
    if (process.documentation.empty()) continue;
    builder.add("description", process.documentation);
    break;
  }
  add_text(builder, "source", identity.source);
  builder.add("sha256", base::sha256_hex(xml));
  add_definition(builder, model);
  builder.add("bpmn_xml", xml);
  builder.close();
  return builder.take();
}

value::Buffer node_document(const BpmnNode& node, std::string_view definition_key) {
  Builder builder;
  builder.open_object();
  builder.add("_key", element_key(definition_key, node.id));
  builder.add("definition", definition_key);
  builder.add("element", node.id);
  builder.add("type", node.type);
  add_text(builder, "name", node.name);
  add_text(builder, "process", node.process);
  add_text(builder, "parent", node.parent);
  add_text(builder, "lane", node.lane_name.empty() ? node.lane : node.lane_name);
  add_text(builder, "lane_id", node.lane);
  add_text(builder, "pool", node.pool_name.empty() ? node.pool : node.pool_name);
  add_text(builder, "pool_id", node.pool);
  add_text(builder, "documentation", node.documentation);
  add_text(builder, "loop", node.loop);
  add_events(builder, node.events);
  add_texts(builder, "attributes", node.attributes);
  builder.close();
  return builder.take();
}

value::Buffer flow_document(const BpmnFlow& flow, std::string_view definition_key) {
  const auto node_id = [&](const std::string& element) {
    return std::string(kNodeCollection) + "/" + element_key(definition_key, element);
  };
  Builder builder;
  builder.open_object();
  builder.add("_key", element_key(definition_key, flow.id));
  builder.add("_from", node_id(flow.source));
  builder.add("_to", node_id(flow.target));
  builder.add("definition", definition_key);
  builder.add("element", flow.id);
  builder.add("type", flow.type);
  add_text(builder, "name", flow.name);
  add_text(builder, "process", flow.process);
  add_text(builder, "condition", flow.condition);
  add_text(builder, "condition_language", flow.condition_language);
  builder.add("is_default", flow.is_default);
  add_text(builder, "message", flow.message);
  builder.close();
  return builder.take();
}

}  // namespace workerdb::cli
