#include "access/context/context.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "access/context/principal.h"
#include "access/context/store_url.h"

namespace workerdb::access {
namespace {

class ContextsFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "contexts-" + std::to_string(::getpid());
    std::filesystem::create_directories(folder_);
    file_ = folder_ + "/contexts.yaml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) { std::ofstream(file_) << text; }
  std::string complaint(const std::string& text) {
    write(text);
    auto contexts = load_contexts(file_);
    return contexts ? "" : contexts.error().message();
  }
  std::string folder_, file_;
};

constexpr const char* kProduction = R"(
current: production
contexts:
  production:
    class: production
    namespace: databases-test
    ssh: {host: dev-01-root, port: 2222}
    documents: {service: arangodb, database: flowmaster}
    relational: {service: postgresql, user: app, local_port: 15432}
    cache: {service: redis, port: 6380}
    credentials: {documents: "mcp:commander-mcp/arango", roles: "kubernetes:/secrets/roles"}
  staging:
    class: test
    documents: {url: "http://reader@10.0.0.1:8529,10.0.0.2:8529"}
)";

TEST_F(ContextsFile, MissingIsTheLocalContextAlone) {
  auto contexts = load_contexts(file_);
  ASSERT_TRUE(contexts.has_value());
  ASSERT_EQ(contexts->contexts.size(), 1u);
  EXPECT_TRUE(contexts->contexts[0].is_local);
  EXPECT_EQ(contexts->current, "local");
}

TEST_F(ContextsFile, IsNobodyElsesToChange) {
  write(kProduction);
  for (mode_t open : {0620u, 0602u, 0666u}) {
    ASSERT_EQ(::chmod(file_.c_str(), open), 0);
    auto contexts = load_contexts(file_);
    ASSERT_FALSE(contexts.has_value()) << open;
    EXPECT_EQ(contexts.error().code(), base::ErrorCode::kForbidden);
  }
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  EXPECT_TRUE(load_contexts(file_).has_value());
}

TEST_F(ContextsFile, HasABoundedSize) {
  write(std::string(size_t{2} << 20, '#'));
  EXPECT_NE(load_contexts(file_).error().message().find("longer than 1 MiB"), std::string::npos);
  EXPECT_NE(load_contexts("/dev/zero").error().message().find("no regular file"), std::string::npos);
}

TEST_F(ContextsFile, IsReadAsDeclared) {
  write(kProduction);
  auto contexts = load_contexts(file_);
  ASSERT_TRUE(contexts.has_value()) << contexts.error().message();
  auto context = find_context(*contexts, "production");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->environment, base::EnvironmentClass::kProduction);
  EXPECT_EQ(context->ssh->host, "dev-01-root");
  EXPECT_EQ(context->ssh->port, 2222);
  const StorePlace& documents = context->stores.at(StoreKind::kDocuments);
  EXPECT_EQ(service_host(*context, documents), "arangodb.databases-test.svc.cluster.local");
  EXPECT_EQ(documents.credential, "mcp:commander-mcp/arango");
  EXPECT_EQ(context->stores.at(StoreKind::kRelational).local_port, 15432);
}

TEST_F(ContextsFile, IsTheSameAfterWritingAndPrivate) {
  write(kProduction);
  auto contexts = load_contexts(file_);
  ASSERT_TRUE(contexts.has_value());
  ASSERT_TRUE(save_contexts(file_, *contexts).has_value());
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto again = load_contexts(file_);
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ(again->current, "production");
  ASSERT_EQ(again->contexts.size(), 3u);
  const Context& production = again->contexts[1];
  EXPECT_EQ(production.ssh->port, 2222);
  EXPECT_EQ(production.stores.at(StoreKind::kCache).port, 6380);
  EXPECT_EQ(production.stores.at(StoreKind::kDocuments).credential, "mcp:commander-mcp/arango");
  EXPECT_EQ(production.role_passwords, "kubernetes:/secrets/roles");
  EXPECT_EQ(again->contexts[2].stores.at(StoreKind::kDocuments).url, "http://reader@10.0.0.1:8529,10.0.0.2:8529");
}

