#pragma once
// Private to this folder: libpg_query's answers as our own types.
#include <string>
#include <string_view>

#include "base/result.h"
#include "value/builder.h"

namespace workerdb::stores::relational {

struct ParseProblem {
  int line = 1;  // of the text, from 1
  std::string message;
};

ParseProblem to_problem(int cursor, std::string_view message, std::string_view text);

// {"stmts": [{"stmt": {...}, "stmt_location": bytes, "stmt_len": bytes}]}. Fails with kQueryParse, and with
// kResourceLimit for what is nested too deeply. No NUL byte may stand in the text: the parser would end there.
base::Result<value::Buffer> parse_tree(const std::string& text);

}  // namespace workerdb::stores::relational
