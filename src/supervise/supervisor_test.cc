#include "supervise/supervisor.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/number.h"
namespace workerdb::supervise {
namespace {

constexpr int64_t kLongMs = 20'000;

ServiceSpec shell(const std::string& name, const std::string& script) {
  ServiceSpec spec{.name = name};
  spec.body = ProcessSpec{.executable = "/bin/sh", .arguments = {"-c", script}};
  spec.restart = {.first_backoff_ms = 1, .longest_backoff_ms = 4, .crashes_allowed = 3};
  return spec;
}

// What happened, in its order, from several threads.
class Journal {
 public:
  void add(const std::string& entry) {
    std::lock_guard lock(mutex_);
    entries_.push_back(entry);
    changed_.notify_all();
  }
  bool wait_for(const std::string& entry) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kLongMs),
                             [&] { return std::find(entries_.begin(), entries_.end(), entry) != entries_.end(); });
  }
  std::vector<std::string> entries() {
    std::lock_guard lock(mutex_);
    return entries_;
  }
  // Without the states in which a service's own thread is at work, which may be quicker than the news of
  // them.
  std::vector<std::string> settled() {
    std::vector<std::string> all = entries();
    std::erase_if(all, [](const std::string& entry) { return entry.ends_with("ing"); });
    return all;
  }
  // The state changes of a supervisor: "name state".
  std::function<void(const ServiceStatus&)> observer() {
    return [this](const ServiceStatus& status) { add(status.name + " " + std::string(state_name(status.state))); };
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

using Entries = std::vector<std::string>;

std::unique_ptr<Supervisor> start(std::vector<ServiceSpec> services, Journal& journal) {
  auto supervisor = Supervisor::create(std::move(services), journal.observer());
  EXPECT_TRUE(supervisor.has_value());
  (*supervisor)->start();
  return *std::move(supervisor);
}

TEST(Supervisor, StartsInOrderAndStopsInReverse) {
  Journal journal;
  ServiceSpec front = shell("front", "exec sleep 1000");
  front.depends_on = {"back"};
  auto supervisor = start({front, shell("back", "exec sleep 1000")}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  supervisor->begin_stop();
  ASSERT_TRUE(supervisor->wait_until_stopped(kLongMs));
  EXPECT_EQ(journal.entries(),
            (Entries{"back starting", "back preparing", "back ready", "front starting", "front preparing",
                     "front ready", "front stopping", "front stopped", "back stopping", "back stopped"}));
  EXPECT_EQ(supervisor->status()[0].name, "back");
}

TEST(Supervisor, RestartsWhatCrashesAndCountsIt) {
  Journal journal;
  auto supervisor = start({shell("fragile", "exec sleep 1000")}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  ProcessIdentity first = supervisor->status()[0].process;
  ASSERT_TRUE(signal_process(first, SIGKILL));
  ASSERT_TRUE(journal.wait_for("fragile backoff"));
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  ServiceStatus status = supervisor->status()[0];
  EXPECT_NE(status.process.pid, first.pid);
  EXPECT_EQ(status.restarts, 1);
  EXPECT_EQ(status.starts, 2);
  EXPECT_GE(status.ready_after_ms, 0);
}

TEST(Supervisor, GivesACrashLoopUpWithTheLastLines) {
  Journal journal;
  ServiceSpec spec = shell("broken", "echo starting; echo 'FATAL: no such setting' >&2; exit 7");
  spec.probe = [](int64_t) -> base::Result<> { return base::Error(base::ErrorCode::kFailed, "silent"); };
  auto supervisor = start({spec}, journal);
  auto ready = supervisor->wait_until_ready(kLongMs);
  ASSERT_FALSE(ready.has_value());
  EXPECT_EQ(ready.error().message(),
            "broken exited with code 7, 4 times within 60 s; it is not started again; it said last: starting "
            "| FATAL: "
            "no such setting");
  EXPECT_EQ(supervisor->status()[0].state, State::kFailed);
  EXPECT_EQ(supervisor->status()[0].starts, 4);
}

TEST(Supervisor, AProgramThatCannotStartFailsWithItsName) {
  Journal journal;
  ServiceSpec spec = shell("missing", "");
  spec.body = ProcessSpec{.executable = "/nonexistent/program"};
  auto supervisor = start({spec}, journal);
  auto ready = supervisor->wait_until_ready(kLongMs);
  ASSERT_FALSE(ready.has_value());
  EXPECT_NE(ready.error().message().find("cannot start '/nonexistent/program'"), std::string::npos)
      << ready.error().message();
}

TEST(Supervisor, KillsWhatIgnoresItsStopSignalWithItsWholeGroup) {
  Journal journal;
  ServiceSpec spec = shell("stubborn", "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1000; done");
  spec.stop_grace_ms = 50;
  auto supervisor = start({spec}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  std::vector<std::string> lines;
  while ((lines = supervisor->last_lines("stubborn", 1)).empty()) std::this_thread::yield();
  auto grandchild = identify_process(base::parse_integer<int>(lines[0]).value_or(0));
  ASSERT_TRUE(grandchild.has_value());
  supervisor->begin_stop();
  ASSERT_TRUE(supervisor->wait_until_stopped(kLongMs));
  EXPECT_TRUE(wait_until_gone(*grandchild, kLongMs));
}

TEST(Supervisor, AHurriedStopDoesNotWaitForTheGrace) {
  Journal journal;
  ServiceSpec spec = shell("stubborn", "trap '' TERM; echo set; while :; do sleep 1000; done");
  spec.stop_grace_ms = 3'600'000;
  auto supervisor = start({spec}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  while (supervisor->last_lines("stubborn", 1).empty()) std::this_thread::yield();
  supervisor->begin_stop();
  ASSERT_TRUE(journal.wait_for("stubborn stopping"));
  supervisor->hurry();
  EXPECT_TRUE(supervisor->wait_until_stopped(kLongMs));
}

TEST(Supervisor, UsesTheDeclaredStopSignal) {
  Journal journal;
  ServiceSpec spec = shell("polite", "trap 'echo interrupted; exit 0' INT; echo set; while :; do sleep 0.01; done");
  std::get<ProcessSpec>(spec.body).stop_signal = SIGINT;
  auto supervisor = start({spec}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  while (supervisor->last_lines("polite", 1).empty()) std::this_thread::yield();
  supervisor->begin_stop();
  ASSERT_TRUE(supervisor->wait_until_stopped(kLongMs));
  EXPECT_EQ(supervisor->last_lines("polite", 9), (Entries{"set", "interrupted", "exited with code 0"}));
}

TEST(Supervisor, ProbesDecideAboutReadyUnhealthyAndKill) {
  Journal journal;
  std::atomic<bool> answers{false};
  ServiceSpec spec = shell("probed", "exec sleep 1000");
  spec.probe_interval_ms = spec.starting_probe_interval_ms = 1;
  spec.unhealthy_timeout_ms = 20;
  spec.probe = [&](int64_t) -> base::Result<> {
    if (!answers) return base::Error(base::ErrorCode::kFailed, "no answer");
    return {};
  };
  auto supervisor = start({spec}, journal);
  auto early = supervisor->wait_until_ready(30);
  ASSERT_FALSE(early.has_value());
  EXPECT_NE(early.error().message().find("probed is starting"), std::string::npos) << early.error().message();
  answers = true;
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  ProcessIdentity first = supervisor->status()[0].process;
  answers = false;
  ASSERT_TRUE(journal.wait_for("probed unhealthy"));
  ASSERT_TRUE(wait_until_gone(first, kLongMs));
  ASSERT_TRUE(journal.wait_for("probed backoff"));
  answers = true;
  EXPECT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
}

TEST(Supervisor, HooksRunBeforeReadyAndAfterEachRestart) {
  Journal journal;
  ServiceSpec spec = shell("store", "exec sleep 1000");
  spec.hooks = {{"first", [&]() -> base::Result<> { return journal.add("hook"), base::Result<>{}; }}};
  auto supervisor = start({spec}, journal);
  ASSERT_TRUE(journal.wait_for("store ready"));
  EXPECT_EQ(journal.settled(), (Entries{"hook", "store ready"}));
  ASSERT_TRUE(signal_process(supervisor->status()[0].process, SIGKILL));
  ASSERT_TRUE(journal.wait_for("store backoff"));
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  Entries entries = journal.entries();
  EXPECT_EQ(std::count(entries.begin(), entries.end(), "hook"), 2);
}

TEST(Supervisor, AHookThatFailsLeavesTheServiceRunningAndSaysSo) {
  Journal journal;
  ServiceSpec spec = shell("store", "exec sleep 1000");
  spec.hooks = {{"apply the catalog",
                 []() -> base::Result<> { return base::Error(base::ErrorCode::kConflict, "checksum differs"); }}};
  auto supervisor = start({spec}, journal);
  auto ready = supervisor->wait_until_ready(kLongMs);
  ASSERT_FALSE(ready.has_value());
  EXPECT_EQ(ready.error().message(), "store runs, but was not prepared: apply the catalog: checksum differs");
  EXPECT_TRUE(is_alive(supervisor->status()[0].process));
}

TEST(Supervisor, InProcessServicesTakePart) {
  Journal journal;
  ServiceSpec engine{.name = "engine"};
  engine.body = InProcessSpec{[&]() -> base::Result<> { return journal.add("open"), base::Result<>{}; },
                              [&] { journal.add("close"); }};
  ServiceSpec front = shell("front", "exec sleep 1000");
  front.depends_on = {"engine"};
  auto supervisor = start({front, engine}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  EXPECT_TRUE(supervisor->status()[0].in_process);
  supervisor->begin_stop();
  ASSERT_TRUE(supervisor->wait_until_stopped(kLongMs));
  EXPECT_EQ(journal.settled(),
            (Entries{"open", "engine ready", "front ready", "front stopped", "close", "engine stopped"}));
}

TEST(Supervisor, AnInProcessServiceThatCannotStartFailsWithItsError) {
  Journal journal;
  ServiceSpec engine{.name = "engine"};
  engine.restart = {.first_backoff_ms = 1, .crashes_allowed = 1};
  engine.body = InProcessSpec{
      []() -> base::Result<> { return base::Error(base::ErrorCode::kCorruptedDatafile, "file 7 is damaged"); }, [] {}};
  auto supervisor = start({engine}, journal);
  auto ready = supervisor->wait_until_ready(kLongMs);
  ASSERT_FALSE(ready.has_value());
  EXPECT_NE(ready.error().message().find("file 7 is damaged"), std::string::npos) << ready.error().message();
}

// A thread cannot be killed; what is behind it must be stopped all the same.
TEST(Supervisor, AnInProcessServiceThatHangsIsLeftBehind) {
  Journal journal;
  auto forever = std::make_shared<std::mutex>();  // outlives us in the thread that is left behind
  std::unique_lock held(*forever);
  ServiceSpec hanging{.name = "hanging"};
  hanging.stop_grace_ms = 20;
  hanging.body = InProcessSpec{[]() -> base::Result<> { return {}; }, [forever] { std::lock_guard lock(*forever); }};
  hanging.depends_on = {"store"};
  auto supervisor = start({hanging, shell("store", "exec sleep 1000")}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  supervisor->begin_stop();
  EXPECT_TRUE(supervisor->wait_until_stopped(kLongMs));
  EXPECT_EQ(journal.entries().back(), "store stopped");
  supervisor.reset();
  held.unlock();
}

TEST(Supervisor, TheDestructorStopsEverything) {
  Journal journal;
  auto supervisor = start({shell("left", "exec sleep 1000")}, journal);
  ASSERT_TRUE(supervisor->wait_until_ready(kLongMs).has_value());
  ProcessIdentity identity = supervisor->status()[0].process;
  supervisor.reset();
  EXPECT_FALSE(is_alive(identity));
}

TEST(Supervisor, RefusesDependenciesWithoutAnOrder) {
  ServiceSpec alone = shell("alone", "true");
  alone.depends_on = {"alone"};
  EXPECT_FALSE(Supervisor::create({alone}).has_value());
}

}  // namespace
}  // namespace workerdb::supervise
