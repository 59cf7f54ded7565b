#include "cli/import/document_key.h"

#include <gtest/gtest.h>

namespace workerdb::cli {
namespace {

TEST(DocumentKey, TakesWhatTheDocumentationAllows) {
  EXPECT_TRUE(is_document_key("aZ09_-.@()+,=;$!*'%:"));
  EXPECT_TRUE(is_document_key(std::string(254, 'a')));
  EXPECT_FALSE(is_document_key(std::string(255, 'a')));
  for (const char* text : {"", "a b", "a/b", "\xc3\xa4", "a#b", "a\"b"}) EXPECT_FALSE(is_document_key(text)) << text;
  EXPECT_FALSE(is_document_key(std::string_view("a\0b", 3)));
}

TEST(DocumentKey, KeepsLegalTextsAndMakesOthersLegalAndDistinct) {
  EXPECT_EQ(to_document_key("A.1.0"), "A.1.0");
  const std::string first = to_document_key("Ablauf prüfen"), second = to_document_key("Ablauf präfen");
  EXPECT_TRUE(is_document_key(first)) << first;
  EXPECT_EQ(first.rfind("Ablauf_pr_fen_", 0), 0U) << first;
  EXPECT_NE(first, second);
  EXPECT_EQ(first, to_document_key("Ablauf prüfen"));
  EXPECT_TRUE(is_document_key(to_document_key("")));
  EXPECT_TRUE(is_document_key(to_document_key(std::string(5000, 'x'))));
}

TEST(ElementKey, JoinsDefinitionAndElement) { EXPECT_EQ(element_key("A.1.0", "Task_1"), "A.1.0.Task_1"); }

TEST(ElementKey, DifferentPairsNeverShareAKey) {
  EXPECT_NE(element_key("a", "b.c"), element_key("a.b", "c"));
  EXPECT_EQ(element_key("a", "b.c").rfind("a.", 0), 0U);
}

TEST(ElementKey, StaysLegalHoweverLongItsPartsAre) {
  const std::string key = element_key(std::string(254, 'd'), std::string(254, 'e'));
  EXPECT_TRUE(is_document_key(key)) << key;
  EXPECT_NE(key, element_key(std::string(254, 'd'), std::string(253, 'e')));
  EXPECT_NE(key, element_key(std::string(253, 'd'), std::string(254, 'e')));
  EXPECT_TRUE(is_document_key(element_key("a", "Aufgabe_ä")));
}

}  // namespace
}  // namespace workerdb::cli
