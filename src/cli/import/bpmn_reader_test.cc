#include "cli/import/bpmn_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "cli/import/bpmn_model.h"
#include "cli/import/document_key.h"
#include "cli/import/open_reader.h"
#include "cli/import/reading_test.h"
#include "cli/import/xml_bounds.h"

namespace workerdb::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kOwnModels = "tests/data";

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// The documents of a model by their key, and its errors.
struct Documents {
  value::Buffer definition;
  std::map<std::string, value::Buffer> nodes, flows;
  Lines errors;
};

Documents read(std::string xml, BpmnOptions options = {}) {
  Documents documents;
  BpmnReader reader(open_text(std::move(xml)), std::move(options), nullptr);
  for (;;) {
    base::Result<std::optional<Record>> next = reader.next();
    if (!next) documents.errors.push_back("end " + next.error().message());
    if (!next || !*next) return documents;
    Record& record = **next;
    if (!record.document) {
      documents.errors.push_back(std::to_string(record.line) + " " + record.document.error().message());
      continue;
    }
    const std::string key(record.document->slice().get("_key").as_string());
    EXPECT_TRUE(is_document_key(key)) << key;
    if (record.collection == "process_definitions") {
      documents.definition = *std::move(record.document);
      continue;
    }
    EXPECT_TRUE(record.collection == "process_nodes" || record.collection == "process_flows") << record.collection;
    auto& place = record.collection == "process_nodes" ? documents.nodes : documents.flows;
    EXPECT_TRUE(place.emplace(key, *std::move(record.document)).second) << "two documents with the key " << key;
  }
}

std::string json(const std::map<std::string, value::Buffer>& documents, const std::string& key) {
  const auto found = documents.find(key);
  return found == documents.end() ? "none" : value::to_json(found->second.slice());
}

// A model around the given elements of one process.
std::string model_of(const std::string& elements) {
  return "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"d\">\n<process "
         "id=\"p\">\n" +
         elements + "\n</process></definitions>";
}

class OwnModel : public testing::Test {
 protected:
  const std::string xml_ = text_of_file(std::string(kOwnModels) + "/approval.bpmn");
  const Documents documents_ = read(xml_, {.source = "approval.bpmn"});
};

TEST_F(OwnModel, BecomesADefinitionWithItsXmlByteForByte) {
  ASSERT_FALSE(xml_.empty());
  EXPECT_THAT(documents_.errors, ElementsAre());
  const value::Slice definition = documents_.definition.slice();
  EXPECT_EQ(definition.get("_key").as_string(), "approval");
  EXPECT_EQ(definition.get("name").as_string(), "Approval Workflow");
  EXPECT_EQ(definition.get("version").as_string(), "2.1");
  EXPECT_EQ(definition.get("type").as_string(), "workflow");
  EXPECT_EQ(definition.get("source").as_string(), "approval.bpmn");
  EXPECT_EQ(definition.get("bpmn_xml").as_string(), xml_);
  EXPECT_EQ(definition.get("sha256").as_string(), base::sha256_hex(xml_));
  EXPECT_EQ(definition.get("description").as_string(), "Orders over the limit are approved by a person.");
}

TEST_F(OwnModel, DefinitionHoldsProcessesLanesNodesAndFlows) {
  const value::Slice body = documents_.definition.slice().get("definition");
  const value::Slice process = body.get("processes").at(0);
  EXPECT_TRUE(process.get("is_executable").is_true());
  EXPECT_EQ(value::to_json(process.get("lanes")),
            R"([{"id":"Lane_Sales","name":"Sales"},{"id":"Lane_Head","name":"Head of sales","parent":"Lane_Sales"}])");
  EXPECT_EQ(process.get("nodes").size(), 8U);
  EXPECT_EQ(process.get("flows").size(), 6U);
  EXPECT_EQ(value::to_json(process.get("data")),
            R"([{"type":"dataObjectReference","id":"Data_Order","name":"Order form"}])");
  EXPECT_EQ(body.get("participants").size(), 2U);
  EXPECT_EQ(body.get("message_flows").size(), 1U);
  EXPECT_EQ(value::to_json(body.get("declarations")), R"([{"type":"message","id":"Message_Order","name":"Order"}])");
}

