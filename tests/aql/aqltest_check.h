#pragma once
// A step's outcome against what is expected of it.
#include <string>

#include "aqltest_session.h"

namespace workerdb::aqltest {

// Each way in which they differ is a line; empty where there is none. `is_own_text`: the query ran as it is written,
// so that an error's position holds.
base::Result<std::string> differences(const Step& step, const Outcome& outcome, bool is_own_text);
base::Result<std::string> statistics_differences(const Step& step, const Outcome& outcome);
// "+plan: IndexNode by_age": a node of that type whose description contains all words. "+plan: rule NAME" too.
base::Result<std::string> plan_differences(const Step& step, engine::Database& database);

}  // namespace workerdb::aqltest
