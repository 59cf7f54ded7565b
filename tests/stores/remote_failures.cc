// The remote adapter over a network that fails at the worst moments, and with several coordinators.
#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "documents_under_test.h"
#include "net/http_client.h"
#include "net/loopback_test_socket.h"
#include "stores/documents/remote/remote_store.h"
#include "value/json.h"

namespace workerdb::stores::documents {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using value::parse_json;

enum class Fault {
  kNone,
  kRequestLost,  // the connection ends before the server sees the request
  kAnswerLost,   // the server has acted, the connection ends before its answer
  kUnavailable,  // 503 instead of the server's answer
};

// Between client and server; each request may meet a fault.
class FlakyProxy {
 public:
  // Asked for each request with its head.
  std::function<Fault(const std::string& request)> fault = [](const std::string&) { return Fault::kNone; };

  explicit FlakyProxy(uint16_t server_port) : server_port_(server_port) {
    acceptor_ = std::thread([this] { accept(); });
  }
  ~FlakyProxy() {
    is_ending_ = true;
    { net::TestSocket wakes(listener_.port()); }
    acceptor_.join();
    {
      std::lock_guard lock(mutex_);
      for (int descriptor : descriptors_) ::shutdown(descriptor, SHUT_RDWR);
    }
    for (auto& connection : connections_) connection.join();
  }
  uint16_t port() const { return listener_.port(); }
  // The first line of each request that came.
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // Only this one fault, for the next request whose first line contains `words`.
  void fail_once(std::string words, Fault wanted) {
    auto is_due = std::make_shared<std::atomic<bool>>(true);
    fault = [=](const std::string& request) {
      bool matches = request.substr(0, request.find("\r\n")).find(words) != std::string::npos;
      return matches && is_due->exchange(false) ? wanted : Fault::kNone;
    };
  }

 private:
  void accept() {
    while (true) {
      int descriptor = listener_.accept();
      if (is_ending_ || descriptor < 0) {
        if (descriptor >= 0) ::close(descriptor);
        return;
      }
      std::lock_guard lock(mutex_);
      descriptors_.push_back(::dup(descriptor));
      connections_.emplace_back([this, descriptor] { serve(descriptor); });
    }
  }

  void serve(int descriptor) {
    net::TestSocket client(net::TestSocket::Adopted{}, descriptor);
    net::TestSocket server(server_port_);
    while (true) {
      std::string request = client.read_response();
      if (request.empty()) return;
      Fault met;
      {
        std::lock_guard lock(mutex_);
        requests_.push_back(request.substr(0, request.find(" HTTP")));
        met = fault(request);
      }
      if (met == Fault::kRequestLost) return client.end_both();
      if (met == Fault::kUnavailable) {
        client.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        continue;
      }
      server.send(request);
      std::string answer = server.read_response();
      if (met == Fault::kAnswerLost) return client.end_both();
      if (answer.empty() || !client.send(answer)) return;
    }
  }

  const uint16_t server_port_;
  net::TestListener listener_;
  std::atomic<bool> is_ending_ = false;
  std::mutex mutex_;
  std::vector<int> descriptors_;
  std::vector<std::string> requests_;
  std::thread acceptor_;
  std::deque<std::thread> connections_;
};

class RemoteFailures : public ::testing::Test {
 protected:
  RemoteFailures() : server_(serve(*engine_)), proxy_(server_->port()) {
    options_.port = proxy_.port();
    options_.password = "secret";
    options_.first_backoff_ms = 1;
    options_.largest_backoff_ms = 4;
    options_.retry_deadline_ms = 60'000;
    store_ = make_remote_store(options_);
    database_ = *store_->open("_system");
    EXPECT_TRUE(database_->create_collection({.name = "things"}));
  }
  static value::Buffer json(std::string_view text) { return parse_json(text).value(); }
  uint64_t count() { return engine_->database("_system")->collection("things")->count().value(); }
  std::string field(std::string_view key, std::string_view name) {
    auto found = database_->read("things", key);
    return found && *found ? value::to_json((*found)->slice().get(name)) : "none";
  }
  size_t requests_with(std::string_view words) {
    size_t found = 0;
    for (const std::string& request : proxy_.requests()) found += request.find(words) != std::string::npos;
    return found;
  }