TEST_F(OwnModel, NodesTellTypePlaceAndDetails) {
  EXPECT_EQ(documents_.nodes.size(), 10U);
  EXPECT_EQ(json(documents_.nodes, "approval.Task_Approve"),
            R"({"_key":"approval.Task_Approve","definition":"approval","element":"Task_Approve","type":"userTask",)"
            R"("name":"Approve order","process":"Process_Approval","lane":"Head of sales","lane_id":"Lane_Head",)"
            R"("pool":"Shop","pool_id":"Pool_Shop","documentation":"Four eyes.","loop":"sequential",)"
            R"("attributes":{"flow:assignee":"head"}})");
  EXPECT_THAT(json(documents_.nodes, "approval.Timer_Late"),
              HasSubstr(R"("events":[{"type":"timerEventDefinition","expressions":{"timeDuration":"PT48H"}}],)"
                        R"("attributes":{"attachedToRef":"Task_Approve","cancelActivity":"false"})"));
  EXPECT_THAT(json(documents_.nodes, "approval.Task_Label"),
              HasSubstr(R"("name":"Print „label“","process":"Process_Approval","parent":"Sub_Ship")"));
  EXPECT_THAT(json(documents_.nodes, "approval.Start_Order"), HasSubstr(R"("lane":"Sales")"));
  EXPECT_THAT(json(documents_.nodes, "approval.Pool_Customer"), HasSubstr(R"("type":"participant")"));
}

TEST_F(OwnModel, FlowsAreEdgesWithTheirConditions) {
  EXPECT_EQ(documents_.flows.size(), 7U);
  EXPECT_EQ(json(documents_.flows, "approval.Flow_Large"),
            R"({"_key":"approval.Flow_Large","_from":"process_nodes/approval.Gateway_Limit",)"
            R"("_to":"process_nodes/approval.Task_Approve","definition":"approval","element":"Flow_Large",)"
            R"("type":"sequenceFlow","name":"yes","process":"Process_Approval","condition":"amount > 1000",)"
            R"("condition_language":"feel","is_default":false})");
  EXPECT_THAT(json(documents_.flows, "approval.Flow_Small"), HasSubstr(R"("is_default":true)"));
  EXPECT_EQ(json(documents_.flows, "approval.MessageFlow_Order"),
            R"({"_key":"approval.MessageFlow_Order","_from":"process_nodes/approval.Pool_Customer",)"
            R"("_to":"process_nodes/approval.Start_Order","definition":"approval","element":"MessageFlow_Order",)"
            R"("type":"messageFlow","name":"order","is_default":false,"message":"Message_Order"})");
}

TEST(BpmnReader, OptionsNameTheDefinition) {
  const Documents documents = read(model_of("<task id=\"t\"/>"), {.key = "k", .name = "N", .version = "7"});
  EXPECT_EQ(documents.definition.slice().get("_key").as_string(), "k");
  EXPECT_EQ(documents.definition.slice().get("name").as_string(), "N");
  EXPECT_EQ(documents.definition.slice().get("version").as_string(), "7");
  EXPECT_EQ(documents.nodes.count("k.t"), 1U);
  EXPECT_THAT(read(model_of(""), {.key = "no key"}).errors, ElementsAre("end 'no key' is no document key"));
}

TEST(BpmnReader, FallsBackForKeyNameAndVersion) {
  const Documents documents = read(model_of(""));
  EXPECT_EQ(documents.definition.slice().get("_key").as_string(), "d");
  EXPECT_EQ(documents.definition.slice().get("name").as_string(), "d");
  EXPECT_EQ(documents.definition.slice().get("version").as_string(), "1.0");
  for (const char* source : {"in voice.bpmn", "in voice.xml", "in voice.bpmn20.xml"}) {
    EXPECT_EQ(read(model_of(""), {.source = source}).definition.slice().get("_key").as_string(),
              to_document_key("in voice"));
  }
}

