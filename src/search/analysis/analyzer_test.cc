#include "search/analysis/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace workerdb::search::analysis {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> terms(std::string_view analyzer, std::string_view text) {
  std::vector<Term> found;
  built_in_analyzer(analyzer)->analyze(text, found);
  std::vector<std::string> texts;
  for (const Term& term : found) {
    EXPECT_LE(term.start_bytes, term.end_bytes);
    EXPECT_LE(term.end_bytes, text.size());
    texts.push_back(term.text);
  }
  return texts;
}

TEST(Analyzer, HasTheDocumentedNames) {
  EXPECT_EQ(built_in_analyzers().size(), 13u);
  for (std::string_view language : {"de", "en", "es", "fi", "fr", "it", "nl", "no", "pt", "ru", "sv", "zh"})
    EXPECT_NE(built_in_analyzer("text_" + std::string(language)), nullptr) << language;
  EXPECT_EQ(built_in_analyzer("Identity"), nullptr);
  EXPECT_EQ(built_in_analyzer("text_xx"), nullptr);
}

TEST(Analyzer, IdentityKeepsTheText) {
  EXPECT_THAT(terms("identity", "Foo bar!"), ElementsAre("Foo bar!"));
  EXPECT_THAT(terms("identity", ""), ElementsAre(""));
}

TEST(Analyzer, TextStems) {
  EXPECT_THAT(terms("text_en", "IPS (in-plane switching)"), ElementsAre("ip", "in", "plane", "switch"));
  EXPECT_THAT(terms("text_en", "Crazy fast NoSQL-database!"), ElementsAre("crazi", "fast", "nosql", "databas"));
  EXPECT_THAT(terms("text_de", "Lörem ipsüm, DOLOR SIT Ämet."), ElementsAre("lor", "ipsum", "dolor", "sit", "amet"));
  EXPECT_THAT(terms("text_ru", "Книги"), ElementsAre("книг"));
  EXPECT_THAT(terms("text_en", " ,;! "), ElementsAre());
  EXPECT_THAT(terms("text_en", ""), ElementsAre());
}

TEST(Analyzer, TextKeepsNumbersAndSplitsChinese) {
  EXPECT_THAT(terms("text_en", "3.14 is pi"), ElementsAre("3.14", "is", "pi"));
  EXPECT_THAT(terms("text_zh", "我爱北京"), ElementsAre("我", "爱", "北京"));
}

TEST(Analyzer, TermsTellTheirBytes) {
  std::vector<Term> found;
  built_in_analyzer("text_en")->analyze("Über uns", found);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].start_bytes, 0u);
  EXPECT_EQ(found[0].end_bytes, 5u);
  EXPECT_EQ(found[1].start_bytes, 6u);
}

TEST(Analyzer, ThreadsDoNotDisturbOneAnother) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round)
        EXPECT_THAT(terms("text_en", "quick brown foxes"), ElementsAre("quick", "brown", "fox"));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace workerdb::search::analysis