  TemporaryEngine engine_;
  std::unique_ptr<server::DocumentServer> server_;
  FlakyProxy proxy_;
  RemoteOptions options_;
  std::unique_ptr<DocumentStore> store_;
  std::shared_ptr<DocumentDatabase> database_;
};

TEST_F(RemoteFailures, AnInsertIsNeitherLostNorDoubled) {
  for (Fault fault : {Fault::kRequestLost, Fault::kAnswerLost, Fault::kUnavailable}) {
    uint64_t before = count();
    proxy_.fail_once("POST /_db/_system/_api/document/", fault);
    auto written = database_->insert("things", json(R"({"n":1})").slice());
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(count(), before + 1);
    EXPECT_EQ(field(written->key, "n"), "1");
    EXPECT_EQ(field(written->key, "_rev"), '"' + written->revision + '"');
    proxy_.fail_once("POST /_db/_system/_api/document/", fault);
    std::string key = "k" + std::to_string(int(fault));
    EXPECT_TRUE(database_->insert("things", json(R"({"_key":")" + key + R"(","a":{"b":[1,2.5]}})").slice()));
    EXPECT_EQ(count(), before + 2);
    // Another one of that key is still refused.
    EXPECT_EQ(database_->insert("things", json(R"({"_key":")" + key + R"("})").slice()).error().code(),
              ErrorCode::kUniqueConstraintViolated);
  }
}

TEST_F(RemoteFailures, AnInsertThatMetAnotherDocumentSaysThatItDoesNotKnow) {
  ASSERT_TRUE(database_->insert("things", json(R"({"_key":"1","by":"other"})").slice()));
  proxy_.fail_once("POST /_db/_system/_api/document/", Fault::kAnswerLost);
  auto refused = database_->insert("things", json(R"({"_key":"1","by":"me"})").slice());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUniqueConstraintViolated);
  EXPECT_TRUE(effect_is_unknown(refused.error()));
  EXPECT_EQ(field("1", "by"), "\"other\"");
}

TEST_F(RemoteFailures, BulkInsertsAreCountedOnce) {
  ASSERT_TRUE(database_->insert("things", json(R"({"_key":"there"})").slice()));
  std::vector<value::Buffer> buffers;
  for (int number = 0; number < 50; ++number) {
    buffers.push_back(json(number % 2 == 0 ? R"({"_key":"g)" + std::to_string(number) + "\"}" : "{}"));
  }
  buffers.push_back(json(R"({"_key":"there","other":true})"));
  buffers.push_back(json(R"({"_key":"bad key"})"));
  std::vector<value::Slice> documents;
  for (const auto& buffer : buffers) documents.push_back(buffer.slice());
  proxy_.fail_once("POST /_db/_system/_api/document/", Fault::kAnswerLost);
  auto outcome = database_->insert_many("things", documents);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(outcome->created, 50u);
  ASSERT_EQ(outcome->errors.size(), 2u);
  EXPECT_EQ(outcome->errors[0].error.code(), ErrorCode::kUniqueConstraintViolated);
  EXPECT_EQ(outcome->errors[1].error.code(), ErrorCode::kDocumentKeyBad);
  EXPECT_EQ(count(), 51u);
}

