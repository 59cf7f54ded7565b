#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/private_file.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/env.h"
#include "cli/stack/ports.h"
#include "cli/stack/postgres_service.h"
#include "cli/stack/secrets.h"
#include "cli/stack/stack_testing.h"
#include "cli/stack/state_file.h"

namespace workerdb::cli {
namespace {

using testing::free_ports;
using ::testing::HasSubstr;
using testing::Listener;
using testing::mode_of;
using testing::TemporaryFolder;

template <typename T>
std::string message(const base::Result<T>& result) {
  return result ? "no error" : result.error().message();
}

TEST(DataFolder, IsMadeOnceAndFoundAgain) {
  TemporaryFolder temporary;
  std::string path = temporary.inside("deep/data");
  EXPECT_THAT(message(find_data_folder(path)), HasSubstr("there is no data folder"));
  auto made = prepare_data_folder(path + "/", std::nullopt);
  ASSERT_TRUE(made.has_value()) << message(made);
  EXPECT_EQ(made->path, path);
  EXPECT_EQ(mode_of(made->secrets()), 0700u);
  EXPECT_EQ(mode_of(made->logs()), 0700u);
  EXPECT_EQ(mode_of(made->postgres()), 0700u);
  EXPECT_TRUE(prepare_data_folder(path, std::nullopt).has_value());
  EXPECT_TRUE(find_data_folder(path).has_value());
}

TEST(DataFolder, AForeignFolderIsRefusedAndLeftAlone) {
  TemporaryFolder temporary;
  std::ofstream(temporary.inside("diary.txt")) << "mine";
  EXPECT_THAT(message(prepare_data_folder(temporary.path(), std::nullopt)),
              HasSubstr("is not empty and was not made by workerdb; choose another folder with --data"));
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(temporary.path())) ++entries;
  EXPECT_EQ(entries, 1u);
}

TEST(DataFolder, AnotherLayoutIsRefused) {
  TemporaryFolder temporary;
  ASSERT_TRUE(prepare_data_folder(temporary.inside("data"), std::nullopt).has_value());
  std::ofstream(temporary.inside("data/.workerdb")) << "workerdb data folder, layout 9\n";
  EXPECT_THAT(message(find_data_folder(temporary.inside("data"))), HasSubstr("another version of workerdb"));
}

TEST(DataFolder, AFolderThatTheOrdinaryUserCannotEnterIsRefused) {
  TemporaryFolder temporary;
  std::filesystem::create_directory(temporary.inside("closed"));
  ::chmod(temporary.inside("closed").c_str(), 0700);
  supervise::UserIdentity stranger{.name = "stranger", .uid = 54321, .gid = 54321};
  EXPECT_THAT(message(prepare_data_folder(temporary.inside("closed/data"), stranger)),
              HasSubstr("'stranger', who may not enter '" + temporary.inside("closed") + "'"));
  EXPECT_FALSE(std::filesystem::exists(temporary.inside("closed/data")));
}

TEST(DataFolder, NobodyAndRootAreNoOrdinaryUsers) {
  if (::geteuid() != 0) {
    EXPECT_EQ(ordinary_user("anybody").value(), std::nullopt);
    return;
  }
  EXPECT_THAT(message(ordinary_user("nobody")), HasSubstr("shared by other services"));
  EXPECT_THAT(message(ordinary_user("root")), HasSubstr("does not run as root"));
  EXPECT_THAT(message(ordinary_user("no-such-user")), HasSubstr("adduser --system --group workerdb"));
}

TEST(FolderLock, TheSecondHolderIsToldWhoTheFirstIs) {
  TemporaryFolder temporary;
  auto folder = prepare_data_folder(temporary.inside("data"), std::nullopt);
  ASSERT_TRUE(folder.has_value());
  {
    auto first = FolderLock::take(*folder);
    ASSERT_TRUE(first.has_value());
    auto second = FolderLock::take(*folder);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), base::ErrorCode::kDatadirLocked);
    EXPECT_THAT(second.error().message(), HasSubstr("(pid " + std::to_string(::getpid()) + ")"));
  }
  EXPECT_TRUE(FolderLock::take(*folder).has_value());
}

