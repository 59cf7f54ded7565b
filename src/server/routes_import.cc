// Bulk import. Source: the 3.12 documentation, "HTTP interface for importing data".
#include <fmt/format.h>

#include "server/router.h"
#include "server/services.h"
#include "value/json.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

// So many documents become visible together; more would only make the transaction's memory larger.
constexpr uint64_t kDocumentsPerTransaction = 2000;
constexpr size_t kDetailsKept = 1000;

struct Counts {
  uint64_t created = 0, errors = 0, empty = 0, updated = 0, ignored = 0;
  std::vector<std::string> details;
};

class Import {
 public:
  static Result<Import> create(Exchange& exchange) {
    if (exchange.parameter("collection").empty()) return ErrorCode::kCollectionParameterMissing;
    auto collection = TRY(exchange.collection(exchange.parameter("collection"), AccessLevel::kReadWrite));
    Import import(exchange, TRY(exchange.database()), std::move(collection));
    import.complete_ = TRY(exchange.flag("complete", false));
    import.wants_details_ = TRY(exchange.flag("details", false));
    import.options_.wait_for_sync =
        TRY(exchange.flag("waitForSync", false)) || import.collection_.description().wait_for_sync;
    import.from_prefix_ = exchange.parameter("fromPrefix");
    import.to_prefix_ = exchange.parameter("toPrefix");
    std::string_view duplicates = exchange.parameter("onDuplicate");
    using Mode = engine::OverwriteMode;
    if (duplicates == "update") {
      import.options_.overwrite = Mode::kUpdate;
    } else if (duplicates == "replace") {
      import.options_.overwrite = Mode::kReplace;
    } else if (duplicates == "ignore") {
      import.options_.overwrite = Mode::kIgnore;
    } else if (!duplicates.empty() && duplicates != "error") {
      return Error(ErrorCode::kBadParameter, "onDuplicate must be error, update, replace or ignore");
    }
    import.overwrites_ = TRY(exchange.flag("overwrite", false));
    return import;
  }

  Result<> run() {
    std::string_view type = exchange_.parameter("type");
    std::string_view body = exchange_.request.body();
    if (type == "auto") {
      size_t first = body.find_first_not_of(" \t\r\n");
      type = first != body.npos && body[first] == '[' ? "list" : "documents";
    }
    if (type == "documents") {
      TRY(make_room());
      TRY(run_lines(body, nullptr));
    } else if (type == "list" || type == "array") {
      TRY(run_list());
    } else if (type.empty()) {
      TRY(run_table(body));
    } else {
      return Error(ErrorCode::kBadParameter, "type must be documents, list, array or auto");
    }
    return commit();
  }

  HttpResponse response() const {
    return object_response(201, [&](Builder& to) {
      to.add("created", counts_.created);
      to.add("errors", counts_.errors);
      to.add("empty", counts_.empty);
      to.add("updated", counts_.updated);
      to.add("ignored", counts_.ignored);
      if (!wants_details_) return;
      to.key("details");
      to.open_array();
      for (const auto& detail : counts_.details) to.string(detail);
      to.close();
    });
  }

 private:
  Import(Exchange& exchange, engine::Database database, engine::Collection collection)
      : exchange_(exchange), database_(std::move(database)), collection_(std::move(collection)) {}

  // What was there is removed only when the request is known to make sense.
  Result<> make_room() {
    if (overwrites_) TRY(collection_.truncate());
    return {};
  }