TEST(BpmnReader, ReportsFlowsWhoseEndsAreUnknownWithTheirLine) {
  const Documents documents =
      read(model_of("<task id=\"a\"/>\n<task id=\"b\"/>\n"
                    "<sequenceFlow id=\"good\" sourceRef=\"a\" targetRef=\"b\"/>\n"
                    "<sequenceFlow id=\"bad\" sourceRef=\"a\" targetRef=\"gone\"/>\n"
                    "<sequenceFlow id=\"none\" targetRef=\"b\"/>"));
  EXPECT_EQ(documents.flows.size(), 1U);
  EXPECT_THAT(documents.errors,
              ElementsAre("6 sequenceFlow 'bad': its target 'gone' is no element that a flow may touch",
                          "7 sequenceFlow 'none': its source '' is no element that a flow may touch"));
}

TEST(BpmnReader, ReportsAnIdThatIsTakenAndMakesUpAMissingOne) {
  const Documents documents = read(model_of("<task id=\"a\"/><task/>\n<userTask id=\"a\"/>"));
  EXPECT_EQ(documents.nodes.size(), 2U);
  EXPECT_EQ(documents.nodes.count("d.task_1"), 1U);
  EXPECT_THAT(documents.errors, ElementsAre("4 userTask 'a': another element has this id"));
}

TEST(BpmnReader, TheNamespaceDecidesNotThePrefix) {
  const Documents documents = read(
      "<x:definitions xmlns:x=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns=\"urn:other\" id=\"d\">"
      "<x:process id=\"p\"><x:task id=\"t\"/><task id=\"other\"/></x:process></x:definitions>");
  EXPECT_EQ(documents.nodes.size(), 1U);
  EXPECT_THAT(read("<definitions id=\"d\"><process id=\"p\"/></definitions>").errors,
              ElementsAre(HasSubstr("1 line 1: the root is <definitions>")));
}

