// query_documents, query_relational, explain and cache_get: values, read-only, a page at a time.
#include <fmt/format.h>

#include "mcp/data_notice.h"
#include "mcp/page.h"
#include "mcp/tool.h"
#include "value/json.h"

namespace workerdb::mcp {

using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;
using value::Slice;

namespace {

// What is left of the byte limit for rows, beside notice, columns and cursor.
uint64_t row_bytes(const ToolCall& call) { return call.limits.bytes - call.limits.bytes / 8; }

void add_warnings(Builder& to, const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  to.key("warnings");
  to.open_array();
  for (size_t at = 0; at < warnings.size() && at < 10; ++at) to.string(warnings[at]);
  to.close();
}

void add_columns(Builder& to, const RowSet& rows) {
  to.key("columns");
  to.open_array();
  for (size_t at = 0; at < rows.columns.size(); ++at) {
    to.open_object();
    to.add("name", rows.columns[at]);
    to.add("type", at < rows.column_types.size() ? rows.column_types[at] : std::string("text"));
    to.close();
  }
  to.close();
}

void add_leading(Builder& to, Slice array, uint64_t count) {
  to.key("rows");
  to.open_array();
  value::ArrayIterator item(array);
  for (uint64_t at = 0; at < count && item.valid(); ++at, item.next()) to.slice(item.value());
  to.close();
}

Result<ToolAnswer> rows_answer(const ToolCall& call, const RowSet& rows, const PageStart& start, bool with_columns) {
  Slice array = rows.rows.slice();
  Fit fit = fitting_items(array, rows_argument(call), row_bytes(call));
  if (fit.items == 0 && array.size() > 0) {
    return Error(ErrorCode::kResourceLimit,
                 fmt::format("one row has {} bytes as JSON, an answer at most {}; return fewer attributes of it",
                             fit.first_bytes, row_bytes(call)));
  }
  bool has_more = rows.has_more || fit.items < array.size();
  Builder answer;
  answer.open_object();
  answer.add("notice", kDataNotice);
  if (with_columns) add_columns(answer, rows);
  add_leading(answer, array, fit.items);
  answer.add("row_count", fit.items);
  add_warnings(answer, rows.warnings);
  if (has_more) answer.add("next_cursor", make_cursor(call, {start.skip + fit.items, {}}));
  answer.close();
  std::string summary =
      fmt::format("{} row(s){}.", fit.items,
                  has_more ? "; there are more: call again with next_cursor as 'cursor'" : ", which is all");
  return ToolAnswer{std::move(summary), answer.take()};
}

// Parameters as the wire to PostgreSQL wants them: texts and nulls.
value::Buffer parameter_texts(Slice parameters) {
  Builder texts;
  texts.open_array();
  for (value::ArrayIterator item(parameters); item.valid(); item.next()) {
    if (item.value().is_null()) {
      texts.null();
    } else {
      texts.string(item.value().is_string() ? std::string(item.value().as_string()) : value::to_json(item.value()));
    }
  }
  texts.close();
  return texts.take();
}

CacheRead cache_read(const std::string& name) {
  if (name == "string") return CacheRead::kString;
  if (name == "hash") return CacheRead::kHash;
  if (name == "list") return CacheRead::kList;
  if (name == "set") return CacheRead::kSet;
  if (name == "sorted_set") return CacheRead::kSortedSet;
  if (name == "stream") return CacheRead::kStream;
  return CacheRead::kAutomatic;
}

}  // namespace

Result<ToolAnswer> query_documents(const ToolCall& call) {
  PageStart start = TRY(page_start(call));
  Slice bind = call.arguments.get("bind");
  RowSet rows = TRY(call.door.query_documents(
      call.call, text_argument(call, "database", "flowmaster"), text_argument(call, "query"),
      bind.is_object() ? bind : Slice::empty_object(), {start.skip, rows_argument(call), row_bytes(call)}));
  return rows_answer(call, rows, start, false);
}

Result<ToolAnswer> query_relational(const ToolCall& call) {
  PageStart start = TRY(page_start(call));
  value::Buffer parameters = parameter_texts(call.arguments.get("parameters"));
  RowSet rows = TRY(call.door.query_relational(call.call, text_argument(call, "database", "flowmaster_core"),
                                               text_argument(call, "query"), parameters.slice(),
                                               {start.skip, rows_argument(call), row_bytes(call)}));
  return rows_answer(call, rows, start, true);
}

Result<ToolAnswer> explain(const ToolCall& call) {
  StoreKind store = store_argument(call, StoreKind::kDocuments);
  bool is_documents = store == StoreKind::kDocuments;
  Slice bind = call.arguments.get("bind");
  if (!bind.is_null() && (is_documents ? !bind.is_object() : !bind.is_array())) {
    return Error(ErrorCode::kBadParameter,
                 is_documents ? "'bind' must be an object for documents" : "'bind' must be an array for relational");
  }
  value::Buffer given =
      is_documents ? value::Buffer(bind.is_object() ? bind : Slice::empty_object()) : parameter_texts(bind);
  QueryPlan plan = TRY(call.door.explain(
      call.call, store, text_argument(call, "database", is_documents ? "flowmaster" : "flowmaster_core"),
      text_argument(call, "query"), given.slice()));
  if (plan.text.size() > call.limits.bytes) {
    plan.text.resize(call.limits.bytes);
    while (!plan.text.empty() && (plan.text.back() & 0xc0) == 0x80) plan.text.pop_back();
    if (!plan.text.empty() && (plan.text.back() & 0x80) != 0) plan.text.pop_back();
    plan.text += "\n... (cut)";
  }
  Builder answer;
  answer.open_object();
  answer.add("notice", kDataNotice);
  answer.add("plan", plan.text);
  add_warnings(answer, plan.warnings);
  answer.close();
  return ToolAnswer{"The plan; the query was not run.", answer.take()};
}

Result<ToolAnswer> cache_get(const ToolCall& call) {
  PageStart start = TRY(page_start(call));
  CacheRequest request;
  request.key = text_argument(call, "key");
  request.field = text_argument(call, "field");
  request.read = cache_read(text_argument(call, "as", request.field.empty() ? "auto" : "hash"));
  request.position = start.position;
  CacheValue found = TRY(call.door.read_cache(call.call, request, {0, rows_argument(call), row_bytes(call)}));
  if (std::string text = value::to_json(found.value.slice()); text.size() > call.limits.bytes) {
    return Error(
        ErrorCode::kResourceLimit,
        fmt::format("this part of the value has {} bytes, an answer at most {}; ask for fewer with 'limit' or 'field'",
                    text.size(), call.limits.bytes));
  }
  Builder answer;
  answer.open_object();
  answer.add("notice", kDataNotice);
  answer.add("key", request.key);
  answer.add("type", found.type);
  if (found.ttl_s) answer.add("ttl_s", *found.ttl_s);
  if (found.type != "none") answer.add("value", found.value.slice());
  if (!found.next_position.empty()) answer.add("next_cursor", make_cursor(call, {0, found.next_position}));
  answer.close();
  std::string summary =
      found.type == "none"
          ? std::string("There is no such key.")
          : fmt::format("A {}{}.", found.type,
                        found.next_position.empty() ? "" : "; there is more: call again with next_cursor as 'cursor'");
  return ToolAnswer{std::move(summary), answer.take()};
}

}  // namespace workerdb::mcp
