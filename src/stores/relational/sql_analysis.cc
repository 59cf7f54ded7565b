#include "stores/relational/sql_analysis.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/digest.h"
#include "stores/relational/sql_parser.h"
#include "stores/relational/sql_statements.h"
#include "value/text.h"

namespace workerdb::stores::relational {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;
using value::text_or_empty;

namespace {

constexpr size_t kLongestText = 1024 * 1024;

// DROP of these loses no data and can be repeated from the script that made them; with CASCADE it may.
constexpr auto kHarmlessDrops = std::to_array<std::string_view>(
    {"OBJECT_INDEX", "OBJECT_TRIGGER", "OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_VIEW",
     "OBJECT_POLICY", "OBJECT_RULE", "OBJECT_AGGREGATE", "OBJECT_CAST", "OBJECT_OPERATOR", "OBJECT_STATISTIC_EXT"});

// "a.b" of a list of String nodes.
std::string dotted(Slice names) {
  std::string text;
  if (!names.is_array()) return text;
  for (value::ArrayIterator part(names); part.valid(); part.next()) {
    if (!text.empty()) text += '.';
    text += text_or_empty(part.value().get("String").get("sval"));
  }
  return text;
}

// "TRANS_STMT_ROLLBACK_TO" as people write it.
std::string words_of(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string object_words(std::string_view type) {
  return type == "OBJECT_MATVIEW" ? "MATERIALIZED VIEW" : words_of(type, "OBJECT_");
}

class Walk {
 public:
  // The effect of one statement, which is an object with one member named as its node.
  SqlStatementAnalysis take_statement(Slice statement) {
    std::string_view node = name_of_node(statement);
    StatementKind kind = kind_of_node(node);
    found_ = {.effect = kind.effect, .what = std::string(kind.what)};
    // Of DO nobody knows; DROP of what holds no data is for its fields to tell.
    if (kind.loses) found_.loss = found_.what;
    Slice fields = statement.get(node);
    if (node == "ExplainStmt") {
      explain(fields);
    } else {
      if (node == "TransactionStmt") take_transaction(text_or_empty(fields.get("kind")));
      visit(statement);
      if (kind.effect != SqlEffect::kRead || node == "CopyStmt") object(found_.what + " is not reading");
    }
    return found_;
  }

  std::set<std::string> tables, written_tables, functions;
  std::vector<std::string> objections;

 private:
  static std::string_view name_of_node(Slice node) {
    if (!node.is_object() || node.size() == 0) return "";
    return value::ObjectIterator(node).name();
  }

  void object(std::string objection) {
    if (std::ranges::find(objections, objection) == objections.end()) objections.push_back(std::move(objection));
  }

  void take_transaction(std::string_view kind) {
    found_.controls_transaction = true;
    found_.what = words_of(kind, "TRANS_STMT_");
    if (kind == "TRANS_STMT_START" || kind == "TRANS_STMT_PREPARE") found_.what += " TRANSACTION";
  }

  void raise(SqlEffect effect, std::string what) {
    if (effect == SqlEffect::kDestroy && found_.loss.empty()) found_.loss = what;
    if (effect > found_.effect) found_.effect = effect, found_.what = std::move(what);
  }

  // EXPLAIN runs nothing, unless ANALYZE stands there (whatever its argument says: "0" and "off" are rare).
  void explain(Slice fields) {
    bool runs = false;
    Slice options = fields.get("options");
    for (value::ArrayIterator option(options.is_array() ? options : Slice::empty_array()); option.valid();
         option.next()) {
      runs = runs || text_or_empty(option.value().get("DefElem").get("defname")) == "analyze";
    }
    if (runs) {
      SqlStatementAnalysis inner = take_statement(fields.get("query"));
      found_ = std::move(inner);
      found_.what = "EXPLAIN ANALYZE " + found_.what;
      return;
    }
    Walk planned;  // what it names is touched by nobody but the planner
    planned.take_statement(fields.get("query"));
    tables.merge(planned.tables);
    functions.merge(planned.functions);
    found_ = {.effect = SqlEffect::kDescribe, .what = "EXPLAIN"};
  }

  void visit(Slice node) {
    if (node.is_array()) {
      for (value::ArrayIterator item(node); item.valid(); item.next()) visit(item.value());
      return;
    }
    if (!node.is_object()) return;
    for (value::ObjectIterator member(node); member.valid(); member.next()) visit_member(member.name(), member.value());
  }

  void visit_member(std::string_view name, Slice fields) {
    if (!fields.is_object()) return visit(fields);
    look_at(name, fields);
    // Names of WITH hold for the statement that they stand before. A query of WITH does not see its own name,
    // unless it is recursive: WITH t AS (SELECT * FROM t) reads the table t.
    Slice with = fields.get("withClause");
    size_t outer = with_names_.size();
    if (with.is_object()) visit_with(with);
    for (value::ObjectIterator member(fields); member.valid(); member.next()) {
      if (member.name() != "withClause") visit_member(member.name(), member.value());
    }
    with_names_.resize(outer);
  }

  void visit_with(Slice with) {
    bool recursive = with.get("recursive").is_true();
    Slice queries = with.get("ctes");
    if (!queries.is_array()) return;
    auto name_of = [](Slice query) { return std::string(text_or_empty(query.get("CommonTableExpr").get("ctename"))); };
    for (value::ArrayIterator query(queries); recursive && query.valid(); query.next())
      with_names_.push_back(name_of(query.value()));
    for (value::ArrayIterator query(queries); query.valid(); query.next()) {
      visit(query.value());
      if (!recursive) with_names_.push_back(name_of(query.value()));
    }
  }

  void look_at(std::string_view node, Slice fields) {
    if (node == "RangeVar" || node == "relation" || node == "rel" || node == "view" || node == "sequence")
      add_table(fields, tables);
    if (node == "FuncCall") functions.insert(dotted(fields.get("funcname")));
    if (node == "InsertStmt" || node == "UpdateStmt" || node == "DeleteStmt" || node == "MergeStmt")
      look_at_change(node, fields);
    if (node == "SelectStmt") look_at_select(fields);
    if (node == "CopyStmt") look_at_copy(fields);
    if (node == "VariableSetStmt") look_at_set(fields);
    if (node == "DropStmt") look_at_drop(fields);
    if (node == "AlterTableCmd" && (text_or_empty(fields.get("subtype")) == "AT_DropColumn")) {
      raise(SqlEffect::kDestroy, "ALTER TABLE ... DROP COLUMN");
    }
  }

  void add_table(Slice fields, std::set<std::string>& to) {
    std::string schema(text_or_empty(fields.get("schemaname"))), name(text_or_empty(fields.get("relname")));
    if (name.empty()) return;
    if (schema.empty() && std::ranges::find(with_names_, name) != with_names_.end()) return;
    std::string_view database = text_or_empty(fields.get("catalogname"));
    to.insert(database.empty() ? schema.empty() ? name : schema + "." + name
                               : fmt::format("{}.{}.{}", database, schema, name));
  }

  void look_at_change(std::string_view node, Slice fields) {
    StatementKind kind = kind_of_node(node);
    object(fmt::format("{} is not reading", kind.what));
    raise(SqlEffect::kWrite, std::string(kind.what));
    add_table(fields.get("relation"), written_tables);
    if (node == "DeleteStmt" && fields.get("whereClause").is_none()) raise(SqlEffect::kDestroy, "DELETE without WHERE");
  }

  void look_at_select(Slice fields) {
    if (fields.get("intoClause").is_object()) {
      object("SELECT INTO makes a table");
      raise(SqlEffect::kShape, "SELECT INTO");
    }
    if (fields.get("lockingClause").is_array()) {
      object("FOR UPDATE and its kind lock rows");
      raise(SqlEffect::kWrite, "SELECT FOR UPDATE");
    }
  }

  void look_at_copy(Slice fields) {
    if (!text_or_empty(fields.get("filename")).empty()) {
      raise(SqlEffect::kAdminister, fields.get("is_program").is_true() ? "COPY with a program of the server"
                                                                       : "COPY with a file of the server");
    } else if (fields.get("is_from").is_true()) {
      raise(SqlEffect::kWrite, "COPY FROM");
      add_table(fields.get("relation"), written_tables);
    }
  }

  void look_at_set(Slice fields) {
    std::string_view name = text_or_empty(fields.get("name"));
    if (name == "role" || name == "session_authorization" || name == "session_replication_role") {
      raise(SqlEffect::kAdminister, fmt::format("SET {}", name));
    }
  }

  void look_at_drop(Slice fields) {
    std::string_view type = text_or_empty(fields.get("removeType"));
    found_.what = "DROP " + object_words(type);
    bool harmless = std::ranges::find(kHarmlessDrops, type) != kHarmlessDrops.end();
    bool cascades = text_or_empty(fields.get("behavior")) == "DROP_CASCADE";
    if (!harmless || cascades) raise(SqlEffect::kDestroy, found_.what + (cascades ? " CASCADE" : ""));
  }

  SqlStatementAnalysis found_;
  std::vector<std::string> with_names_;
};

// The parser's own fingerprint; of what administers (its text may hold passwords) the kinds alone.
std::string digest_of(const std::string& text, const SqlAnalysis& analysis) {
  if (analysis.effect == SqlEffect::kAdminister) {
    std::string kinds;
    for (const SqlStatementAnalysis& statement : analysis.statements) kinds += statement.what + ";";
    return base::sha256_hex(kinds);
  }
  PgQueryFingerprintResult result = pg_query_fingerprint(text.c_str());
  std::string digest = result.error == nullptr ? base::sha256_hex(result.fingerprint_str) : "";
  pg_query_free_fingerprint_result(result);
  return digest;
}

}  // namespace

Result<SqlAnalysis> analyze_sql(std::string_view given) {
  if (given.size() > kLongestText) {
    return Error(
        ErrorCode::kResourceLimit,
        fmt::format("a text of {} bytes is too long to be looked at; {} are the most", given.size(), kLongestText));
  }
  // The parser takes a C string and would not see what stands behind the byte.
  if (given.find('\0') != given.npos) return Error(ErrorCode::kQueryParse, "a NUL byte cannot stand in SQL");
  std::string text(given);
  value::Buffer tree = TRY(parse_tree(text));
  Slice statements = tree.slice().get("stmts");
  if (!statements.is_array() || statements.size() == 0)
    return Error(ErrorCode::kQueryEmpty, "there is no statement in the text");
  SqlAnalysis analysis;
  Walk walk;
  for (value::ArrayIterator statement(statements); statement.valid(); statement.next()) {
    analysis.statements.push_back(walk.take_statement(statement.value().get("stmt")));
    const SqlStatementAnalysis& last = analysis.statements.back();
    if (analysis.what.empty() || last.effect > analysis.effect)
      analysis.effect = last.effect, analysis.what = last.what;
  }
  analysis.objections = std::move(walk.objections);
  if (statements.size() > 1) analysis.objections.push_back("there is more than one statement");
  analysis.tables.assign(walk.tables.begin(), walk.tables.end());
  analysis.written_tables.assign(walk.written_tables.begin(), walk.written_tables.end());
  analysis.functions.assign(walk.functions.begin(), walk.functions.end());
  analysis.digest = digest_of(text, analysis);
  return analysis;
}

}  // namespace workerdb::stores::relational
