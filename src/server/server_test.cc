// The document server through a real listener, with users who may do little.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "net/http_client.h"
#include "server/document_server.h"
#include "value/json.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-server-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    engine_ = *engine::Engine::open(folder_);
    DocumentServerOptions options;
    options.port = 0;
    options.root_password = "secret";
    server_ = std::make_unique<DocumentServer>(*engine_, options);
    auto started = server_->start();
    EXPECT_TRUE(started) << started.error().message();
    root_ = net::basic_authorization("root", "secret");
    joe_ = net::basic_authorization("joe", "x");
    send(root_, HttpMethod::kPost, "/_api/user", R"({"user":"joe","passwd":"x"})");
    send(root_, HttpMethod::kPost, "/_api/collection", R"({"name":"things"})");
    send(root_, HttpMethod::kPost, "/_api/collection", R"({"name":"others"})");
  }
  ~ServerTest() override {
    server_.reset();
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  struct Answer {
    int status;
    value::Buffer body;
    int number() const {
      auto given = body.slice().get("errorNum");
      return given.is_int64() ? int(given.as_int64()) : 0;
    }
    std::string text() const { return value::to_json(body.slice()); }
    std::string text(std::string_view name) const { return value::to_json(body.slice().get(name)); }
  };
  Answer send(const std::string& as, HttpMethod method, std::string_view target, std::string_view body = {},
              std::vector<net::HttpHeader> headers = {}) {
    net::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = server_->port();
    options.headers.push_back({"Authorization", as});
    net::HttpClient client(options);
    auto response = client.send(method, target, body, headers);
    EXPECT_TRUE(response) << target;
    if (!response) return {0, {}};
    auto parsed = value::parse_json(response->body);
    return {response->status, parsed ? *parsed : value::Buffer()};
  }
  Answer query(const std::string& as, std::string_view text, std::string_view more = "{}",
               std::vector<net::HttpHeader> headers = {}) {
    value::Builder body;
    body.open_object();
    auto others = *value::parse_json(more);
    for (value::ObjectIterator item(others.slice()); item.valid(); item.next()) body.add(item.name(), item.value());
    body.add("query", text);
    body.close();
    return send(as, HttpMethod::kPost, "/_api/cursor", value::to_json(body.slice()), std::move(headers));
  }
  void grant(std::string_view what, std::string_view level) {
    auto answer = send(root_, HttpMethod::kPut, fmt::format("/_api/user/joe/database/{}", what),
                       fmt::format(R"({{"grant":"{}"}})", level));
    EXPECT_EQ(answer.status, 200);
  }
  std::string number_of(std::string_view collection) {
    auto found = engine_->database("_system")->collection(collection);
    return std::to_string(found->id());
  }
  net::HttpHeader begin(std::string_view collections) {
    auto begun =
        send(root_, HttpMethod::kPost, "/_api/transaction/begin", fmt::format(R"({{"collections":{}}})", collections));
    EXPECT_EQ(begun.status, 201);
    transaction_ = std::string(begun.body.slice().get("result").get("id").as_string());
    return {"x-arango-trx-id", transaction_};
  }

  std::string folder_, root_, joe_, transaction_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<DocumentServer> server_;
};

TEST_F(ServerTest, AStrangerSendsNoLargeBody) {
  net::HttpClientOptions options;
  options.port = server_->port();
  std::string body(1'000'000, ' ');
  auto refused = net::HttpClient(options).send(HttpMethod::kPost, "/_api/import?collection=things", body);
  ASSERT_TRUE(refused) << refused.error().message();
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(send("Bearer x.y.z", HttpMethod::kPost, "/_api/import?collection=things", body).status, 401);
  body += R"({"_key":"big"})";
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/import?collection=things&type=documents", body).status, 201);
}

TEST_F(ServerTest, PasswordsAreReadByNobody) {
  grant("_system", "ro");
  for (const std::string& name : {std::string("_users"), number_of("_users")}) {
    for (const std::string& user : {joe_, root_}) {
      std::string bind = fmt::format(R"({{"bindVars":{{"@c":"{}"}}}})", name);
      EXPECT_EQ(query(user, "FOR u IN @@c RETURN u", bind).status, 403) << name;
      EXPECT_EQ(query(user, fmt::format("RETURN DOCUMENT('{}/root')", name)).status, 403) << name;
      EXPECT_EQ(send(user, HttpMethod::kGet, fmt::format("/_api/document/{}/root", name)).status, 403) << name;
      EXPECT_EQ(send(user, HttpMethod::kPut, fmt::format("/_api/collection/{}/rename", name), R"({"name":"x"})").status,
                403);
    }
  }
  // The user API still works, and so does who logs in.
  EXPECT_EQ(send(root_, HttpMethod::kGet, "/_api/user/joe").status, 200);
  EXPECT_EQ(send(joe_, HttpMethod::kGet, "/_api/version").status, 200);
}

