#include "stores/relational/connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>

#include "stores/relational/session.h"

namespace workerdb::stores::relational {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

std::vector<const char*> c_strings(std::span<const Parameter> parameters) {
  std::vector<const char*> texts;
  texts.reserve(parameters.size());
  for (const Parameter& parameter : parameters) texts.push_back(parameter ? parameter->c_str() : nullptr);
  return texts;
}

std::string trimmed(const char* text) {
  std::string message = text == nullptr ? "" : text;
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

int number_of(std::string_view digits) {
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// "line 3, column 7" of a position that the server counts in characters from 1.
std::string line_and_column(std::string_view sql, int position) {
  int line = 1;
  int column = 1;
  int character = 1;
  for (size_t index = 0; index < sql.size() && character < position; ++index) {
    bool continues = index + 1 < sql.size() && (static_cast<unsigned char>(sql[index + 1]) & 0xC0) == 0x80;
    if (continues) continue;
    ++character;
    ++column;
    if (sql[index] == '\n') {
      ++line;
      column = 1;
    }
  }
  return fmt::format("line {}, column {}", line, column);
}

// Without a SQLSTATE the server was never reached far enough to say one; its text is all there is.
ErrorCode code_of_refusal(std::string_view message) {
  auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("password") || says("authentication") || says("pg_hba.conf") || says("role \"")) {
    return ErrorCode::kHttpUnauthorized;
  }
  if (says("database \"") && says("does not exist")) return ErrorCode::kDatabaseNotFound;
  if (says("starting up")) return ErrorCode::kStartingUp;
  return ErrorCode::kSimpleClientCouldNotConnect;
}

void handle_notice(void* session, const char* message) {
  auto& handler = static_cast<NoticeSink*>(session)->handler;
  if (handler) handler(trimmed(message));
}

std::vector<std::pair<const char*, std::string>> connection_keywords(const ConnectionOptions& options) {
  std::vector<std::pair<const char*, std::string>> keywords;
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) keywords.emplace_back(name, value);
  };
  // libpq expands the first dbname as a connection string; what follows overrides its parts.
  add("dbname", options.conninfo);
  add("dbname", options.database);
  add("user", options.user);
  add("password", options.password);
  add("passfile", options.passfile);
  add("fallback_application_name", options.application_name);
  add("connect_timeout", std::to_string(options.connect_timeout_s));
  add("client_encoding", "UTF8");
  // A peer that vanished without a word is noticed within half a minute.
  add("tcp_user_timeout", "30000");
  add("keepalives_idle", "10");
  add("keepalives_interval", "5");
  add("keepalives_count", "4");
  return keywords;
}

}  // namespace

Connection::Session::~Session() {
  if (handle != nullptr) PQfinish(handle);
}

Result<> check_text(std::string_view sql, std::span<const Parameter> parameters) {
  if (sql.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kBadParameter, "a statement holds a NUL byte");
  }
  for (size_t index = 0; index < parameters.size(); ++index) {
    if (parameters[index] && parameters[index]->find('\0') != std::string::npos) {
      return Error(ErrorCode::kBadParameter,
                   fmt::format("parameter ${} holds a NUL byte, which no PostgreSQL text can store", index + 1));
    }
  }
  return {};
}

Result<Connection> Connection::connect(const ConnectionOptions& options) {
  auto keywords = connection_keywords(options);
  // A lone database would be taken for a connection string when it holds '='; an explicit empty one first
  // keeps it a name.
  if (options.conninfo.empty()) keywords.insert(keywords.begin(), {"dbname", "postgresql://"});
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name);
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  auto session = std::make_shared<Session>();
  session->handle = PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/1);
  if (session->handle == nullptr) return Error(ErrorCode::kOutOfMemory);
  Connection connection(std::move(session));
  if (PQstatus(connection.session_->handle) != CONNECTION_OK) {
    std::string message = trimmed(PQerrorMessage(connection.session_->handle));
    return Error(code_of_refusal(message), message);
  }
  PQsetNoticeProcessor(connection.session_->handle, handle_notice, &connection.session_->notices);
  if (options.statement_timeout_ms > 0) {
    TRY(connection.set_statement_timeout_ms(options.statement_timeout_ms));
  }
  if (options.lock_timeout_ms > 0) TRY(connection.set_lock_timeout_ms(options.lock_timeout_ms));
  return connection;
}

Error Connection::connection_error(ErrorCode fallback) const {
  std::string message = trimmed(PQerrorMessage(session_->handle));
  return Error(fallback, message.empty() ? "the connection to PostgreSQL failed" : message);
}

Error Connection::result_error(const pg_result* result, std::string_view sql) const {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || primary == nullptr) return connection_error(ErrorCode::kSimpleClientCouldNotRead);
  std::string message = primary;
  if (const char* position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)) {
    message += " at " + line_and_column(sql, number_of(position));
  }
  if (const char* hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT)) {
    message += fmt::format("; hint: {}", hint);
  }
  return error_with_sqlstate(state, message);
}

Result<Rows> Connection::take(pg_result* raw, std::string_view sql) {
  std::shared_ptr<pg_result> result(raw, PQclear);
  switch (PQresultStatus(raw)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_EMPTY_QUERY: return Rows(std::move(result));
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      TRY(refuse_copy(raw));
      return Error(ErrorCode::kBadParameter,
                   "COPY to or from the client is no part of a script; use the import, or COPY's file form");
    case PGRES_PIPELINE_ABORTED:
      return Error(ErrorCode::kTransactionAborted, "not run, because an earlier statement failed");
    default: return result_error(raw, sql);
  }
}