TEST_F(ContextsFile, BadOnesAreRefusedWithTheirPlace) {
  EXPECT_NE(complaint("contexts: {a: {class: production}}").find("at least one store"), std::string::npos);
  EXPECT_NE(complaint("contexts:\n  a:\n    class: prod\n    cache: {url: 'redis://h'}").find(":3:"),
            std::string::npos);
  EXPECT_NE(complaint("contexts: {local: {class: test, cache: {url: 'redis://h'}}}").find("cannot be declared"),
            std::string::npos);
  EXPECT_NE(complaint("contexts: {a: {class: test, cache: {service: redis}}}").find("namespace"), std::string::npos);
  EXPECT_NE(
      complaint("contexts: {a: {class: test, ssh: {host: '-oProxyCommand=x'}, cache: {url: 'redis://h'}}}").find("'-'"),
      std::string::npos);
  EXPECT_NE(complaint("contexts: {..: {class: test, cache: {url: 'redis://h'}}}").find("begins with"),
            std::string::npos);
  EXPECT_NE(complaint("current: b").find("no context"), std::string::npos);
  EXPECT_NE(complaint("contexts: {a: {class: test, cache: {url: 'redis://h'}, colour: red}}").find("colour"),
            std::string::npos);
}

TEST_F(ContextsFile, APasswordInAUrlIsRefusedAndNotRepeated) {
  std::string message = complaint("contexts: {a: {class: test, cache: {url: 'redis://me:hunter2@h'}}}");
  EXPECT_NE(message.find("password"), std::string::npos);
  EXPECT_EQ(message.find("hunter2"), std::string::npos);
  EXPECT_FALSE(check_store_url(StoreKind::kRelational, "postgresql://h/db?password=x").has_value());
}

TEST(StoreUrl, SchemesFitTheirStore) {
  EXPECT_TRUE(check_store_url(StoreKind::kDocuments, "http://a:1,b:2/db").has_value());
  EXPECT_TRUE(
      check_store_url(StoreKind::kRelational, "postgresql://a,b/db?target_session_attrs=read-write").has_value());
  EXPECT_TRUE(check_store_url(StoreKind::kCache, "redis-sentinel://a:26379,b:26379/mymaster").has_value());
  EXPECT_FALSE(check_store_url(StoreKind::kDocuments, "https://a").has_value());
  EXPECT_FALSE(check_store_url(StoreKind::kCache, "http://a").has_value());
  EXPECT_FALSE(check_store_url(StoreKind::kDocuments, "a:8529").has_value());
}

TEST(FindContext, TellsWhichThereAre) {
  Contexts contexts;
  contexts.contexts.push_back({.name = "local", .is_local = true});
  auto found = find_context(contexts, "prod");
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().message().find("local"), std::string::npos);
}

TEST(CurrentPrincipal, AnAgentsShellIsNoPersons) {
  ::setenv("WORKERDB_PRINCIPAL", "person:alice", 1);
  ::setenv("AI_AGENT", "1", 1);
  EXPECT_EQ(current_principal().kind, PrincipalKind::kAgent);
  ::unsetenv("AI_AGENT");
  for (const char* variable :
       {"CLAUDECODE", "CODEX_SANDBOX", "CURSOR_AGENT", "GEMINI_CLI", "OPENCODE", "AUGMENT_AGENT", "GOOSE_TERMINAL"})
    ::unsetenv(variable);
  EXPECT_EQ(current_principal().kind, PrincipalKind::kPerson);
  EXPECT_EQ(current_principal().name, "alice");
  ::setenv("WORKERDB_PRINCIPAL", "service:scheduling", 1);
  EXPECT_EQ(current_principal().kind, PrincipalKind::kService);
  ::setenv("WORKERDB_PRINCIPAL", "root:x y", 1);
  EXPECT_EQ(current_principal().kind, PrincipalKind::kAgent);
  EXPECT_EQ(current_principal().name, "x_y");
  ::unsetenv("WORKERDB_PRINCIPAL");
}

}  // namespace
}  // namespace workerdb::access
