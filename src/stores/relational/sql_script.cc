#include "stores/relational/sql_script.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>

#include "stores/relational/sql_analysis.h"
#include "stores/relational/sql_parser.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::stores::relational {

using value::Slice;

namespace {

int newlines(std::string_view text) { return int(std::ranges::count(text, '\n')); }

// Blanks and comments before the first word. Comments nest (PostgreSQL 15 documentation, 4.1.5).
size_t first_word(std::string_view text) {
  size_t at = 0, nesting = 0;
  while (at < text.size()) {
    std::string_view rest = text.substr(at);
    if (rest.starts_with("/*")) {
      ++nesting, at += 2;
    } else if (nesting > 0 && rest.starts_with("*/")) {
      --nesting, at += 2;
    } else if (nesting == 0 && rest.starts_with("--")) {
      at += std::min(rest.find('\n'), rest.size());
    } else if (nesting > 0 || std::string_view(" \t\n\r\f\v").find(rest.front()) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// What a DO block runs, by the parse of its body.
class DoBlock {
 public:
  explicit DoBlock(int first_line) : first_line_(first_line) {}

  std::vector<ScriptPlace> read(const std::string& statement) {
    PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(statement.c_str());
    std::string text = result.error == nullptr ? result.plpgsql_funcs : "";
    pg_query_free_plpgsql_parse_result(result);
    auto tree = value::parse_json(text);
    // Of another language there is no action; a body that is not understood has no tree.
    if (!tree || tree->slice().at(0).get("PLpgSQL_function").get("action").is_none()) {
      add(1, "a DO block that cannot be looked into");
      return std::move(found_);
    }
    visit(tree->slice().at(0), 1);
    return std::move(found_);
  }

 private:
  void add(int line, std::string what) { found_.push_back({first_line_ + line - 1, std::move(what)}); }

  void visit(Slice node, int line) {
    if (node.is_array()) {
      for (value::ArrayIterator item(node); item.valid(); item.next()) visit(item.value(), line);
    }
    if (!node.is_object()) return;
    if (Slice own = node.get("lineno"); own.is_int64()) line = int(own.as_int64());
    for (value::ObjectIterator member(node); member.valid(); member.next()) {
      std::string_view name = member.name();
      bool is_built = name.starts_with("PLpgSQL_stmt_dyn") || name == "dynquery";
      if (name == "PLpgSQL_expr") look_at(value::text_or_empty(member.value().get("query")), false, line);
      if (name == "sqlstmt") look_at(value::text_or_empty(member.value().get("PLpgSQL_expr").get("query")), true, line);
      if (is_built) {
        Slice own = member.value().get("lineno");
        add(own.is_int64() ? int(own.as_int64()) : line, "EXECUTE in a DO block");
      }
      if (name != "sqlstmt") visit(member.value(), line);
    }
  }

  // Expressions ("x := 1", "a > b") do not parse as statements and change nothing by themselves.
  void look_at(std::string_view query, bool is_statement, int line) {
    auto analysis = analyze_sql(query);
    if (!analysis && !is_statement) return;
    std::string loss = analysis ? analysis->statements.front().loss : "a statement that is not understood";
    if (!loss.empty()) add(line, loss + " in a DO block");
  }

  int first_line_;
  std::vector<ScriptPlace> found_;
};

// The line of the body's beginning, counted within the statement.
int line_of_body(const std::string& statement) {
  auto tree = parse_tree(statement);
  if (!tree) return 1;
  Slice options = tree->slice().get("stmts").at(0).get("stmt").get("DoStmt").get("args");
  for (value::ArrayIterator option(options.is_array() ? options : Slice::empty_array()); option.valid();
       option.next()) {
    Slice fields = option.value().get("DefElem");
    if (value::text_or_empty(fields.get("defname")) != "as" || !fields.get("location").is_int64()) continue;
    size_t at = std::min(size_t(fields.get("location").as_int64()), statement.size());
    return 1 + newlines(std::string_view(statement).substr(0, at));
  }
  return 1;
}

void take_statement(const std::string& statement, int line, ScriptAnalysis& to) {
  ++to.statements;
  auto analysis = analyze_sql(statement);
  if (!analysis || analysis->statements.size() != 1) {
    to.losses.push_back({line, "a statement that is too long or too deep to be looked at"});
    return;
  }
  const SqlStatementAnalysis& found = analysis->statements.front();
  if (found.what == "DO") {
    std::ranges::move(DoBlock(line + line_of_body(statement) - 1).read(statement), std::back_inserter(to.losses));
  } else if (!found.loss.empty()) {
    to.losses.push_back({line, found.loss});
  }
  if (found.controls_transaction) to.transaction_control.push_back({line, found.what});
}

}  // namespace

ScriptAnalysis analyze_script(std::string_view given) {
  ScriptAnalysis analysis;
  if (size_t nul = given.find('\0'); nul != given.npos) {
    analysis.problems.push_back({1 + newlines(given.substr(0, nul)), "a NUL byte cannot stand in SQL"});
    return analysis;
  }
  std::string script(given);
  PgQuerySplitResult pieces = pg_query_split_with_parser(script.c_str());
  if (pieces.error != nullptr) {
    ParseProblem problem = to_problem(pieces.error->cursorpos, pieces.error->message, script);
    analysis.problems.push_back({problem.line, problem.message});
  }
  size_t counted = 0;
  int line = 1;
  for (int i = 0; pieces.error == nullptr && i < pieces.n_stmts; ++i) {
    std::string piece = script.substr(size_t(pieces.stmts[i]->stmt_location), size_t(pieces.stmts[i]->stmt_len));
    size_t blanks = first_word(piece), begin = size_t(pieces.stmts[i]->stmt_location) + blanks;
    line += newlines(std::string_view(script).substr(counted, begin - counted));
    counted = begin;
    take_statement(piece.substr(blanks), line, analysis);
  }
  pg_query_free_split_result(pieces);
  return analysis;
}

}  // namespace workerdb::stores::relational
