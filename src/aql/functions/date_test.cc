// Date functions, case by case, and the calendar.
#include <gtest/gtest.h>

#include "aql/functions/civil_time.h"
#include "aql/functions/testing_context.h"

namespace workerdb::aql::functions {
namespace {

TEST(DateFunctions, Conversion) {
  check(std::vector<Case>{
      {"DATE_TIMESTAMP", R"(["2014-05-07T14:19:09.522"])", "1399472349522"},
      {"DATE_TIMESTAMP", R"(["2014-05-07T14:19:09.522Z"])", "1399472349522"},
      {"DATE_TIMESTAMP", R"(["2014-05-07 14:19:09.522"])", "1399472349522"},
      {"DATE_TIMESTAMP", "[2014,5,7,14,19,9,522]", "1399472349522"},
      {"DATE_TIMESTAMP", "[1399472349522]", "1399472349522"},
      {"DATE_TIMESTAMP", R"(["2014-05-07T14:19:09+01:00"])", "1399468749000"},
      {"DATE_TIMESTAMP", R"(["2014-05-07Z"])", "1399420800000"},
      {"DATE_TIMESTAMP", "[2016,12,-1]", "null", 1572},
      {"DATE_TIMESTAMP", "[2016,2,32]", "1456963200000"},
      {"DATE_TIMESTAMP", "[1970,1,1,26]", "93600000"},
      {"DATE_TIMESTAMP", "[2016,14,1]", "1485907200000"},
      {"DATE_TIMESTAMP", R"(["today"])", "null", 1572},
      {"DATE_TIMESTAMP", "[null]", "null", 1572},
      {"DATE_TIMESTAMP", "[253402300800000]", "null", 1572},
      {"DATE_TIMESTAMP", "[-62167219200000]", "-62167219200000"},
      {"DATE_TIMESTAMP", R"(["2022-05-28T11:00:46.115508Z"])", "1653735646115"},
      {"DATE_ISO8601", "[1399472349522]", R"("2014-05-07T14:19:09.522Z")"},
      {"DATE_ISO8601", "[2014,5,7,14,19,9,522]", R"("2014-05-07T14:19:09.522Z")"},
      {"DATE_ISO8601", "[-62167219200000]", R"("0000-01-01T00:00:00.000Z")"},
      {"DATE_ISO8601", R"(["2015-02-31"])", R"("2015-03-03T00:00:00.000Z")"},
      {"DATE_ISO8601", R"(["2015"])", R"("2015-01-01T00:00:00.000Z")"},
      {"DATE_ISO8601", R"(["2015-05-15T24:00:00.000Z"])", R"("2015-05-16T00:00:00.000Z")"},
      {"DATE_ISO8601", R"(["9999-12-31T23:59:59.999-01:00"])", "null", 1572},
      {"IS_DATESTRING", R"(["2015"])", "true"},
      {"IS_DATESTRING", R"(["2015-10"])", "true"},
      {"IS_DATESTRING", R"(["2015-02-31"])", "true"},
      {"IS_DATESTRING", R"(["2015-1-1"])", "true"},
      {"IS_DATESTRING", R"(["2015-13-01"])", "false"},
      {"IS_DATESTRING", R"(["2015-01-01T5:00:00"])", "false"},
      {"IS_DATESTRING", R"(["2015-01-01T05:00:00.Z"])", "false"},
      {"IS_DATESTRING", R"(["2015-01-01T05:00:00+25:00"])", "false"},
      {"IS_DATESTRING", "[0]", "false"},
      {"IS_DATESTRING", R"([""])", "false"},
  });
}

TEST(DateFunctions, Parts) {
  check(std::vector<Case>{
      {"DATE_YEAR", R"(["2020-08-29"])", "2020"},
      {"DATE_YEAR", "[0]", "1970"},
      {"DATE_YEAR", R"(["2023-12-31T23:00:00.000Z","Europe/Berlin"])", "2024"},
      {"DATE_MONTH", R"(["2023-12-31T23:00:00.000Z","Europe/Berlin"])", "1"},
      {"DATE_DAY", R"(["2023-12-31T23:00:00.000Z","Europe/Berlin"])", "1"},
      {"DATE_DAY", R"(["2020-08-29"])", "29"},
      {"DATE_HOUR", R"(["2020-08-29T16:30:05.123"])", "16"},
      {"DATE_HOUR", "[14400000]", "4"},
      {"DATE_MINUTE", R"(["2023-12-31T23:00:00.000Z","Asia/Kathmandu"])", "45"},
      {"DATE_MINUTE", "[2520000]", "42"},
      {"DATE_SECOND", "[1234567890]", "7"},
      {"DATE_MILLISECOND", "[1234567890]", "890"},
      {"DATE_DAYOFWEEK", R"(["2020-08-29"])", "6"},
      {"DATE_DAYOFWEEK", "[0]", "4"},
      {"DATE_DAYOFWEEK", R"(["2023-03-25T23:00:00.000Z","Europe/Berlin"])", "0"},
      {"DATE_DAYOFWEEK", "[-86400000]", "3"},
      {"DATE_DAYOFYEAR", R"(["2020-08-29"])", "242"},
      {"DATE_DAYOFYEAR", "[86400000]", "2"},
      {"DATE_ISOWEEK", R"(["2020-08-29"])", "35"},
      {"DATE_ISOWEEK", "[1234567890]", "3"},
      {"DATE_ISOWEEKYEAR", R"(["2023-01-01"])", R"({"week":52,"year":2022})"},
      {"DATE_ISOWEEKYEAR", R"(["2019-12-30"])", R"({"week":1,"year":2020})"},
      {"DATE_LEAPYEAR", R"(["2020-01-01"])", "true"},
      {"DATE_LEAPYEAR", R"(["2021-01-01"])", "false"},
      {"DATE_LEAPYEAR", R"(["2016-12-31T23:00:00.000Z","Europe/Berlin"])", "false"},
      {"DATE_LEAPYEAR", R"(["1900-01-01"])", "false"},
      {"DATE_QUARTER", R"(["2020-08-29"])", "3"},
      {"DATE_DAYS_IN_MONTH", R"(["2020-02-01"])", "29"},
      {"DATE_DAYS_IN_MONTH", "[3045600000]", "28"},
      {"DATE_YEAR", R"(["2020-08-29","Nowhere/Town"])", "null", 1572},
      {"DATE_YEAR", R"(["2020-08-29",1])", "null", 1542},
      {"DATE_YEAR", "[true]", "null", 1572},
      {"DATE_FORMAT", R"(["1969","Summer of '%yy"])", R"("Summer of '69")"},
      {"DATE_FORMAT", R"(["2016","%%l = %l"])", R"("%l = 1")"},
      {"DATE_FORMAT", R"(["2016-03-01","%xxx%"])", R"("061")"},
      {"DATE_FORMAT", R"(["2016-03-01","%m%&month %mmonth"])", R"("3month 03onth")"},
      {"DATE_FORMAT",
       R"(["2023-12-31T23:01:02.003Z","%dd.%MM.%yyyy %hh:%ii:%ss,%fff %yyyyyy %z %t %q %k %a %mmm %wwww"])",
       R"("31.12.2023 23:01:02,003 +002023 2023-12-31T23:01:02.003Z 1704063662003 4 52 31 Dec Sunday")"},
      {"DATE_FORMAT", R"(["2023-12-31T23:00:00.000Z","%yyyy","Europe/Berlin"])", R"("2024")"},
      {"DATE_FORMAT", R"(["2016",1])", "null", 1542},
  });
}

TEST(DateFunctions, Calculation) {
  check(std::vector<Case>{
      {"DATE_ADD", R"(["2015-01-31",1,"months"])", R"("2015-03-03T00:00:00.000Z")"},
      {"DATE_ADD", R"(["2015-04-01",61,"months"])", R"("2020-05-01T00:00:00.000Z")"},
      {"DATE_ADD", R"(["2000-01-01","PT4H"])", R"("2000-01-01T04:00:00.000Z")"},
      {"DATE_ADD", R"(["2000-01-01","PT30M44.4S"])", R"("2000-01-01T00:30:44.400Z")"},
      {"DATE_ADD", R"(["2000-01-01","P1Y2M3W4DT5H6M7.89S"])", R"("2001-03-26T05:06:07.890Z")"},
      {"DATE_ADD", R"(["2000-01-01","P5DT26H"])", R"("2000-01-07T02:00:00.000Z")"},
      {"DATE_ADD", R"(["2023-03-25T23:00:00.000Z",1,"day"])", R"("2023-03-26T23:00:00.000Z")"},
      {"DATE_ADD", R"(["2023-03-25T23:00:00.000Z",1,"day","Europe/Berlin"])", R"("2023-03-26T22:00:00.000Z")"},
      {"DATE_ADD", R"(["2000-01-01","P1D","Europe/Berlin"])", R"("2000-01-02T00:00:00.000Z")"},
      {"DATE_ADD", R"(["2000-01-01","P"])", "null", 1572},
      {"DATE_ADD", R"(["2000-01-01","P1D2W"])", "null", 1572},
      {"DATE_ADD", R"(["2000-01-01","-P1Y"])", "null", 1542},
      {"DATE_ADD", R"(["2000-01-01",1,"parsec"])", "null", 1572},
      {"DATE_ADD", R"(["2000-01-01",9223372036854775807,"years"])", "null", 1572},
      {"DATE_ADD", R"(["9999-12-31",1,"day"])", "null", 1572},
      {"DATE_ADD", R"(["2000-01-01",1])", "null", 1542},
      {"DATE_SUBTRACT", R"(["2020-12-24",4,"years"])", R"("2016-12-24T00:00:00.000Z")"},
      {"DATE_SUBTRACT", R"(["2020-03-01","P1D"])", R"("2020-02-29T00:00:00.000Z")"},
      {"DATE_SUBTRACT", R"(["2020-01-15",1,"M"])", R"("2019-12-15T00:00:00.000Z")"},
      {"DATE_DIFF", R"(["2023-12-01","2024-04-01","days"])", "122"},
      {"DATE_DIFF", R"(["2024-04-01","2023-12-01","d"])", "-122"},
      {"DATE_DIFF",
       R"(["2024-01-01T00:00:00.000Z","2024-01-01T00:00:00.000Z","hours",true,"Asia/Kathmandu","America/Los_Angeles"])",
       "-13.75"},
      {"DATE_DIFF", R"(["2023-03-25T23:00:00.000Z","2023-03-26T23:00:00.000Z","hours"])", "24"},
      {"DATE_DIFF", R"(["2023-03-25T23:00:00.000Z","2023-03-26T23:00:00.000Z","hours","Europe/Berlin"])", "25"},
      {"DATE_DIFF", R"(["2022-05-28T11:00:46.115508Z","2022-06-27T21:30:50.951736Z","m",true])", "1.0000223732634255"},
      {"DATE_DIFF", R"(["2022-05-28","2022-06-27","x"])", "null", 1572},
      {"DATE_COMPARE", R"(["1985-04-04","2020-04-04","months","days"])", "true"},
      {"DATE_COMPARE", R"(["1984-02-29","2021-03-01","months","days"])", "false"},
      {"DATE_COMPARE", R"(["2001-01-01T15:30:45.678Z","2001-01-01T08:08:08.008Z","years","days"])", "true"},
      {"DATE_COMPARE", R"(["2001-01-01","2002-01-01","years"])", "false"},
      {"DATE_COMPARE", R"(["2001-01-01","2002-01-01","days","years"])", "null", 1572},
      {"DATE_COMPARE", R"(["2023-04-01T09:00:00.000Z","2024-04-01T18:00:00.000Z","hour","minute"])", "false"},
      {"DATE_COMPARE",
       R"(["2023-04-01T09:00:00.000Z","2024-04-01T18:00:00.000Z","hour","minute","Europe/Berlin","America/Los_Angeles"])",
       "true"},
      {"DATE_TRUNC", R"(["2017-02-03","month"])", R"("2017-02-01T00:00:00.000Z")"},
      {"DATE_TRUNC", R"(["2017-02-03 04:05:06","hours"])", R"("2017-02-03T04:00:00.000Z")"},
      {"DATE_TRUNC", R"(["2023-03-25 23:00:00","day"])", R"("2023-03-25T00:00:00.000Z")"},
      {"DATE_TRUNC", R"(["2023-03-25 23:00:00","day","Europe/Berlin"])", R"("2023-03-25T23:00:00.000Z")"},
      {"DATE_TRUNC", R"(["1969-12-31T23:30:00Z","h"])", R"("1969-12-31T23:00:00.000Z")"},
      {"DATE_TRUNC", R"(["2017-02-03","week"])", "null", 1572},
      {"DATE_ROUND", R"(["2000-04-28T11:11:11.111Z",1,"day"])", R"("2000-04-28T00:00:00.000Z")"},
      {"DATE_ROUND", R"(["2000-04-10T11:39:29Z",15,"minutes"])", R"("2000-04-10T11:30:00.000Z")"},
      {"DATE_ROUND", R"(["2023-03-25T23:55:55.555Z",1,"day","Europe/Berlin"])", R"("2023-03-25T23:00:00.000Z")"},
      {"DATE_ROUND", R"(["2000-04-10",0,"minutes"])", "null", 1542},
      {"DATE_ROUND", R"(["2000-04-10",1,"month"])", "null", 1572},
  });
}

TEST(DateFunctions, Zones) {
  check(std::vector<Case>{
      {"DATE_UTCTOLOCAL", R"(["2020-03-15T00:00:00.000","Europe/Berlin"])", R"("2020-03-15T01:00:00.000")"},
      {"DATE_UTCTOLOCAL", R"(["2020-03-15T00:00:00.000","America/New_York"])", R"("2020-03-14T20:00:00.000")"},
      {"DATE_UTCTOLOCAL", R"(["2020-03-15T00:00:00.000","UTC"])", R"("2020-03-15T00:00:00.000Z")"},
      {"DATE_UTCTOLOCAL", R"(["2020-03-15T00:00:00.000-02:00","Asia/Shanghai"])", R"("2020-03-15T10:00:00.000")"},
      {"DATE_UTCTOLOCAL", R"([1584230400000,"Asia/Shanghai"])", R"("2020-03-15T08:00:00.000")"},
      {"DATE_LOCALTOUTC", R"(["2020-03-15T00:00:00.000","Europe/Berlin"])", R"("2020-03-14T23:00:00.000Z")"},
      {"DATE_LOCALTOUTC", R"(["2020-03-15T00:00:00.000","America/New_York"])", R"("2020-03-15T04:00:00.000Z")"},
      {"DATE_LOCALTOUTC", R"(["2020-03-15T00:00:00.000-02:00","Asia/Shanghai"])", R"("2020-03-14T18:00:00.000Z")"},
      {"DATE_LOCALTOUTC", R"(["2020-03-15","Nowhere/Town"])", "null", 1572},
      {"DATE_LOCALTOUTC", R"(["2020-03-15",null])", "null", 1542},
  });
  TestingContext context;
  std::string zoned = context.call("DATE_LOCALTOUTC", R"(["2021-03-16T12:00:00.000","Africa/Lagos",true])");
  EXPECT_NE(zoned.find(R"("utc":"2021-03-16T11:00:00.000Z")"), std::string::npos) << zoned;
  EXPECT_NE(zoned.find(R"("name":"WAT","begin":"1919-08-31T23:30:00.000Z","end":null,"dst":false,"offset":3600)"),
            std::string::npos)
      << zoned;
  EXPECT_NE(context.call("DATE_TIMEZONES", "[]").find("Europe/Berlin"), std::string::npos);
  context.now_ms = 1000;
  EXPECT_EQ(context.call("DATE_NOW", "[]"), "1000");
}

TEST(CivilTime, EveryDayComesBack) {
  for (int64_t day = -719528; day <= 2932896; day += 13) {
    CivilTime time = to_civil(day * kDayMs);
    ASSERT_EQ(days_from_civil(time.year, time.month, time.day), day);
  }
}

}  // namespace
}  // namespace workerdb::aql::functions
