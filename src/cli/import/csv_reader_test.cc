#include "cli/import/csv_reader.h"

#include <gmock/gmock.h>

#include "cli/import/reading_test.h"

namespace workerdb::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Lines read(std::string text, CsvOptions options = {}) {
  CsvReader reader(open_text(std::move(text)), std::move(options), nullptr);
  return read_lines(reader);
}

TEST(CsvReader, NamesAttributesByTheFirstRow) {
  EXPECT_EQ(read("_key,name\r\na,Anna\r\nb,\"Bo\"\r\n"),
            (Lines{R"(2 {"_key":"a","name":"Anna"})", R"(3 {"_key":"b","name":"Bo"})"}));
  EXPECT_EQ(read("_key,name\na,Anna"), (Lines{R"(2 {"_key":"a","name":"Anna"})"}));
}

TEST(CsvReader, QuotedFieldsHoldSeparatorsQuotesAndLineEnds) {
  EXPECT_EQ(
      read("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\r\nlines\n\",z\nlast,q\n"),
      (Lines{R"(2 {"a":"x,y","b":"say \"hi\""})", R"(3 {"a":"two\r\nlines\n","b":"z"})", R"(6 {"a":"last","b":"q"})"}));
}

TEST(CsvReader, GuessesTypesOfUnquotedFields) {
  EXPECT_EQ(read("a,b,c,d,e\n1,-2.5e3,true,null,\n"), (Lines{R"(2 {"a":1,"b":-2500,"c":true,"d":null})"}));
  EXPECT_EQ(read("a,b,c,d,e\n\"1\",\"true\",\"\",True,nul\n"),
            (Lines{R"(2 {"a":"1","b":"true","c":"","d":"True","e":"nul"})"}));
}

TEST(CsvReader, DoesNotTakeNamesForNumbers) {
  EXPECT_EQ(read("a,b,c,d,e\n007,12:30,-,1.,+4\n"), (Lines{R"(2 {"a":"007","b":"12:30","c":"-","d":"1.","e":"+4"})"}));
  EXPECT_EQ(read("a\n12345678901234567890123\n18446744073709551615\n"),
            (Lines{R"(2 {"a":"12345678901234567890123"})", R"(3 {"a":18446744073709551615})"}));
}

TEST(CsvReader, SystemAttributesStayStrings) {
  EXPECT_EQ(read("_key,_from,_to,x\n12,34,56,78\n,1,2,3\n"),
            (Lines{R"(2 {"_key":"12","_from":"34","_to":"56","x":78})", R"(3 {"_from":"1","_to":"2","x":3})"}));
}

TEST(CsvReader, WithoutGuessingAllFieldsAreStrings) {
  EXPECT_EQ(read("a,b\n1,\n", {.guess_types = false}), (Lines{R"(2 {"a":"1","b":""})"}));
}

TEST(CsvReader, TakesOtherSeparatorsQuotesAndColumns) {
  EXPECT_EQ(read("1;'x;y'\n", {.separator = ';', .quote = '\'', .columns = {"a", "b"}}),
            (Lines{R"(1 {"a":1,"b":"x;y"})"}));
}

TEST(CsvReader, SkipsEmptyLinesButKeepsTheCount) {
  EXPECT_EQ(read("a,b\n\n1,2\n\r\n3,4\n\n"), (Lines{R"(3 {"a":1,"b":2})", R"(5 {"a":3,"b":4})"}));
  EXPECT_EQ(read("a\n\n\"\"\n"), (Lines{R"(3 {"a":""})"}));
}

TEST(CsvReader, NamesTheLineOfABadRowAndGoesOn) {
  EXPECT_EQ(read("a,b\n1\n1,2,3\n4,5\n"),
            (Lines{"2 !1 fields where the header has 2", "3 !3 fields where the header has 2", R"(4 {"a":4,"b":5})"}));
  EXPECT_THAT(
      read("a,b\nx\"y,1\n\"x\"y,2\n4,5\n"),
      ElementsAre(HasSubstr("2 !field 1: a quote inside"), HasSubstr("3 !field 1: text behind"), R"(4 {"a":4,"b":5})"));
  EXPECT_THAT(read("a,b\n1,2\n3,\"open\n4,5\n"),
              ElementsAre(R"(2 {"a":1,"b":2})", HasSubstr("3 !field 2: its quote is never closed")));
  EXPECT_THAT(read("a,b\n1,\xff\n3,4\n"), ElementsAre("2 !column 'b' is not UTF-8", R"(3 {"a":3,"b":4})"));
}

TEST(CsvReader, RefusesARowBeyondTheBoundAndGoesOn) {
  EXPECT_THAT(read("a\n" + std::string(kMaxRecordBytes + 10, 'x') + "\ny\n"),
              ElementsAre(HasSubstr("2 !the row is longer"), R"(3 {"a":"y"})"));
}

TEST(CsvReader, RefusesAHeaderThatNamesNothingOrOneThingTwice) {
  EXPECT_THAT(read(""), ElementsAre(HasSubstr("end !the file is empty")));
  EXPECT_THAT(read("a,,b\n1,2,3\n"), ElementsAre("end !column 2 of the header has no name"));
  EXPECT_THAT(read("a,b,a\n1,2,3\n"), ElementsAre("end !the header names column 'a' twice"));
  EXPECT_THAT(read("a,\xff\n1,2\n"), ElementsAre("end !column 2 of the header is not UTF-8"));
  EXPECT_THAT(read("a,\"b\n"), ElementsAre(HasSubstr("end !field 2")));
}

TEST(CsvReader, BoundsTheNumberOfColumns) {
  EXPECT_THAT(read(std::string(kMaxCsvColumns, ',') + "\n"), ElementsAre(HasSubstr("end !more than 4096 fields")));
  EXPECT_THAT(read("a\n" + std::string(kMaxCsvColumns, ',') + "\n1\n"),
              ElementsAre(HasSubstr("2 !more than 4096 fields"), R"(3 {"a":1})"));
}

TEST(CsvReader, RefusesOptionsThatCannotBe) {
  EXPECT_THAT(read("a\n", {.separator = '"'}), ElementsAre(HasSubstr("end !separator and quote")));
  EXPECT_THAT(read("a\n", {.separator = '\n'}), ElementsAre(HasSubstr("end !separator and quote")));
}

}  // namespace
}  // namespace workerdb::cli