TEST(BpmnReader, RefusesWhatIsNoModel) {
  EXPECT_THAT(read("").errors, ElementsAre(HasSubstr("this is no XML")));
  EXPECT_THAT(read("hello").errors, ElementsAre(HasSubstr("this is no XML")));
  EXPECT_THAT(read("<a>\n<b>\n</a>").errors, ElementsAre(HasSubstr("line 3: this is no XML")));
  EXPECT_THAT(read("<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"/>").errors,
              ElementsAre(HasSubstr("neither a process nor a participant")));
}

TEST(BpmnReader, RefusesHostileXml) {
  EXPECT_THAT(read("<!DOCTYPE a [<!ENTITY b \"c\">]>\n" + model_of("")).errors,
              ElementsAre(HasSubstr("a document type declaration")));
  EXPECT_THAT(read(model_of("<task id=\"\xff\"/>")).errors, ElementsAre(HasSubstr("not UTF-8")));
  EXPECT_THAT(read(model_of(std::string("<task id=\"a\0\"/>", 15))).errors, ElementsAre(HasSubstr("not UTF-8")));
  std::string deep;
  for (size_t level = 0; level < kMaxXmlDepth; ++level) deep += "<a>";
  EXPECT_THAT(read(model_of(deep)).errors, ElementsAre(HasSubstr("more than 128 levels")));
  std::string wide;
  for (size_t count = 0; count <= kMaxXmlElements; ++count) wide += "<a/>";
  EXPECT_THAT(read(model_of(wide)).errors, ElementsAre(HasSubstr("more than 200000 elements")));
  EXPECT_THAT(read(std::string(kMaxModelBytes + 1, ' ')).errors, ElementsAre(HasSubstr("end the file is longer")));
}

TEST(BpmnReader, ReadsAModelAtTheDepthBound) {
  std::string deep;
  for (size_t level = 0; level < kMaxXmlDepth - 2; ++level)
    deep += "<subProcess id=\"s" + std::to_string(level) + "\">";
  for (size_t level = 0; level < kMaxXmlDepth - 2; ++level) deep += "</subProcess>";
  const Documents documents = read(model_of(deep));
  EXPECT_THAT(documents.errors, ElementsAre());
  EXPECT_EQ(documents.nodes.size(), kMaxXmlDepth - 2);
}

TEST(XmlBounds, SeesThroughCommentsCdataAndAttributes) {
  EXPECT_TRUE(check_xml_bounds("<a b='>' c=\"/>\"><!-- <!DOCTYPE <x> --><![CDATA[<!DOCTYPE]]><?p <!DOCTYPE?></a>"));
  EXPECT_FALSE(check_xml_bounds("<a/><!DOCTYPE b>"));
  EXPECT_TRUE(check_xml_bounds("<a><!--"));
  EXPECT_TRUE(check_xml_bounds("<a b='"));
}

// The models in the folder that WORKERDB_BPMN_DIR names (the interchange working group's, say), else our own.
TEST(BpmnModels, EveryModelIsReadInFull) {
  const char* folder = std::getenv("WORKERDB_BPMN_DIR");
  size_t models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder ? folder : kOwnModels)) {
    if (entry.path().extension() != ".bpmn") continue;
    SCOPED_TRACE(entry.path().filename().string());
    ++models;
    const std::string xml = text_of_file(entry.path());
    const Documents documents = read(xml, {.source = entry.path().filename().string()});
    EXPECT_THAT(documents.errors, ElementsAre());
    EXPECT_EQ(documents.definition.slice().get("bpmn_xml").as_string(), xml);
    EXPECT_FALSE(documents.nodes.empty());

    size_t flows_in_text = 0;
    for (const std::string tag : {"sequenceFlow ", "messageFlow "}) {
      for (size_t at = xml.find(tag); at != std::string::npos; at = xml.find(tag, at + 1)) {
        flows_in_text += xml[at - 1] == '<' || xml[at - 1] == ':';
      }
    }
    EXPECT_EQ(documents.flows.size(), flows_in_text);
    for (const auto& [key, flow] : documents.flows) {
      for (const char* end : {"_from", "_to"}) {
        const std::string_view id = flow.slice().get(end).as_string();
        ASSERT_TRUE(id.starts_with("process_nodes/"));
        EXPECT_EQ(documents.nodes.count(std::string(id.substr(14))), 1U) << id;
      }
    }
  }
  EXPECT_GT(models, 0U);
}

TEST(OpenReader, ChoosesByTheFilesEnding) {
  EXPECT_EQ(format_of_file("a/b.JSONL"), ImportFormat::kJsonLines);
  EXPECT_EQ(format_of_file("b.tsv"), ImportFormat::kCsv);
  EXPECT_EQ(format_of_file("b.bpmn20.xml"), ImportFormat::kBpmn);
  EXPECT_EQ(format_of_file("bpmn"), std::nullopt);
  EXPECT_EQ(format_of_name("csv"), ImportFormat::kCsv);
  EXPECT_EQ(format_of_name("xls"), std::nullopt);
}

TEST(OpenReader, OpensFilesAndSaysWhyNot) {
  auto reader = open_reader(std::string(kOwnModels) + "/approval.bpmn", {});
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((**reader).next()->value().document->slice().get("source").as_string(), "approval.bpmn");
  EXPECT_EQ(open_reader("tests/data/gone.csv", {}).error().code(), base::ErrorCode::kFileNotFound);
  EXPECT_EQ(open_reader("tests/data", {.format = ImportFormat::kCsv}).error().code(), base::ErrorCode::kCannotReadFile);
  EXPECT_THAT(open_reader("-", {}).error().message(), HasSubstr("say jsonl, csv or bpmn"));
}

TEST(OpenReader, ATsvIsSeparatedByTabulators) {
  const std::string path = testing::TempDir() + "workerdb_open_reader_test.tsv";
  std::ofstream(path) << "a\tb\n1\tx,y\n";
  auto reader = open_reader(path, {});
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(read_lines(**reader), Lines{R"(2 {"a":1,"b":"x,y"})"});
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace workerdb::cli
