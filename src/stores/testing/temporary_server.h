#pragma once
// Real servers for tests: started in a temporary folder on a free loopback port, stopped and removed with the
// object. Only *_test.cc files include this.
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace workerdb::stores::testing {

// A child process in its own temporary folder. When the test dies without its destructors, the kernel stops
// the child.
class TemporaryServer {
 public:
  ~TemporaryServer();
  TemporaryServer(const TemporaryServer&) = delete;
  TemporaryServer& operator=(const TemporaryServer&) = delete;

  int port() const { return port_; }
  const std::string& folder() const { return folder_; }
  // As a crash would end it: no signal handler runs.
  void kill_now();

 protected:
  TemporaryServer() = default;
  base::Result<> make_folder();
  // Runs to the end; fails with the output when the exit code is not 0.
  base::Result<> run(const std::vector<std::string>& command) const;
  // Returns once the port accepts connections and `is_ready` says so.
  base::Result<> start(const std::vector<std::string>& command, const std::function<bool()>& is_ready);
  std::string log_text() const;

  std::string folder_;
  int port_ = 0;
  int stop_signal_ = 15;
  // True: as user `postgres` when this process is root, because PostgreSQL refuses to run as root.
  bool as_ordinary_user_ = false;

 private:
  pid_t spawn(const std::vector<std::string>& command) const;
  pid_t pid_ = -1;
};

// PostgreSQL of the distribution. User `postgres` is trusted; every other role needs its password (scram).
class TemporaryPostgres : public TemporaryServer {
 public:
  static base::Result<std::unique_ptr<TemporaryPostgres>> start_server();
  // "host=127.0.0.1 port=... user=postgres dbname=postgres"
  std::string conninfo() const;
};

// redis-server with append-only off. The default user has no password; `aclfile` is on, so that ACL SAVE
// works.
class TemporaryRedis : public TemporaryServer {
 public:
  // `more`: further arguments of the command line, such as "--replicaof".
  static base::Result<std::unique_ptr<TemporaryRedis>> start_server(const std::vector<std::string>& more = {});
  // A node with cluster mode on and a port of its own for the cluster's bus, knowing no other node yet.
  static base::Result<std::unique_ptr<TemporaryRedis>> start_cluster_node();
};

// A sentinel that watches one master under a name; two of them agree on its end.
class TemporarySentinel : public TemporaryServer {
 public:
  static base::Result<std::unique_ptr<TemporarySentinel>> start_server(const std::string& master_name, int master_port);
};

}  // namespace workerdb::stores::testing
