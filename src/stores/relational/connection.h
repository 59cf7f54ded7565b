#pragma once
// One session with a PostgreSQL server. The only folder that sees libpq; everyone else sees these types.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stores/relational/error_mapping.h"
#include "stores/relational/rows.h"

struct pg_conn;  // libpq's PGconn

namespace workerdb::stores::relational {

// Where and as whom to connect. Several hosts are libpq's affair ("host=a,b port=1,2",
// "postgresql://a:1,b:2/db?target_session_attrs=read-write"): each is tried in turn, and one that is not of
// the wanted kind is passed over. What stays empty comes from `conninfo`, then from libpq's environment
// (PGHOST, PGPORT, PGUSER, PGPASSFILE...), then from libpq's defaults.
struct ConnectionOptions {
  // "host=... dbname=...", "postgresql://user@host/db", or empty.
  std::string conninfo;
  std::string database;
  std::string user;
  std::string password;
  // A file in .pgpass form (host:port:database:user:password, mode 0600).
  std::string passfile;
  std::string application_name = "workerdb";
  int connect_timeout_s = 10;
  // 0: no limit. Both hold for the whole session and may be changed later.
  int statement_timeout_ms = 0;
  int lock_timeout_ms = 0;
};

// The text form of a parameter; nothing is SQL NULL.
using Parameter = std::optional<std::string>;

struct Statement {
  std::string sql;
  std::vector<Parameter> parameters;
};

// Cancels what its connection is running. Thread-safe, and outlives the connection harmlessly.
class Canceller {
 public:
  // Asks the server to stop the running statement, which then fails with SQLSTATE 57014. Success means that
  // the request was delivered; nothing happens when nothing runs. Fails with kSimpleClientCouldNotConnect.
  base::Result<> cancel() const;

 private:
  friend class Connection;
  std::shared_ptr<void> handle_;
};

// Movable; one thread at a time. Every failing call reports the server's message with its SQLSTATE (see
// error_mapping.h) and, for syntax, the line and column; never the DETAIL line, which quotes row values.
// After a lost connection every call fails and is_open() is false: connect again.
class Connection {
 public:
  // Fails with kSimpleClientCouldNotConnect, kHttpUnauthorized (password), kDatabaseNotFound, kStartingUp.
  static base::Result<Connection> connect(const ConnectionOptions& options);

  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;

  // One statement with $1, $2... bound to `parameters`.
  base::Result<Rows> query(std::string_view sql, std::span<const Parameter> parameters = {});
  // A script of any number of statements, run as one implicit transaction unless it has its own; the answers
  // of all, in order. Ends at the first failure.
  base::Result<std::vector<Rows>> run_script(std::string_view sql);
  // The same for callers who do not want the answers.
  base::Result<> execute(std::string_view sql);
  // Like query, but hands the rows out one at a time, so that a huge answer needs no memory. A failure of
  // `on_row` ends the statement and is returned.
  base::Result<> stream(std::string_view sql, std::span<const Parameter> parameters,
                        const std::function<base::Result<>(const Rows&)>& on_row);

  // Sends all statements in one round trip (libpq's pipeline mode). Outside a transaction they are one: at
  // the first failure nothing has happened, and the failure names its statement by position, counted from 1.
  base::Result<std::vector<Rows>> pipeline(std::span<const Statement> statements);

  // Runs "COPY ... FROM STDIN" and feeds it what `next_chunk` yields (any cut, also inside a row) until it
  // yields nothing. Its failure, like the server's, leaves the table unchanged. Returns the number of rows.
  using ChunkSource = std::function<base::Result<std::optional<std::string_view>>()>;
  base::Result<int64_t> copy_in(std::string_view copy_statement, const ChunkSource& next_chunk);

  base::Result<> set_statement_timeout_ms(int timeout_ms);
  base::Result<> set_lock_timeout_ms(int timeout_ms);

  Canceller canceller() const;
  bool is_open() const;
  bool in_transaction() const;
  // Asks the server, in one round trip, whether the session lives and the server is still of the kind that
  // target_session_attrs demanded of it (a failover turns a primary into a standby under its sessions).
  bool is_still_wanted();
  // The database, the user and "host:port" of this session.
  std::string database() const;
  std::string user() const;
  std::string server() const;
  // 150020 for 15.20.
  int server_version() const;

  // The verifier that PostgreSQL stores for a password (SCRAM-SHA-256), made on this side so that the
  // password never reaches the server's log.
  base::Result<std::string> encrypt_password(const std::string& user, const std::string& password);

  // Where NOTICE and WARNING go; without a handler they are dropped.
  void on_notice(std::function<void(std::string_view)> handler);

 private:
  struct Session;
  explicit Connection(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  base::Error connection_error(base::ErrorCode fallback) const;
  base::Error result_error(const pg_result* result, std::string_view sql) const;
  base::Result<Rows> take(pg_result* raw, std::string_view sql);
  base::Result<> refuse_copy(pg_result* raw);
  void drain();
  base::Result<> send(const Statement& statement);
  base::Result<> wait_for_socket(bool for_write);
  base::Result<std::vector<Rows>> collect_pipeline(std::span<const Statement> statements);

  std::shared_ptr<Session> session_;
};

// One line of COPY's text format, with its newline.
std::string copy_line(std::span<const Parameter> fields);

// SQL text of a name and of a string constant.
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);

}  // namespace workerdb::stores::relational
