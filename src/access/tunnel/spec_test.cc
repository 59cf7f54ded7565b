#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "access/tunnel/context_tunnel.h"
#include "access/tunnel/ssh_command.h"
#include "access/tunnel/status_json.h"
#include "access/tunnel/tunnel.h"

namespace workerdb::access::tunnel {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TunnelSpec good() {
  TunnelSpec spec;
  spec.name = "production";
  spec.ssh_host = "dev-01-root";
  spec.forwards = {{"documents", 8529, "arangodb.databases-test.svc.cluster.local", 8529},
                   {"cache", 0, "fd00::1", 6379}};
  return spec;
}

TEST(TunnelSpec, TakesWhatSshUnderstands) {
  EXPECT_TRUE(check_spec(good()));
  TunnelSpec spec = good();
  spec.ssh_host = "ada@bastion.example.org";
  spec.ssh_user = "ada";
  EXPECT_TRUE(check_spec(spec));
}

TEST(TunnelSpec, RefusesWhatWouldBeAnOptionOrAPath) {
  auto refused = [](auto change) {
    TunnelSpec spec = good();
    change(spec);
    auto checked = check_spec(spec);
    return !checked && checked.error().code() == base::ErrorCode::kBadParameter;
  };
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.name = "../other"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.name = ""; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.ssh_host = "-oProxyCommand=x"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.ssh_host = "a b"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.ssh_host = "$(reboot)"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.ssh_user = "-l"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.ssh_config_file = "relative"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.forwards.clear(); }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.forwards[0].target_host = "a;b"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.forwards[0].target_port = 0; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.forwards[1].name = "documents"; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.forwards[1].local_port = 8529; }));
  EXPECT_TRUE(refused([](TunnelSpec& spec) { spec.forwards.resize(33, spec.forwards[0]); }));
}

TEST(DerivedPort, NeverChangesAndStaysInItsRange) {
  EXPECT_EQ(derived_port("production", "documents"), derived_port("production", "documents"));
  // Written down by people: a new release must not move them.
  EXPECT_EQ(derived_port("production", "documents"), 21427);
  std::set<uint16_t> ports;
  for (const char* tunnel : {"production", "staging", "dev"}) {
    for (const char* forward : {"documents", "relational", "cache"}) {
      for (int attempt = 0; attempt < 16; ++attempt) {
        uint16_t port = derived_port(tunnel, forward, attempt);
        EXPECT_GE(port, 21000);
        EXPECT_LT(port, 30000);
        ports.insert(port);
      }
    }
  }
  EXPECT_GT(ports.size(), 130U);
}

TEST(ContextTunnel, ForwardsTheServicesAndLeavesUrlsAlone) {
  Context context;
  context.name = "production";
  context.kubernetes_namespace = "databases-test";
  EXPECT_FALSE(tunnel_of(context)->has_value()) << "no SSH host";
  context.ssh = SshHost{"dev-01-root", "ada", 2222, ""};
  context.stores[StoreKind::kDocuments].service = "arangodb";
  context.stores[StoreKind::kCache].url = "redis://10.0.0.1:6379";
  context.stores[StoreKind::kRelational].service = "postgresql";
  context.stores[StoreKind::kRelational].port = 5433;
  context.stores[StoreKind::kRelational].local_port = 15432;
  auto spec = tunnel_of(context);
  ASSERT_TRUE(spec && spec->has_value());
  EXPECT_EQ((*spec)->ssh_port, 2222);
  ASSERT_EQ((*spec)->forwards.size(), 2U);
  EXPECT_EQ((*spec)->forwards[0], (Forward{"documents", 0, "arangodb.databases-test.svc.cluster.local", 8529}));
  EXPECT_EQ((*spec)->forwards[1], (Forward{"relational", 15432, "postgresql.databases-test.svc.cluster.local", 5433}));
}

