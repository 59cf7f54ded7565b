// Links with a program in ssh's place: a script that behaves as the test says.
#include "access/tunnel/links.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/time.h"

namespace workerdb::access::tunnel {
namespace {

using supervise::State;

class LinksTest : public testing::Test {
 protected:
  LinksTest() : log_({}) {
    char name[] = "/tmp/workerdb-links-XXXXXX";
    folder_ = ::mkdtemp(name);
    spec_.name = "dev";
    spec_.ssh_host = "host";
    spec_.forwards = {{"echo", 1, "far", 1}};
  }
  ~LinksTest() override { std::filesystem::remove_all(folder_); }

  // `$up` is the socket that an ssh that was let in makes last.
  void let_ssh_be(const std::string& lines) {
    std::ofstream file(folder_ + "/ssh");
    file << "#!/bin/sh\nfor word in \"$@\"; do case \"$word\" in *-up:*) up=\"${word%%:*}\";; esac; done\n"
         << lines << "\n";
    file.close();
    ::chmod((folder_ + "/ssh").c_str(), 0700);
  }

  Links::Starter starter() {
    return [this](int64_t number, int64_t now_ms) {
      ++attempts_;
      return SshLink::start(spec_, {folder_, number}, folder_ + "/ssh", log_, now_ms);
    };
  }

  template <typename Condition>
  void turn_until(Links& links, Condition condition) {
    while (!condition()) {
      links.step(now_ms(), false);
      loop_.wait(5);
    }
  }
  static int64_t now_ms() { return base::steady_time_ns() / 1'000'000; }

  EventLoop loop_;
  std::string folder_;
  TunnelSpec spec_;
  supervise::ServiceLog log_;
  int attempts_ = 0;
};

TEST_F(LinksTest, IsReadyOnceSshListensAndComesBackAfterItsEnd) {
  let_ssh_be(": > \"$up\"; exec sleep 60");
  Links links(loop_, spec_, starter(), now_ms());
  EXPECT_EQ(links.state(), State::kStarting);
  EXPECT_EQ(links.way_on(), nullptr);
  turn_until(links, [&] { return links.way_on() != nullptr; });
  EXPECT_EQ(links.state(), State::kReady);
  int64_t first = links.way_on()->number;
  EXPECT_EQ(links.way_on()->sockets.size(), 1U);
  supervise::signal_process(links.process(), SIGKILL);
  turn_until(links, [&] { return links.way_on() == nullptr; });
  EXPECT_EQ(links.take_gone(), std::vector<int64_t>{first});
  EXPECT_EQ(links.state(), State::kBackoff);
  EXPECT_NE(links.reason(), "");
  turn_until(links, [&] { return links.way_on() != nullptr; });
  EXPECT_GT(links.way_on()->number, first);
  EXPECT_EQ(links.connects(), 2);
  EXPECT_EQ(links.reason(), "");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + std::to_string(first) + "-up"));
}

TEST_F(LinksTest, ARefusalIsSaidAndNotRepeatedInHaste) {
  let_ssh_be("echo 'ada@host: Permission denied (publickey).' >&2; exit 255");
  Links links(loop_, spec_, starter(), now_ms());
  turn_until(links, [&] { return links.state() == State::kFailed; });
  EXPECT_NE(links.reason().find("Permission denied"), std::string::npos);
  for (int round = 0; round < 20; ++round) links.step(now_ms(), true);
  EXPECT_EQ(attempts_, 1);
}

TEST_F(LinksTest, AnAttemptThatHangsGetsCompanyButNoCrowd) {
  let_ssh_be("exec sleep 60");
  int64_t start_ms = now_ms();
  Links links(loop_, spec_, starter(), start_ms);
  for (int64_t later_ms = 0; later_ms < 10'000; later_ms += 100) links.step(start_ms + later_ms, true);
  EXPECT_EQ(attempts_, 3);
  // The first are given up, others take their place.
  for (int64_t later_ms = 10'000; later_ms < 30'000; later_ms += 100) links.step(start_ms + later_ms, true);
  EXPECT_GT(attempts_, 3);
  EXPECT_LE(links.take_gone().size(), 6U);
  EXPECT_EQ(links.state(), State::kStarting);
}

TEST_F(LinksTest, TheFirstOfSeveralAttemptsWins) {
  let_ssh_be("case \"$up\" in */2-up) : > \"$up\";; esac; exec sleep 60");
  int64_t start_ms = now_ms();
  Links links(loop_, spec_, starter(), start_ms);
  links.step(start_ms, true);
  while (links.way_on() == nullptr) {
    links.step(start_ms + 1500, true);
    loop_.wait(5);
  }
  EXPECT_EQ(links.way_on()->number, 2);
  EXPECT_EQ(links.take_gone(), std::vector<int64_t>{1});
  EXPECT_EQ(attempts_, 2);
}

TEST_F(LinksTest, AProgramThatCannotRunIsAReason) {
  Links links(loop_, spec_, starter(), now_ms());
  turn_until(links, [&] { return links.state() == State::kFailed; });
  EXPECT_NE(links.reason().find("cannot start"), std::string::npos);
}

}  // namespace
}  // namespace workerdb::access::tunnel