TEST_F(RemoteFailures, AKeyOfTheServerIsAskedForOnce) {
  CollectionDescription counted;
  counted.name = "counted";
  counted.key_options = json(R"({"type":"autoincrement"})");
  ASSERT_TRUE(database_->create_collection(counted));
  proxy_.fail_once("POST /_db/_system/_api/document/", Fault::kAnswerLost);
  auto unclear = database_->insert("counted", json("{}").slice());
  ASSERT_FALSE(unclear);
  EXPECT_TRUE(effect_is_unknown(unclear.error()));
  EXPECT_EQ(*database_->count("counted"), 1u);
  proxy_.fail_once("POST /_db/_system/_api/document/", Fault::kUnavailable);
  EXPECT_TRUE(database_->insert("counted", json("{}").slice()));
  EXPECT_EQ(*database_->count("counted"), 2u);
}

TEST_F(RemoteFailures, ChangesWithoutARevisionAreSentOnce) {
  ASSERT_TRUE(database_->insert("things", json(R"({"_key":"1","n":1})").slice()));
  auto patch = json(R"({"n":2})");
  const std::function<base::Result<>()> changes[] = {
      [&]() -> base::Result<> {
        TRY(database_->update("things", "1", patch.slice()));
        return {};
      },
      [&]() -> base::Result<> {
        TRY(database_->replace("things", "1", patch.slice()));
        return {};
      },
      [&] { return database_->truncate_collection("things"); },
      [&]() -> base::Result<> {
        TRY(database_->query("INSERT {} INTO things", value::Slice::null()));
        return {};
      },
      [&] { return database_->remove("things", "none"); },
  };
  const char* words[] = {"PATCH ", "PUT ", "/truncate", "/_api/cursor", "DELETE "};
  for (size_t at = 0; at < std::size(changes); ++at) {
    size_t before = requests_with(words[at]);
    proxy_.fail_once(words[at], Fault::kAnswerLost);
    auto unclear = changes[at]();
    ASSERT_FALSE(unclear) << words[at];
    EXPECT_TRUE(effect_is_unknown(unclear.error())) << unclear.error().message();
    EXPECT_EQ(requests_with(words[at]), before + 1);
    proxy_.fail_once(words[at], Fault::kUnavailable);
    auto repeated = changes[at]();
    EXPECT_TRUE(repeated || !effect_is_unknown(repeated.error())) << words[at];
    EXPECT_EQ(requests_with(words[at]), before + 3);
  }
}

TEST_F(RemoteFailures, ARevisionMakesAChangeRepeatable) {
  auto first = *database_->insert("things", json(R"({"_key":"1","n":1})").slice());
  proxy_.fail_once("PUT ", Fault::kAnswerLost);
  auto second = database_->replace("things", "1", json(R"({"n":2})").slice(), {.expected_revision = first.revision});
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(field("1", "n"), "2");
  proxy_.fail_once("PATCH ", Fault::kRequestLost);
  auto third = database_->update("things", "1", json(R"({"m":3})").slice(), {.expected_revision = second->revision});
  ASSERT_TRUE(third) << third.error().message();
  proxy_.fail_once("PATCH ", Fault::kAnswerLost);
  auto unclear = database_->update("things", "1", json(R"({"m":4})").slice(), {.expected_revision = third->revision});
  ASSERT_FALSE(unclear);
  EXPECT_TRUE(effect_is_unknown(unclear.error()));
}

TEST_F(RemoteFailures, DefinitionsAreMadeAndDroppedOnce) {
  for (Fault fault : {Fault::kRequestLost, Fault::kAnswerLost}) {
    proxy_.fail_once("POST /_db/_system/_api/collection", fault);
    EXPECT_TRUE(database_->create_collection({.name = "more"}));
    proxy_.fail_once("/_api/index", fault);
    EXPECT_TRUE(database_->ensure_index("more", json(R"({"type":"persistent","name":"by_n","fields":["n"]})").slice()));
    proxy_.fail_once("DELETE /_db/_system/_api/index", fault);
    EXPECT_TRUE(database_->drop_index("more", "by_n"));
    EXPECT_EQ(database_->drop_index("more", "by_n").error().code(), ErrorCode::kIndexNotFound);
    proxy_.fail_once("DELETE /_db/_system/_api/collection", fault);
    EXPECT_TRUE(database_->drop_collection("more"));
    EXPECT_EQ(database_->drop_collection("more").error().code(), ErrorCode::kCollectionNotFound);
    proxy_.fail_once("POST /_api/database", fault);
    EXPECT_TRUE(store_->create_database("shop"));
    EXPECT_EQ(store_->create_database("shop").error().code(), ErrorCode::kDuplicateName);
    proxy_.fail_once("DELETE /_api/database", fault);
    EXPECT_TRUE(store_->drop_database("shop"));
  }
}