TEST(Secrets, AreMadeOncePrivateAndDifferent) {
  TemporaryFolder temporary;
  auto folder = prepare_data_folder(temporary.inside("data"), std::nullopt);
  StackOptions options;
  options.redis_spaces = {{"event-bus", {"event:"}, {}}};
  auto first = load_or_make_secrets(*folder, options);
  ASSERT_TRUE(first.has_value()) << message(first);
  EXPECT_EQ(first->postgres_app.size(), 32u);
  EXPECT_NE(first->postgres_app, first->postgres_superuser);
  EXPECT_EQ(first->redis_spaces.at("event-bus").size(), 32u);
  EXPECT_EQ(mode_of(secret_file(*folder, kPostgresAppSecret)), 0600u);
  EXPECT_EQ(load_or_make_secrets(*folder, options)->postgres_app, first->postgres_app);
  ASSERT_TRUE(write_connection_files(*folder, options, *first).has_value());
  EXPECT_EQ(mode_of(secret_file(*folder, kPgpassFile)), 0600u);
  EXPECT_THAT(*base::read_small_file(secret_file(*folder, kPgpassFile)),
              HasSubstr("localhost:5432:*:flowmaster_app:" + first->postgres_app));
  options.redis_spaces = {{"workerdb_admin", {}, {}}};
  EXPECT_THAT(message(load_or_make_secrets(*folder, options)), HasSubstr("cannot be a Redis user"));
}

TEST(Secrets, AFileThatOthersCanReadIsRefused) {
  TemporaryFolder temporary;
  auto folder = prepare_data_folder(temporary.inside("data"), std::nullopt);
  ASSERT_TRUE(load_or_make_secret(*folder, "one").has_value());
  ::chmod(secret_file(*folder, "one").c_str(), 0644);
  EXPECT_THAT(message(load_or_make_secret(*folder, "one")), HasSubstr("can be read or changed by others"));
}

TEST(PrivateFile, IsReplacedAsAWholeAndStaysPrivate) {
  EXPECT_THAT(message(base::replace_private_file("/dev/full/x", "text")), HasSubstr("cannot write '/dev/full/x'"));
  TemporaryFolder temporary;
  std::string path = temporary.inside("file");
  ASSERT_TRUE(base::replace_private_file(path, "first").has_value());
  ASSERT_TRUE(base::replace_private_file(path, "second").has_value());
  EXPECT_EQ(*base::read_small_file(path), "second");
  EXPECT_EQ(mode_of(path), 0600u);
}

TEST(Ports, ATakenPortNamesItsPurposeAndItsOption) {
  Listener listener;
  StackOptions options;
  options.ports = free_ports();
  EXPECT_TRUE(check_ports(options).has_value());
  options.ports.redis = listener.port();
  EXPECT_THAT(message(check_ports(options)),
              ::testing::AllOf(HasSubstr("port " + std::to_string(listener.port()) + " for Redis is taken"),
                               HasSubstr("pid " + std::to_string(::getpid())), HasSubstr("--redis-port")));
  options.with_redis = false;
  EXPECT_TRUE(check_ports(options).has_value());
}

TEST(Ports, TwoUsesOfOnePortAndBadAddressesAreRefused) {
  StackOptions options;
  options.ports = free_ports();
  options.ports.control = options.ports.postgres;
  EXPECT_THAT(message(check_ports(options)), HasSubstr("--postgres-port and --control-port both name port"));
  options.ports = free_ports();
  options.bind_address = "localhost";
  EXPECT_EQ(message(check_ports(options)), "'localhost' is not an IP address");
  options.ports.documents = 0;
  EXPECT_EQ(message(check_ports(options)), "--documents-port must not be 0");
}