// Leaves COPY mode, or the session would stay in it.
Result<> Connection::refuse_copy(pg_result* raw) {
  if (PQresultStatus(raw) == PGRES_COPY_OUT) {
    char* buffer = nullptr;
    while (PQgetCopyData(session_->handle, &buffer, 0) > 0) PQfreemem(buffer);
    return {};
  }
  if (PQputCopyEnd(session_->handle, "no data here") < 0) {
    return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  }
  return {};
}

void Connection::drain() {
  while (pg_result* raw = PQgetResult(session_->handle)) {
    ExecStatusType status = PQresultStatus(raw);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) (void)refuse_copy(raw);
    PQclear(raw);
    if (PQstatus(session_->handle) == CONNECTION_BAD) return;
  }
}

Result<Rows> Connection::query(std::string_view sql, std::span<const Parameter> parameters) {
  TRY(check_text(sql, parameters));
  std::string text(sql);
  std::vector<const char*> values = c_strings(parameters);
  pg_result* raw = PQexecParams(session_->handle, text.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                                nullptr, nullptr, 0);
  if (raw == nullptr) return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  auto rows = take(raw, sql);
  drain();
  return rows;
}

Result<std::vector<Rows>> Connection::run_script(std::string_view sql) {
  TRY(check_text(sql, {}));
  std::string text(sql);
  if (PQsendQuery(session_->handle, text.c_str()) == 0) {
    return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  }
  std::vector<Rows> answers;
  while (pg_result* raw = PQgetResult(session_->handle)) {
    auto rows = take(raw, sql);
    if (!rows) {
      drain();
      return std::move(rows).error();
    }
    answers.push_back(*std::move(rows));
  }
  return answers;
}

Result<> Connection::execute(std::string_view sql) {
  TRY(run_script(sql));
  return {};
}

Result<> Connection::stream(std::string_view sql, std::span<const Parameter> parameters,
                            const std::function<Result<>(const Rows&)>& on_row) {
  TRY(check_text(sql, parameters));
  std::string text(sql);
  std::vector<const char*> values = c_strings(parameters);
  if (PQsendQueryParams(session_->handle, text.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) == 0) {
    return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  }
  PQsetSingleRowMode(session_->handle);
  while (pg_result* raw = PQgetResult(session_->handle)) {
    auto rows = take(raw, sql);
    Result<> outcome;
    if (!rows) {
      outcome = std::move(rows).error();
    } else if (rows->row_count() > 0) {
      outcome = on_row(*rows);
    }
    if (outcome) continue;
    if (rows) (void)canceller().cancel();
    drain();
    return outcome;
  }
  return {};
}

Result<> Connection::set_statement_timeout_ms(int timeout_ms) {
  return execute(fmt::format("SET statement_timeout = {}", timeout_ms));
}

Result<> Connection::set_lock_timeout_ms(int timeout_ms) {
  return execute(fmt::format("SET lock_timeout = {}", timeout_ms));
}

Canceller Connection::canceller() const {
  Canceller canceller;
  canceller.handle_ = std::shared_ptr<void>(PQgetCancel(session_->handle),
                                            [](void* handle) { PQfreeCancel(static_cast<PGcancel*>(handle)); });
  return canceller;
}

Result<> Canceller::cancel() const {
  if (handle_ == nullptr) return Error(ErrorCode::kSimpleClientCouldNotConnect, "the connection is closed");
  std::array<char, 256> message{};
  if (PQcancel(static_cast<PGcancel*>(handle_.get()), message.data(), message.size()) == 0) {
    return Error(ErrorCode::kSimpleClientCouldNotConnect, trimmed(message.data()));
  }
  return {};
}

bool Connection::is_open() const { return session_ != nullptr && PQstatus(session_->handle) == CONNECTION_OK; }

bool Connection::is_still_wanted() {
  std::string wanted;
  if (PQconninfoOption* settings = PQconninfo(session_->handle)) {
    for (const PQconninfoOption* setting = settings; setting->keyword != nullptr; ++setting) {
      if (std::string_view(setting->keyword) == "target_session_attrs" && setting->val != nullptr)
        wanted = setting->val;
    }
    PQconninfoFree(settings);
  }
  if (wanted.empty() || wanted == "any" || wanted == "prefer-standby") return query("").has_value();
  auto state =
      query("SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on'");
  if (!state || state->row_count() != 1) return false;
  bool is_standby = state->is_true(0, 0), only_reads = is_standby || state->is_true(0, 1);
  if (wanted == "read-write") return !only_reads;
  if (wanted == "read-only") return only_reads;
  return is_standby == (wanted == "standby");
}

bool Connection::in_transaction() const { return PQtransactionStatus(session_->handle) != PQTRANS_IDLE; }

std::string Connection::database() const { return PQdb(session_->handle); }
std::string Connection::user() const { return PQuser(session_->handle); }

std::string Connection::server() const {
  const char* host = PQhost(session_->handle);
  const char* port = PQport(session_->handle);
  return fmt::format("{}:{}", host == nullptr ? "" : host, port == nullptr ? "" : port);
}

int Connection::server_version() const { return PQserverVersion(session_->handle); }

Result<std::string> Connection::encrypt_password(const std::string& user, const std::string& password) {
  char* verifier = PQencryptPasswordConn(session_->handle, password.c_str(), user.c_str(), "scram-sha-256");
  if (verifier == nullptr) return connection_error(ErrorCode::kInternal);
  std::string copy = verifier;
  PQfreemem(verifier);
  return copy;
}

void Connection::on_notice(std::function<void(std::string_view)> handler) {
  session_->notices.handler = std::move(handler);
}

}  // namespace workerdb::stores::relational