TEST_F(RemoteFailures, ADropDoesNotHitTheNextCollectionOfThatName) {
  ASSERT_TRUE(database_->create_collection({.name = "more"}));
  proxy_.fault = [&, is_due = true](const std::string& request) mutable {
    if (!request.starts_with("DELETE /_db/_system/_api/collection/more") || !std::exchange(is_due, false)) {
      return Fault::kNone;
    }
    auto shop = *engine_->database("_system");
    EXPECT_TRUE(shop.drop_collection("more"));
    EXPECT_TRUE(shop.create_collection("more"));
    return Fault::kRequestLost;
  };
  EXPECT_TRUE(database_->drop_collection("more"));
  EXPECT_TRUE(database_->find_collection("more")->has_value());
}

TEST_F(RemoteFailures, QueriesThatReadAreRepeated) {
  ASSERT_TRUE(database_->insert("things", json(R"({"_key":"1","n":1})").slice()));
  for (Fault fault : {Fault::kRequestLost, Fault::kAnswerLost, Fault::kUnavailable}) {
    proxy_.fail_once("/_api/cursor", fault);
    EXPECT_TRUE(database_->query("FOR t IN things RETURN t", value::Slice::null()));
    QueryOptions reading;
    reading.read_only = true;
    proxy_.fail_once("/_api/cursor", fault);
    auto cursor = database_->query("FOR t IN things RETURN t", value::Slice::null(), reading);
    EXPECT_TRUE(cursor) << cursor.error().message();
  }
}

TEST_F(RemoteFailures, NoBatchIsLostOrDoubled) {
  for (bool is_stream : {false, true}) {
    int number = 0;
    proxy_.fault = [&](const std::string& request) {
      if (!request.starts_with("POST /_db/_system/_api/cursor/")) return Fault::kNone;
      constexpr Fault kFaults[] = {Fault::kAnswerLost, Fault::kNone, Fault::kRequestLost, Fault::kUnavailable,
                                   Fault::kNone};
      return kFaults[size_t(number++) % std::size(kFaults)];
    };
    QueryOptions options;
    options.batch_size = 7;
    if (is_stream) options.extra = json(R"({"stream":true})");
    auto cursor = *database_->query("FOR n IN 1..200 RETURN n", value::Slice::null(), options);
    int64_t expected = 1;
    while (true) {
      auto batch = cursor->next_batch();
      ASSERT_TRUE(batch) << batch.error().message();
      if (!*batch) break;
      for (value::ArrayIterator row(**batch); row.valid(); row.next()) EXPECT_EQ(row.value().as_int64(), expected++);
    }
    EXPECT_EQ(expected, 201);
    cursor.reset();
    EXPECT_EQ(server_->statistics().open_cursors, 0u);
  }
}

TEST_F(RemoteFailures, AttemptsAreBoundedAndAnUnreachedServerIsNotWaitedFor) {
  proxy_.fault = [](const std::string&) { return Fault::kUnavailable; };
  size_t before = proxy_.requests().size();
  EXPECT_EQ(store_->databases().error().code(), ErrorCode::kHttpServiceUnavailable);
  EXPECT_EQ(proxy_.requests().size(), before + size_t(options_.max_attempts));
  RemoteOptions nobody;
  nobody.password = "kanarienvogel";
  {
    net::TestListener closed;
    nobody.port = closed.port();
  }
  auto refused = make_remote_store(nobody)->databases();
  EXPECT_EQ(refused.error().code(), ErrorCode::kSimpleClientCouldNotConnect);
  EXPECT_THAT(refused.error().message(), Not(HasSubstr("kanarienvogel")));
}

