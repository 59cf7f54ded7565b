#include "access/credentials/credential.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "access/credentials/credential_answer.h"
#include "access/credentials/lease.h"
#include "access/credentials/mcp_servers.h"

namespace workerdb::access {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPassword = "correct-horse-battery";

class SourcesTest : public ::testing::Test {
 protected:
  // In memory, as the kubelet's mounts are.
  SourcesTest() {
    char pattern[] = "/dev/shm/workerdb-credential-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~SourcesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string write(const std::string& name, const std::string& text, mode_t mode) const {
    std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  static base::Error error_of(const std::string& source) {
    auto found = resolve_credential(source, "/nowhere/mcp-servers.yaml");
    EXPECT_FALSE(found.has_value()) << source;
    return found ? base::Error(ErrorCode::kFailed) : found.error();
  }
  static std::string secret_of(const std::string& source) {
    auto found = resolve_credential(source, "/nowhere/mcp-servers.yaml");
    EXPECT_TRUE(found.has_value()) << source << ": " << (found ? "" : found.error().message());
    return found ? found->user + "|" + std::string(found->secret.expose()) : "";
  }

  std::string folder_;
};

TEST_F(SourcesTest, AFileGivesItsFirstLine) {
  std::string path = write("password", std::string(kPassword) + "\r\nsecond line\n", 0600);
  EXPECT_EQ(secret_of("file:" + path), std::string("|") + kPassword);
  ::chmod(path.c_str(), 0400);
  EXPECT_EQ(secret_of("file:" + path), std::string("|") + kPassword);
  std::string with_user = write("login", "app:pass:word\n", 0600);
  EXPECT_EQ(secret_of("file+user:" + with_user), "app|pass:word");
  ::setenv("CREDENTIAL_TEST_PASSWORD_FILE", path.c_str(), 1);
  EXPECT_EQ(secret_of("env:CREDENTIAL_TEST_PASSWORD_FILE"), std::string("|") + kPassword);
}

TEST_F(SourcesTest, AFileThatOthersCanReadIsNone) {
  for (mode_t mode : {0640, 0604, 0660, 0644, 0666, 0610}) {
    auto error = error_of("file:" + write("open", kPassword, mode));
    EXPECT_EQ(error.code(), ErrorCode::kForbidden);
    EXPECT_THAT(error.message(), HasSubstr("open' has mode 0"));
    EXPECT_THAT(error.message(), Not(HasSubstr(kPassword)));
  }
}

TEST_F(SourcesTest, ALinkIsFollowedToAFileThatIsPrivate) {
  std::string target = write("target", kPassword, 0600), link = folder_ + "/link";
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  EXPECT_EQ(secret_of("file:" + link), std::string("|") + kPassword);
  ::chmod(target.c_str(), 0644);
  EXPECT_EQ(error_of("file:" + link).code(), ErrorCode::kForbidden);
}

TEST_F(SourcesTest, WhatIsNoPasswordIsRefusedWithoutRepeatingIt) {
  EXPECT_EQ(error_of("file:" + folder_ + "/missing").code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(error_of("file:" + folder_).code(), ErrorCode::kBadParameter);
  EXPECT_EQ(error_of("file:" + write("empty", "", 0600)).code(), ErrorCode::kBadParameter);
  EXPECT_EQ(error_of("file:" + write("line", "\nsecond", 0600)).code(), ErrorCode::kBadParameter);
  EXPECT_EQ(error_of("file:" + write("bell", "a\ab", 0600)).code(), ErrorCode::kBadParameter);
  EXPECT_EQ(error_of("file:" + write("long", std::string(65 * 1024, 'x'), 0600)).code(), ErrorCode::kBadParameter);
  EXPECT_EQ(error_of("file+user:" + write("plain", kPassword, 0600)).code(), ErrorCode::kBadParameter);
  std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(error_of("file:" + fifo).code(), ErrorCode::kBadParameter);
  for (std::string source :
       {kPassword, "vault:x", "file:", "mcp:server", "mcp:/name", "env:PASSWORD", "env:A-B_FILE", "kubernetes:"}) {
    auto error = error_of(source);
    EXPECT_EQ(error.code(), ErrorCode::kBadParameter) << source;
    EXPECT_THAT(error.message(), Not(HasSubstr(kPassword)));
  }
  ::unsetenv("CREDENTIAL_TEST_NONE_FILE");
  EXPECT_EQ(error_of("env:CREDENTIAL_TEST_NONE_FILE").code(), ErrorCode::kFileNotFound);
  // The password itself where its file's path belongs.
  ::setenv("CREDENTIAL_TEST_WRONG_FILE", kPassword, 1);
  EXPECT_THAT(error_of("env:CREDENTIAL_TEST_WRONG_FILE").message(), Not(HasSubstr(kPassword)));
}

TEST_F(SourcesTest, AMountedSecretHasItsOwnRule) {
  std::string mount = folder_ + "/mount", dated = mount + "/..2026_01_31";
  std::filesystem::create_directories(dated);
  ::chmod(mount.c_str(), 0755);
  std::filesystem::create_symlink("..2026_01_31", mount + "/..data");
  write("mount/..2026_01_31/username", "app", 0644);
  std::string password = write("mount/..2026_01_31/password", kPassword, 0644);
  std::filesystem::create_symlink("..data/username", mount + "/username");
  std::filesystem::create_symlink("..data/password", mount + "/password");
  EXPECT_EQ(secret_of("kubernetes:" + mount + "#password"), std::string("|") + kPassword);
  EXPECT_EQ(error_of("kubernetes:" + mount + "#../password").code(), ErrorCode::kBadParameter);
  EXPECT_EQ(error_of("kubernetes:" + mount + "#missing").code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(secret_of("kubernetes:" + mount), std::string("app|") + kPassword);

  ::chmod(password.c_str(), 0666);
  EXPECT_EQ(error_of("kubernetes:" + mount).code(), ErrorCode::kForbidden);
  ::chmod(password.c_str(), 0440);
  std::filesystem::remove(mount + "/username");
  EXPECT_EQ(secret_of("kubernetes:" + mount), std::string("|") + kPassword);

  std::filesystem::remove(mount + "/password");
  std::filesystem::create_symlink(write("outside", kPassword, 0644), mount + "/password");
  EXPECT_THAT(error_of("kubernetes:" + mount).message(), HasSubstr("leads out"));
  // Without the kubelet's link it is a folder as any other.
  std::filesystem::create_directories(folder_ + "/plain");
  write("plain/password", kPassword, 0644);
  EXPECT_EQ(error_of("kubernetes:" + folder_ + "/plain").code(), ErrorCode::kForbidden);
}

TEST(Answer, IsUnderstoodInItsVariants) {
  auto read = [](std::string_view json) { return read_credential_answer(json, 1'000); };
  auto full = read(
      R"({"username":"app","password":"p","host":"db","port":"5432","database":"core","expires_at":"1970-01-01T01:00:00.5Z"})");
  ASSERT_TRUE(full.has_value()) << full.error().message();
  EXPECT_EQ(full->user, "app");
  EXPECT_EQ(full->host, "db");
  EXPECT_EQ(full->port, 5432);
  EXPECT_EQ(full->database, "core");
  EXPECT_EQ(full->expires_unix_s, 3600);
  EXPECT_EQ(read(R"({"credential":{"user":"a","token":"t"}})")->secret.expose(), "t");
  EXPECT_EQ(read(R"({"secret":"s","expires":2000})")->expires_unix_s, 2000);
  EXPECT_EQ(read(R"({"secret":"s","expiresAt":"1970-01-01T02:00:00+01:00"})")->expires_unix_s, 3600);
}

TEST(Answer, IsRefusedWithoutRepeatingIt) {
  for (std::string_view json : {"", "[]", "\"canary\"", R"({"user":"canary"})", R"({"password":["canary"]})",
                                R"({"password":"can\nary"})", R"({"password":"canary","secret":"other"})",
                                R"({"password":"canary","port":0})", R"({"password":"canary","port":"x"})",
                                R"({"password":"canary","expires":"tomorrow"})", R"({"password":"canary","host":7})"}) {
    auto found = read_credential_answer(json, 1'000);
    ASSERT_FALSE(found.has_value()) << json;
    EXPECT_EQ(found.error().code(), ErrorCode::kBadParameter);
    EXPECT_THAT(found.error().message(), Not(HasSubstr("canary")));
  }
  EXPECT_EQ(read_credential_answer(R"({"password":"p","expires":999})", 1'000).error().code(), ErrorCode::kForbidden);
  EXPECT_FALSE(read_credential_answer(R"({"password":")" + std::string(5'000, 'x') + "\"}", 1).has_value());
}

// ---- external servers: a shell script answers line by line ------------------------------------------------

class ServerTest : public SourcesTest {
 protected:
  // Each line that comes in is answered by the next line of `answers`; an empty one is silence.
  std::string servers_file(const std::vector<std::string>& answers) const {
    std::string script = "#!/bin/sh\n";
    for (const std::string& answer : answers) {
      script += "read -r line\n";
      if (!answer.empty()) script += "printf '%s\\n' '" + answer + "'\n";
    }
    script += "read -r line\n";
    return write("servers.yaml",
                 "servers:\n  fake:\n    command: [/bin/sh, " + write("server.sh", script, 0700) + "]\n", 0600);
  }
  static std::string result(int id, const std::string& text) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" + text + "}";
  }
  static std::string problem(int id, int code, const std::string& data = "{}") {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"error":{"code":)" + std::to_string(code) +
           R"(,"message":"canary","data":)" + data + "}}";
  }
};

constexpr const char* kTools =
    R"({"tools":[{"name":"get_credential","inputSchema":{"type":"object","properties":{"name":{"type":"string"}}}}]})";

TEST_F(ServerTest, OfTheStatelessGeneration) {
  auto file = servers_file(
      {result(1, R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}})"),
       result(2, kTools),
       result(3, R"({"resultType":"complete","content":[],"structuredContent":{"user":"app","password":"p1"}})")});
  auto found = resolve_credential("mcp:fake/arango", file);
  ASSERT_TRUE(found.has_value()) << found.error().message();
  EXPECT_EQ(found->user, "app");
  EXPECT_EQ(found->secret.expose(), "p1");
}

TEST_F(ServerTest, OfTheSessionGeneration) {
  // The fourth line is the notification that we are initialized.
  auto file = servers_file(
      {problem(1, -32601), result(2, R"({"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}})"), "",
       result(3, kTools),
       result(4, R"({"content":[{"type":"text","text":"{\"username\":\"app\",\"secret\":\"p2\"}"}]})")});
  auto found = resolve_credential("mcp:fake/arango", file);
  ASSERT_TRUE(found.has_value()) << found.error().message();
  EXPECT_EQ(found->secret.expose(), "p2");
}

TEST_F(ServerTest, FailuresNeverRepeatWhatItSaid) {
  std::string discovered = result(1, R"({"supportedVersions":["2026-07-28"]})");
  const std::pair<std::vector<std::string>, ErrorCode> kCases[] = {
      {{"canary no json"}, ErrorCode::kSimpleClientCouldNotRead},
      {{}, ErrorCode::kSimpleClientCouldNotRead},
      {{problem(1, -32022, R"({"supported":["2099-01-01"]})")}, ErrorCode::kNotImplemented},
      {{problem(1, -32601), problem(2, -32602)}, ErrorCode::kSimpleClientCouldNotRead},
      {{discovered, result(2, R"({"tools":[]})")}, ErrorCode::kFileNotFound},
      {{discovered, result(2, kTools), problem(3, -32602)}, ErrorCode::kForbidden},
      {{discovered, result(2, kTools), result(3, R"({"isError":true,"content":[{"type":"text","text":"canary"}]})")},
       ErrorCode::kForbidden},
      {{discovered, result(2, kTools), result(3, R"({"resultType":"input_required","inputRequests":{}})")},
       ErrorCode::kNotImplemented},
      {{discovered, result(2, kTools), result(3, R"({"resultType":"canary"})")}, ErrorCode::kSimpleClientCouldNotRead},
      {{discovered, result(2, kTools), result(3, R"({"content":[{"type":"text","text":"canary"}]})")},
       ErrorCode::kBadParameter},
      {{discovered, result(2, kTools), result(3, R"({"content":[]})")}, ErrorCode::kBadParameter},
  };
  for (const auto& [answers, code] : kCases) {
    auto found = resolve_credential("mcp:fake/arango", servers_file(answers));
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code(), code) << found.error().message();
    EXPECT_THAT(found.error().message(), Not(HasSubstr("canary")));
  }
}

TEST_F(ServerTest, TheirFileIsReadStrictly) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"servers:\n  a: {}\n", "either a command or a url"},
      {"servers:\n  a: {command: [x], url: 'http://h/'}\n", "either a command or a url"},
      {"servers:\n  a: {url: 'https://h/'}\n", "only http"},
      {"servers:\n  a: {url: 'http://u:canary@h/'}\n", "does not belong into a URL"},
      {"servers:\n  a: {url: 'http://h/', token: canary}\n", "a token is a source"},
      {"servers:\n  a: {url: 'http://h/', token: 'mcp:a/b'}\n", "a token is a source"},
      {"servers:\n  a: {command: [x], unknown: 1}\n", "unknown"},
  };
  for (const auto& [text, expected] : kWrong) {
    auto found = find_mcp_server(write("servers.yaml", text, 0600), "a");
    ASSERT_FALSE(found.has_value()) << text;
    EXPECT_THAT(found.error().message(), HasSubstr(expected));
    EXPECT_THAT(found.error().message(), Not(HasSubstr("canary")));
  }
  std::string good = write("servers.yaml", "servers:\n  a: {command: [x]}\n", 0600);
  EXPECT_THAT(find_mcp_server(good, "b").error().message(), HasSubstr("(there are: a)"));
  ::chmod(good.c_str(), 0620);
  EXPECT_EQ(find_mcp_server(good, "a").error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(find_mcp_server(folder_ + "/none.yaml", "a").error().code(), ErrorCode::kFileNotFound);
}

TEST(LeaseNames, CarryTheirEnd) {
  EXPECT_EQ(lease_end("workerdb_lease_1790000000_abcdefghijkl"), 1790000000);
  for (const char* name :
       {"workerdb_lease_", "workerdb_lease_x_abcdefghijkl", "workerdb_lease_1_short", "postgres", "workerdb_admin",
        "workerdb_lease_-5_abcdefghijkl", "workerdb_lease_1_abcdefghijk'", "workerdb_lease_17_abcdefghijklm"}) {
    EXPECT_FALSE(lease_end(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace workerdb::access
