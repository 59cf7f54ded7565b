// The two ways to move much in one go: COPY and pipeline mode.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>

#include "stores/relational/connection.h"
#include "stores/relational/session.h"

namespace workerdb::stores::relational {

using base::Error;
using base::ErrorCode;
using base::Result;

Result<int64_t> Connection::copy_in(std::string_view copy_statement, const ChunkSource& next_chunk) {
  std::string text(copy_statement);
  std::shared_ptr<pg_result> started(PQexec(session_->handle, text.c_str()), PQclear);
  if (started == nullptr) return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  if (PQresultStatus(started.get()) != PGRES_COPY_IN) {
    if (PQresultStatus(started.get()) == PGRES_FATAL_ERROR) return result_error(started.get(), copy_statement);
    drain();
    return Error(ErrorCode::kBadParameter, "expected a COPY ... FROM STDIN statement");
  }
  Result<> fed;
  while (fed) {
    auto chunk = next_chunk();
    if (!chunk) {
      fed = chunk.error();
    } else if (!*chunk) {
      break;
    } else if (PQputCopyData(session_->handle, (*chunk)->data(), static_cast<int>((*chunk)->size())) != 1) {
      fed = connection_error(ErrorCode::kSimpleClientCouldNotWrite);
    }
  }
  if (PQputCopyEnd(session_->handle, fed ? nullptr : "the import stopped") != 1 && fed) {
    fed = connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  }
  pg_result* raw = PQgetResult(session_->handle);
  if (raw == nullptr) return connection_error(ErrorCode::kSimpleClientCouldNotRead);
  auto rows = take(raw, copy_statement);
  drain();
  if (!fed) return std::move(fed).error();
  if (!rows) return std::move(rows).error();
  return rows->affected_rows();
}

Result<> Connection::wait_for_socket(bool for_write) {
  pollfd socket{PQsocket(session_->handle), static_cast<short>(for_write ? POLLIN | POLLOUT : POLLIN), 0};
  while (::poll(&socket, 1, -1) < 0) {
    if (errno != EINTR) return Error(ErrorCode::kSysError, "poll failed on the connection to PostgreSQL");
  }
  if ((socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0 && PQconsumeInput(session_->handle) == 0) {
    return connection_error(ErrorCode::kSimpleClientCouldNotRead);
  }
  return {};
}

Result<> Connection::send(const Statement& statement) {
  std::vector<const char*> values;
  for (const Parameter& parameter : statement.parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  if (PQsendQueryParams(session_->handle, statement.sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  }
  return {};
}

// Reads the answers of all statements and of the closing sync. The first real failure wins over the
// "aborted" answers behind it.
Result<std::vector<Rows>> Connection::collect_pipeline(std::span<const Statement> statements) {
  std::vector<Rows> answers;
  Result<> outcome;
  size_t position = 0;
  while (true) {
    while (PQisBusy(session_->handle) != 0) {
      int unsent = PQflush(session_->handle);
      if (unsent < 0) return connection_error(ErrorCode::kSimpleClientCouldNotWrite);
      TRY(wait_for_socket(unsent == 1));
    }
    pg_result* raw = PQgetResult(session_->handle);
    if (raw == nullptr) {
      if (PQstatus(session_->handle) == CONNECTION_BAD) {
        return connection_error(ErrorCode::kSimpleClientCouldNotRead);
      }
      ++position;  // a null result ends each statement's answers
      continue;
    }
    if (PQresultStatus(raw) == PGRES_PIPELINE_SYNC) {
      PQclear(raw);
      break;
    }
    std::string_view sql = position < statements.size() ? std::string_view(statements[position].sql) : "";
    auto rows = take(raw, sql);
    if (rows) {
      answers.push_back(*std::move(rows));
    } else if (outcome) {
      outcome = std::move(rows).error().with_context(fmt::format("statement {}", position + 1));
    }
  }
  if (!outcome) return std::move(outcome).error();
  return answers;
}

Result<std::vector<Rows>> Connection::pipeline(std::span<const Statement> statements) {
  if (statements.empty()) return std::vector<Rows>{};
  for (const Statement& statement : statements) TRY(check_text(statement.sql, statement.parameters));
  // Non-blocking, because with both socket buffers full a blocking client and the server wait for each other.
  PQsetnonblocking(session_->handle, 1);
  if (PQenterPipelineMode(session_->handle) == 0) return connection_error(ErrorCode::kIllegalState);
  Result<> sent;
  for (const Statement& statement : statements) {
    sent = send(statement);
    if (!sent) break;
  }
  bool synced = PQpipelineSync(session_->handle) == 1;
  Result<std::vector<Rows>> answers =
      synced ? collect_pipeline(statements) : connection_error(ErrorCode::kSimpleClientCouldNotWrite);
  PQexitPipelineMode(session_->handle);
  PQsetnonblocking(session_->handle, 0);
  if (!sent) return std::move(sent).error();
  return answers;
}

}  // namespace workerdb::stores::relational