TEST(SshCommand, TurnsNothingOffAndAsksNothing) {
  TunnelSpec spec = good();
  spec.ssh_config_file = "/etc/other config";
  auto command = ssh_command(spec, {"/run/x", 7}, "/usr/bin/ssh");
  EXPECT_EQ(command.executable, "/usr/bin/ssh");
  EXPECT_THAT(command.arguments, Contains("BatchMode=yes"));
  EXPECT_THAT(command.arguments, Contains("/run/x/7-0:arangodb.databases-test.svc.cluster.local:8529"));
  EXPECT_THAT(command.arguments, Contains("/run/x/7-1:[fd00::1]:6379"));
  EXPECT_EQ(command.arguments.back(), "dev-01-root");
  EXPECT_EQ(command.arguments[command.arguments.size() - 2], "--");
  EXPECT_EQ(command.arguments[1], "/etc/other config");
  for (const std::string& word : command.arguments) {
    EXPECT_THAT(word, Not(HasSubstr("StrictHostKeyChecking")));
    EXPECT_THAT(word, Not(HasSubstr("KnownHosts")));
    EXPECT_THAT(word, Not(HasSubstr("ProxyCommand")));
  }
}

TEST(SshCommand, PassesTheEnvironmentOnWithoutOurPasswords) {
  ::setenv("PGPASSWORD", "canary", 1);
  ::setenv("SSH_AUTH_SOCK", "/agent", 1);
  auto names = ssh_command(good(), {"/run/x", 1}, "/usr/bin/ssh").inherited_environment;
  ::unsetenv("PGPASSWORD");
  EXPECT_THAT(names, Contains("SSH_AUTH_SOCK"));
  EXPECT_THAT(names, Not(Contains("PGPASSWORD")));
}

TEST(SshCommand, TellsARefusalFromAnUnreachableServer) {
  auto setback = [](std::string line) { return setback_of({"Warning: something", std::move(line), ""}); };
  EXPECT_EQ(setback("ada@dev-01-root: Permission denied (publickey)."), Setback::kRefused);
  EXPECT_EQ(setback("Host key verification failed."), Setback::kRefused);
  EXPECT_EQ(setback("ssh: connect to host 10.0.0.1 port 22: Connection refused"), Setback::kUnreachable);
  EXPECT_EQ(setback("Timeout, server 10.0.0.1 not responding."), Setback::kUnreachable);
  EXPECT_EQ(setback("something new"), Setback::kUnreachable);
  EXPECT_THAT(reason_of({"Host key verification failed."}, good(), {}),
              HasSubstr("failed: the server's key is not in known_hosts; run `ssh dev-01-root` once"));
  EXPECT_EQ(reason_of({"something new", ""}, good(), {}), "something new");
  EXPECT_EQ(reason_of({}, good(), {.code = 255}), "ssh exited with code 255");
}

TEST(StatusJson, ComesBackAsItWent) {
  TunnelStatus status;
  status.spec = good();
  status.state = supervise::State::kUnhealthy;
  status.process = {.pid = 12, .start_ticks = 1234567890123, .boot_id = "b"};
  status.ssh = {.pid = 13, .start_ticks = 2, .boot_id = "b"};
  status.connects = 4;
  status.last_outage_ms = 310;
  status.reason = "a \"reason\"\n";
  status.forwards = {{good().forwards[0], true, 3, 9}, {good().forwards[1], false, 0, 0}};
  auto back = parse_status(tunnel_json(status));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spec, status.spec);
  EXPECT_EQ(back->state, status.state);
  EXPECT_EQ(back->process, status.process);
  EXPECT_EQ(back->ssh, status.ssh);
  EXPECT_EQ(back->connects, 4);
  EXPECT_EQ(back->last_outage_ms, 310);
  EXPECT_EQ(back->reason, status.reason);
  ASSERT_EQ(back->forwards.size(), 2U);
  EXPECT_EQ(back->forwards[0].open, 3);
  EXPECT_EQ(back->forwards[1].forward, status.forwards[1].forward);
  EXPECT_EQ(*parse_spec(spec_json(good())), good());
}

TEST(StatusJson, RefusesWhatIsDamaged) {
  for (const char* text : {"", "null", "{}", "{\"spec\":{},\"forwards\":[]}", "[1]", "{\"spec\":1,\"forwards\":2}"}) {
    EXPECT_FALSE(parse_status(text)) << text;
    EXPECT_FALSE(parse_spec(text)) << text;
  }
}

}  // namespace
}  // namespace workerdb::access::tunnel