TEST_F(RemoteFailures, AnotherCoordinatorTakesOver) {
  FlakyProxy second(server_->port());
  RemoteOptions options = options_;
  {
    net::TestListener closed;
    options.endpoints = {{"127.0.0.1", closed.port()}, {"127.0.0.1", proxy_.port()}, {"127.0.0.1", second.port()}};
  }
  auto store = make_remote_store(options);
  auto database = *store->open("_system");
  EXPECT_TRUE(second.requests().empty());
  QueryOptions small;
  small.batch_size = 1;
  auto cursor = *database->query("FOR n IN 1..3 RETURN n", value::Slice::null(), small);
  // The first coordinator refuses everything but its cursor's batches.
  proxy_.fault = [](const std::string& request) {
    return request.find("/_api/cursor/") == std::string::npos ? Fault::kUnavailable : Fault::kNone;
  };
  EXPECT_TRUE(database->insert("things", json("{}").slice()));
  EXPECT_FALSE(second.requests().empty());
  int rows = 0;
  while (*cursor->next_batch()) ++rows;
  EXPECT_EQ(rows, 3);
  for (const std::string& request : second.requests()) EXPECT_THAT(request, Not(HasSubstr("/_api/cursor/")));
}

TEST_F(RemoteFailures, LoginsByPasswordAndByToken) {
  RemoteOptions wrong = options_;
  wrong.password = "kanarienvogel";
  auto refused = make_remote_store(wrong)->databases();
  EXPECT_EQ(refused.error().code(), ErrorCode::kHttpUnauthorized);
  EXPECT_THAT(refused.error().message(), Not(HasSubstr("kanarienvogel")));
  net::HttpClient client({.port = server_->port()});
  auto login = client.send(net::HttpMethod::kPost, "/_open/auth", R"({"username":"root","password":"secret"})");
  wrong.token = parse_json(login->body)->slice().get("jwt").as_string();
  EXPECT_TRUE(make_remote_store(wrong)->databases());
  wrong.token = "kanarienvogel";
  EXPECT_EQ(make_remote_store(wrong)->databases().error().code(), ErrorCode::kHttpUnauthorized);
}

TEST(RemoteUrl, ReadsHostsAndRefusesTheRest) {
  auto place = remote_place_from_url("http://joe:p%40ss@h1:8530,h2,[::1]:7/my%20db");
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->options.user, "joe");
  EXPECT_EQ(place->options.password, "p@ss");
  EXPECT_EQ(place->database, "my db");
  std::vector<std::string> endpoints;
  for (const auto& endpoint : place->options.endpoints) {
    endpoints.push_back(endpoint.host + ' ' + std::to_string(endpoint.port));
  }
  EXPECT_THAT(endpoints, ElementsAre("h1 8530", "h2 8529", "::1 7"));
  EXPECT_EQ(remote_place_from_url("tcp://h")->options.user, "root");
  EXPECT_EQ(remote_place_from_url("http+tcp://h:1")->options.port, 1);
  EXPECT_EQ(remote_place_from_url("http://h/_db/shop")->database, "shop");
  EXPECT_THAT(remote_place_from_url("https://h").error().message(), HasSubstr("TLS"));
  for (const char* bad : {"http://", "http://h1,,h2", "http://h1,", "ftp://h", "h:1", "http://h:99999", "http://h/a/b",
                          "http://h?x=kanarienvogel", "http://a:kanarienvogel@h 1", "http://u:%4kanarienvogel@h"}) {
    auto refused = remote_place_from_url(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), ErrorCode::kBadParameter);
    EXPECT_THAT(refused.error().message(), Not(HasSubstr("kanarienvogel")));
  }
}

}  // namespace
}  // namespace workerdb::stores::documents