  // With `columns` each line is an array of their values.
  Result<> run_lines(std::string_view text, const std::vector<std::string>* columns, uint64_t line_number = 1) {
    Builder line_value;
    for (; !text.empty(); ++line_number) {
      size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.find_first_not_of(" \t\r") == line.npos) {
        ++counts_.empty;
        continue;
      }
      line_value.clear();
      auto parsed = value::parse_json(line, line_value);
      if (!parsed) {
        TRY(reject(line_number, parsed.error()));
        continue;
      }
      if (columns == nullptr) {
        TRY(add(line_number, line_value.slice()));
      } else {
        TRY(add_row(line_number, *columns, line_value.slice()));
      }
    }
    return {};
  }

  Result<> run_list() {
    auto list = TRY(exchange_.body());
    if (!list.is_array()) return Error(ErrorCode::kBadParameter, "expecting a JSON array in the body");
    TRY(make_room());
    uint64_t position = 1;
    for (value::ArrayIterator item(list); item.valid(); item.next(), ++position) TRY(add(position, item.value()));
    return {};
  }

  Result<> run_table(std::string_view text) {
    size_t end = std::min(text.find('\n'), text.size());
    auto header = TRY(value::parse_json(text.substr(0, end)));
    if (!header.slice().is_array()) {
      return Error(ErrorCode::kBadParameter, "the first line must be an array of attribute names");
    }
    std::vector<std::string> columns;
    for (value::ArrayIterator name(header.slice()); name.valid(); name.next()) {
      if (!name.value().is_string()) return Error(ErrorCode::kBadParameter, "attribute names must be strings");
      columns.emplace_back(name.value().as_string());
    }
    TRY(make_room());
    return run_lines(text.substr(std::min(end + 1, text.size())), &columns, 2);
  }

  Result<> add_row(uint64_t position, const std::vector<std::string>& columns, Slice row) {
    if (!row.is_array() || row.size() != columns.size()) {
      return reject(position, Error(ErrorCode::kBadParameter, fmt::format("expecting {} values", columns.size())));
    }
    Builder document;
    document.open_object();
    size_t column = 0;
    for (value::ArrayIterator item(row); item.valid(); item.next(), ++column) {
      if (!item.value().is_null()) document.add(columns[column], item.value());
    }
    document.close();
    return add(position, document.slice());
  }

  Result<> add(uint64_t position, Slice document) {
    if (!document.is_object()) return reject(position, Error(ErrorCode::kDocumentTypeInvalid));
    Builder prefixed;
    bool needs_prefix = !from_prefix_.empty() || !to_prefix_.empty();
    if (needs_prefix) document = with_prefixes(document, prefixed);
    if (!transaction_) transaction_ = database_.begin({.wait_for_sync = options_.wait_for_sync});
    auto written = collection_.insert(document, options_, &*transaction_);
    if (!written) return reject(position, written.error());
    if (written->ignored) {
      ++counts_.ignored;
    } else if (!written->old_rev.empty()) {
      ++counts_.updated;
    } else {
      ++counts_.created;
    }
    if (++in_transaction_ < kDocumentsPerTransaction || complete_) return {};
    return commit();
  }

  Slice with_prefixes(Slice document, Builder& to) const {
    to.open_object();
    for (value::ObjectIterator attribute(document); attribute.valid(); attribute.next()) {
      std::string_view prefix = attribute.name() == "_from" ? from_prefix_
                                : attribute.name() == "_to" ? to_prefix_
                                                            : "";
      bool applies = !prefix.empty() && attribute.value().is_string() &&
                     attribute.value().as_string().find('/') == std::string_view::npos;
      if (applies) {
        to.add(attribute.name(), fmt::format("{}/{}", prefix, attribute.value().as_string()));
      } else {
        to.add(attribute.name(), attribute.value());
      }
    }
    to.close();
    return to.slice();
  }

  Result<> reject(uint64_t position, const Error& error) {
    std::string detail = fmt::format("at position {}: {}", position, error.message());
    if (complete_) return Error(error.code(), detail);
    ++counts_.errors;
    if (wants_details_ && counts_.details.size() < kDetailsKept) counts_.details.push_back(std::move(detail));
    return {};
  }

  Result<> commit() {
    if (!transaction_) return {};
    auto committed = transaction_->commit();
    transaction_.reset();
    in_transaction_ = 0;
    return committed;
  }

  Exchange& exchange_;
  engine::Database database_;
  engine::Collection collection_;
  engine::WriteOptions options_;
  bool complete_ = false, wants_details_ = false, overwrites_ = false;
  std::string_view from_prefix_, to_prefix_;
  std::optional<engine::Transaction> transaction_;
  uint64_t in_transaction_ = 0;
  Counts counts_;
};

Result<HttpResponse> import_documents(Exchange& exchange) {
  auto import = TRY(Import::create(exchange));
  TRY(import.run());
  return import.response();
}

const Route kRoutes[] = {{HttpMethod::kPost, "/_api/import", Access::kUser, import_documents}};

}  // namespace

std::span<const Route> import_routes() { return kRoutes; }

}  // namespace workerdb::server
