// The corpus as clients see it: POST /_api/cursor in a stream transaction, the rows in pages.
#include <fmt/format.h>

#include "aqltest_session.h"
#include "net/http_client.h"
#include "server/document_server.h"
#include "value/builder.h"
#include "value/json.h"

namespace workerdb::aqltest {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;
using value::Buffer;
using value::Builder;
using value::Slice;

constexpr int kPageRows = 3;  // so that most answers take several requests

net::HttpClient connect_to(uint16_t port) {
  net::HttpClientOptions options;
  options.port = port;
  return net::HttpClient(options);
}

Result<Buffer> send(net::HttpClient& client, HttpMethod method, const std::string& target, std::string_view body = {},
                    const std::vector<net::HttpHeader>& headers = {}) {
  auto response = TRY(client.send(method, target, body, headers));
  return value::parse_json(response.body);
}

class HttpSession : public Session {
 public:
  HttpSession(net::HttpClient& client, std::string base, std::string transaction)
      : client_(client), base_(std::move(base)), transaction_(std::move(transaction)) {}
  ~HttpSession() override { (void)send(client_, HttpMethod::kDelete, base_ + "/_api/transaction/" + transaction_); }

  Result<Outcome> run(const std::string& text, Slice bind, Slice options) override {
    Buffer answer = TRY(post("/_api/cursor", request(text, bind, options)));
    Outcome outcome;
    if (answer.slice().get("error").is_true()) {
      outcome.error = int(answer.slice().get("errorNum").as_int64());
      outcome.message = answer.slice().get("errorMessage").as_string();
      return outcome;
    }
    take_rows(answer.slice(), outcome);
    while (answer.slice().get("hasMore").is_true()) {
      answer = TRY(post(fmt::format("/_api/cursor/{}", answer.slice().get("id").as_string()), {}));
      if (answer.slice().get("error").is_true()) return Error(ErrorCode::kInternal, value::to_json(answer.slice()));
      take_rows(answer.slice(), outcome);
    }
    return outcome;
  }

 private:
  Result<Buffer> post(const std::string& path, std::string_view body) {
    return send(client_, HttpMethod::kPost, base_ + path, body, {{"x-arango-trx-id", transaction_}});
  }
  static std::string request(const std::string& text, Slice bind, Slice options) {
    Builder body;
    body.open_object();
    body.add("query", text);
    body.add("bindVars", bind);
    body.add("batchSize", kPageRows);
    if (options.get("memoryLimit").is_number()) body.add("memoryLimit", options.get("memoryLimit"));
    body.key("options");
    body.open_object();
    for (const char* name : {"fullCount", "failOnWarning", "maxWarningCount", "maxRuntime"}) {
      if (!options.get(name).is_none()) body.add(name, options.get(name));
    }
    if (options.get("rules").is_array()) {
      body.key("optimizer");
      body.open_object();
      body.add("rules", options.get("rules"));
      body.close();
    }
    body.close();
    body.close();
    return value::to_json(body.slice());
  }
  static void take_rows(Slice answer, Outcome& to) {
    for (value::ArrayIterator row(answer.get("result")); row.valid(); row.next())
      to.rows.push_back(canonical(row.value()));
    Slice warnings = answer.get("extra").get("warnings");
    if (!warnings.is_array()) return;
    to.warnings.clear();
    for (value::ArrayIterator item(warnings); item.valid(); item.next()) {
      to.warnings.push_back(int(item.value().get("code").as_int64()));
    }
  }

  net::HttpClient& client_;
  std::string base_, transaction_;
};

class RunningServer : public Server {
 public:
  RunningServer(engine::Engine& engine, const server::DocumentServerOptions& options) : server_(engine, options) {}
  ~RunningServer() override { server_.stop(5'000); }

  Result<> start() {
    TRY(server_.start());
    client_ = std::make_unique<net::HttpClient>(connect_to(server_.port()));
    return {};
  }
  Result<std::unique_ptr<Session>> session(const std::string& database,
                                           const std::vector<std::string>& collections) override {
    Builder body;
    body.open_object();
    body.key("collections");
    body.open_object();
    body.key("write");
    body.open_array();
    for (const std::string& name : collections) body.string(name);
    body.close();
    body.close();
    body.close();
    std::string base = "/_db/" + database;
    Buffer begun =
        TRY(send(*client_, HttpMethod::kPost, base + "/_api/transaction/begin", value::to_json(body.slice())));
    Slice id = begun.slice().get("result").get("id");
    if (!id.is_string()) return Error(ErrorCode::kInternal, value::to_json(begun.slice()));
    return std::make_unique<HttpSession>(*client_, base, std::string(id.as_string()));
  }

 private:
  server::DocumentServer server_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(engine::Engine& engine) {
  server::DocumentServerOptions options;
  options.port = 0;
  options.authentication = false;
  auto server = std::make_unique<RunningServer>(engine, options);
  TRY(server->start());
  return server;
}

}  // namespace workerdb::aqltest