TEST_F(ServerTest, RightsAreResolvedAsDocumented) {
  auto insert = [&] { return send(joe_, HttpMethod::kPost, "/_api/document/things", "{}").status; };
  auto read = [&] { return query(joe_, "FOR t IN things LIMIT 1 RETURN 1").status; };
  grant("_system/things", "rw");
  EXPECT_EQ(insert(), 403);  // nothing without access to the database
  grant("_system", "ro");
  EXPECT_EQ(insert(), 202);
  grant("_system/things", "none");
  EXPECT_EQ(read(), 403);  // the collection's own grant goes first
  EXPECT_EQ(query(joe_, "FOR t IN others RETURN t").status, 201);
  grant("_system/*", "none");
  EXPECT_EQ(query(joe_, "FOR t IN others RETURN t").status, 201);  // a wildcard takes nothing away
  grant("_system/*", "rw");
  EXPECT_EQ(query(joe_, "INSERT {} INTO others").status, 201);
}

TEST_F(ServerTest, TransactionsWriteOnlyWhatTheyDeclared) {
  auto header = begin(R"({"write":"things"})");
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/document/things", R"({"_key":"a"})", {header}).status, 202);
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/document/others", "{}", {header}).number(), 1652);
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/document/others", "[{}]", {header}).number(), 1652);
  EXPECT_EQ(send(root_, HttpMethod::kPut, "/_api/collection/others/truncate", "", {header}).number(), 1652);
  EXPECT_EQ(query(root_, "INSERT {} INTO others", "{}", {header}).number(), 1652);
  // Reading is free, and a refusal leaves the transaction as it was.
  EXPECT_EQ(query(root_, "FOR o IN others RETURN o", "{}", {header}).status, 201);
  EXPECT_EQ(query(root_, "FOR t IN things RETURN t._key", "{}", {header}).text("result"), R"(["a"])");
  EXPECT_EQ(send(root_, HttpMethod::kPut, "/_api/transaction/" + transaction_).status, 200);
  EXPECT_EQ(query(root_, "RETURN [LENGTH(things), LENGTH(others)]").text("result"), "[[1,0]]");
}

TEST_F(ServerTest, TransactionsMayForbidImplicitReads) {
  auto header = begin(R"({"read":["things"],"allowImplicit":false})");
  EXPECT_EQ(query(root_, "FOR t IN things RETURN t", "{}", {header}).status, 201);
  EXPECT_EQ(query(root_, "FOR o IN others RETURN o", "{}", {header}).number(), 1652);
  EXPECT_EQ(query(root_, "RETURN DOCUMENT('others/a')", "{}", {header}).number(), 1652);
  EXPECT_EQ(send(root_, HttpMethod::kGet, "/_api/document/others/a", "", {header}).number(), 1652);
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/document/things", "{}", {header}).number(), 1652);
  EXPECT_EQ(send(root_, HttpMethod::kDelete, "/_api/transaction/" + transaction_).status, 200);
}

// The server goes while a stream's cursor still holds its transaction.
TEST_F(ServerTest, EndsWithAnOpenStreamInATransaction) {
  auto header = begin(R"({"write":"things"})");
  auto cursor =
      query(root_, "FOR i IN 1..5000 RETURN i", R"({"batchSize":1,"ttl":1e9,"options":{"stream":true}})", {header});
  EXPECT_EQ(cursor.text("hasMore"), "true");
  EXPECT_EQ(send(root_, HttpMethod::kPut, "/_api/transaction/" + transaction_).status, 409);
  server_.reset();
}

TEST_F(ServerTest, AnotherUsersCursorIsNotThere) {
  grant("_system", "ro");
  auto cursor = query(root_, "FOR i IN 1..5 RETURN i", R"({"batchSize":1})");
  std::string target = "/_api/cursor/" + std::string(cursor.body.slice().get("id").as_string());
  EXPECT_EQ(send(joe_, HttpMethod::kPost, target).number(), 1600);
  EXPECT_EQ(send(joe_, HttpMethod::kDelete, target).number(), 1600);
  EXPECT_EQ(send(root_, HttpMethod::kPost, target).text("result"), "[2]");
}

TEST_F(ServerTest, SilentArraysAndDurabilityAreAsDocumented) {
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/document/things?silent=true", R"([{"_key":"a"},{}])").text(), "{}");
  auto failed = send(root_, HttpMethod::kPost, "/_api/document/things?silent=true", R"([{"_key":"a"},{}])");
  EXPECT_EQ(failed.body.slice().size(), 1u);
  EXPECT_EQ(failed.body.slice().at(0).get("errorNum").as_int64(), 1210);
  send(root_, HttpMethod::kPost, "/_api/collection", R"({"name":"durable","waitForSync":true})");
  EXPECT_EQ(send(root_, HttpMethod::kPost, "/_api/document/durable?waitForSync=false", "{}").status, 201);
}

TEST_F(ServerTest, AnImportThatMakesNoSenseRemovesNothing) {
  send(root_, HttpMethod::kPost, "/_api/document/things", R"({"_key":"a"})");
  for (auto [type, body] : {std::pair("wild", "{}"), {"list", "{}"}, {"array", "[1"}, {"", "{}\n[1]"}}) {
    auto target = fmt::format("/_api/import?collection=things&overwrite=true&type={}", type);
    EXPECT_EQ(send(root_, HttpMethod::kPost, target, body).status, 400) << type;
    EXPECT_EQ(query(root_, "RETURN LENGTH(things)").text("result"), "[1]") << type;
  }
  auto done =
      send(root_, HttpMethod::kPost, "/_api/import?collection=things&overwrite=true&type=documents", R"({"_key":"b"})");
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(query(root_, "FOR t IN things RETURN t._key").text("result"), R"(["b"])");
}

}  // namespace
}  // namespace workerdb::server
