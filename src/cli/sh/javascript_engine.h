#pragma once
// The JavaScript engine of the shell: SpiderMonkey with db, aql, print and require, and no way out of it but the
// functions of ScriptHost.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/sh/watchdog.h"
#include "net/http.h"

namespace workerdb::cli {

struct ScriptRequest {
  std::string method;       // "GET"
  std::string path;         // "/_db/_system/_api/version", percent-encoded, with its query
  std::string body;         // JSON or empty
  std::string revision;     // for If-Match; empty without
  std::string transaction;  // a stream transaction's id; empty without
};

// Called on the engine's thread while a script runs.
struct ScriptHost {
  std::function<base::Result<net::HttpResponse>(const ScriptRequest&)> send;
  std::function<void(std::string_view)> write;        // results
  std::function<void(std::string_view)> write_error;  // console.warn
};

struct EngineOptions {
  WatchdogOptions limits;
  bool is_terminal = false;  // results are cut at the limits of display.js
  bool has_colours = false;
  size_t width = 100;  // columns
  std::string database = "_system";
  std::string endpoint;  // what arango.getEndpoint() says
  std::string user;
};

struct Outcome {
  enum class End : uint8_t {
    kDone,
    kThrown,   // `message` is the exception with its stack
    kStopped,  // by the watchdog; `reason` says why. After kMemory the script's variables are gone
    kExit      // exit(exit_code)
  };
  End end = End::kDone;
  StopReason reason = StopReason::kNone;
  std::string message;
  int exit_code = 0;
};

// One thread. At most one at a time in a process is meant to run scripts.
class JavaScriptEngine {
 public:
  // `stopped` is true while a run is being ended; give it to what `host` waits for. Both outlive the engine.
  // kOutOfMemory, kInternal (with the message of the engine) when it does not start.
  static base::Result<std::unique_ptr<JavaScriptEngine>> create(const EngineOptions& options, ScriptHost host,
                                                                std::atomic<bool>& stopped);
  ~JavaScriptEngine();

  // Runs `source` (UTF-8) and the jobs of its promises; with `shows_result` writes its value unless it is undefined.
  Outcome run(std::string_view source, const std::string& name, bool shows_result);
  // False when more lines may make it a program.
  bool is_complete(std::string_view source);
  // All that Tab may make of "db.proc", each a whole word. May ask the server; an interrupt ends it.
  std::vector<std::string> complete(std::string_view word);
  // The name of the current database.
  std::string database();

 private:
  class State;
  explicit JavaScriptEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace workerdb::cli
