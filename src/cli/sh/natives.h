#pragma once
// The functions through which the prelude leaves the engine. Private to this folder.
#include <jsapi.h>

#include <atomic>
#include <string>

#include "cli/sh/javascript_engine.h"

namespace workerdb::cli {

// What the natives of one context work with; the context's private data points here.
struct NativeState {
  ScriptHost host;
  const std::atomic<bool>* stopped = nullptr;
  std::string mark;       // of big integers
  bool has_exit = false;  // exit() was called: the script ends uncatchably
  int exit_code = 0;
};

// The object `native` of the prelude. Null with a pending exception.
JSObject* make_natives(JSContext* context, const EngineOptions& options, const NativeState& state);

}  // namespace workerdb::cli