TEST(Postgres, AFolderOfAnotherMajorVersionIsRefused) {
  TemporaryFolder temporary;
  DataFolder folder{temporary.path()};
  EXPECT_TRUE(needs_initdb(folder).value());
  std::filesystem::create_directories(folder.postgres_data());
  EXPECT_THAT(message(needs_initdb(folder)), HasSubstr("is not a data folder of PostgreSQL"));
  std::ofstream(folder.postgres_data() + "/PG_VERSION") << "13\n";
  EXPECT_THAT(message(needs_initdb(folder)),
              HasSubstr("was made by PostgreSQL 13 and this program runs PostgreSQL 15"));
  std::ofstream(folder.postgres_data() + "/PG_VERSION") << "15\n";
  EXPECT_FALSE(needs_initdb(folder).value());
}

StackState sample_state() {
  StackState state{.process = *supervise::identify_process(::getpid()), .bind_address = "127.0.0.1", .started_ms = 5};
  state.ports = {1001, 1002, 1003, 1004};
  supervise::ServiceStatus service{.name = "redis", .state = supervise::State::kBackoff, .stop_signal = 15};
  service.process = {77, 88, "boot"};
  service.restarts = 3;
  service.reason = "said \"no\" \xff";
  state.services = {service};
  return state;
}

TEST(StateFile, ComesBackAsItWasWritten) {
  TemporaryFolder temporary;
  auto folder = prepare_data_folder(temporary.inside("data"), std::nullopt);
  EXPECT_THAT(message(read_state(*folder)), HasSubstr("nothing is up"));
  StackState written = sample_state();
  ASSERT_TRUE(write_state(*folder, written).has_value());
  auto state = read_state(*folder);
  ASSERT_TRUE(state.has_value()) << message(state);
  EXPECT_EQ(state->process, written.process);
  EXPECT_EQ(state->ports.control, 1004);
  ASSERT_EQ(state->services.size(), 1u);
  EXPECT_EQ(state->services[0].process, written.services[0].process);
  EXPECT_EQ(state->services[0].state, supervise::State::kBackoff);
  EXPECT_EQ(state->services[0].restarts, 3);
  EXPECT_EQ(state->services[0].reason, "said \"no\" ?");
  std::ofstream(folder->state_file()) << "{\"pid\":";
  EXPECT_THAT(message(read_state(*folder)), HasSubstr("is damaged"));
}

TEST(Env, PrintsHowToConnectButNoPassword) {
  TemporaryFolder temporary;
  auto folder = prepare_data_folder(temporary.inside("it is data"), std::nullopt);
  StackOptions options;
  auto secrets = load_or_make_secrets(*folder, options);
  ASSERT_TRUE(write_connection_files(*folder, options, *secrets).has_value());
  ASSERT_TRUE(write_state(*folder, sample_state()).has_value());
  std::ostringstream out;
  ASSERT_EQ(env({.data_folder = folder->path}, {out, out}).value(), 0);
  std::string text = out.str();
  EXPECT_THAT(text, HasSubstr("export PGPORT=1002\n"));
  EXPECT_THAT(text, HasSubstr("export PGPASSFILE='" + folder->path + "/secrets/pgpass'\n"));
  EXPECT_THAT(text, HasSubstr("export ARANGO_URL='http://127.0.0.1:1001'\n"));
  EXPECT_THAT(text, HasSubstr("export REDISCLI_AUTH=\"$(cat '" + folder->path + "/secrets/redis-default')\"\n"));
  for (const std::string& password : {secrets->documents_root, secrets->postgres_app, secrets->postgres_superuser,
                                      secrets->redis_default, secrets->redis_admin}) {
    EXPECT_EQ(text.find(password), std::string::npos);
  }
  std::ostringstream files;
  ASSERT_EQ(env({.data_folder = folder->path, .only_files = true}, {files, files}).value(), 0);
  EXPECT_EQ(files.str().find("$(cat"), std::string::npos);
}

TEST(Env, RefusesWhenNothingIsUp) {
  TemporaryFolder temporary;
  auto folder = prepare_data_folder(temporary.inside("data"), std::nullopt);
  StackState state = sample_state();
  state.process.start_ticks += 1;
  ASSERT_TRUE(write_state(*folder, state).has_value());
  std::ostringstream out;
  EXPECT_THAT(message(env({.data_folder = folder->path}, {out, out})), HasSubstr("nothing is up"));
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace workerdb::cli
