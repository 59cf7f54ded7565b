#include "cli/sh/javascript_engine.h"

#include <fmt/format.h>
#include <js/Array.h>
#include <js/CompilationAndEvaluation.h>
#include <js/ContextOptions.h>
#include <js/ErrorReport.h>
#include <js/Exception.h>
#include <js/GCAPI.h>
#include <js/GCVector.h>
#include <js/Initialization.h>
#include <js/Interrupt.h>
#include <js/Promise.h>
#include <js/PropertyAndElement.h>
#include <js/Realm.h>
#include <js/SourceText.h>
#include <js/Stack.h>
#include <jsapi.h>
#include <jsfriendapi.h>
#include <malloc.h>

#include <algorithm>
#include <limits>

#include "cli/sh/big_integer.h"
#include "cli/sh/javascript_text.h"
#include "cli/sh/natives.h"
#include "cli/sh/prelude.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr size_t kStackBytes = size_t(1) << 20;
constexpr size_t kSmallestHeapBytes = size_t(64) << 20;
constexpr size_t kMostPendingRejections = 100;

const JSClass kGlobalClass = {"Global", JSCLASS_GLOBAL_FLAGS, &JS::DefaultGlobalClassOps};

// Once a process; the engine cannot be started again after it was shut down.
bool start_library() {
  struct Library {
    bool is_started = JS_Init();
    ~Library() {
      if (is_started) JS_ShutDown();
    }
  };
  static Library library;
  return library.is_started;
}

}  // namespace

class JavaScriptEngine::State {
 public:
  State(const EngineOptions& options, ScriptHost host, std::atomic<bool>& stopped)
      : options_(options), stopped_(stopped) {
    natives_.host = std::move(host);
    natives_.stopped = &stopped;
    natives_.mark = random_mark();
  }
  ~State();

  Result<> start();
  Outcome run(std::string_view source, const std::string& name, bool shows_result);
  bool is_complete(std::string_view source);
  std::vector<std::string> complete(std::string_view word);
  std::string database();

 private:
  Result<> make_global();
  bool fill_global();
  bool evaluate(std::string_view source, const char* name, JS::MutableHandleValue value);
  bool call_shell(const char* function, const JS::HandleValueArray& arguments, JS::MutableHandleValue value);
  bool run_jobs();
  Outcome outcome_of(bool is_done, StopReason reason);
  std::string take_exception();
  static bool on_interrupt(JSContext* context);
  static void on_rejection(JSContext* context, bool muted, JS::HandleObject promise,
                           JS::PromiseRejectionHandlingState state, void* data);

  EngineOptions options_;
  NativeState natives_;
  std::atomic<bool>& stopped_;
  JSContext* context_ = nullptr;
  JS::PersistentRootedObject global_, shell_;
  JS::PersistentRooted<JS::GCVector<JSObject*, 0, js::SystemAllocPolicy>> rejected_;  // promises that nobody looked at
  std::unique_ptr<Watchdog> watchdog_;
};

JavaScriptEngine::State::~State() {
  watchdog_.reset();
  if (context_ == nullptr) return;
  rejected_.reset();
  shell_.reset();
  global_.reset();
  JS_DestroyContext(context_);
}

Result<> JavaScriptEngine::State::start() {
  if (!start_library()) return Error(ErrorCode::kInternal, "the JavaScript engine does not start");
  size_t memory = options_.limits.memory_bytes == 0 ? size_t(1) << 32 : options_.limits.memory_bytes;
  // The watchdog is to come first: near its own limit the engine collects garbage over and over.
  size_t heap = std::clamp<size_t>(memory * 2, kSmallestHeapBytes, std::numeric_limits<uint32_t>::max());
  context_ = JS_NewContext(uint32_t(heap));
  if (context_ == nullptr) return ErrorCode::kOutOfMemory;
  JS_SetContextPrivate(context_, &natives_);
  JS_SetNativeStackQuota(context_, kStackBytes);
  JS::ContextOptionsRef(context_).setWasm(false).setAsmJS(false);
  if (!js::UseInternalJobQueues(context_) || !JS::InitSelfHostedCode(context_) ||
      !JS_AddInterruptCallback(context_, on_interrupt)) {
    return Error(ErrorCode::kInternal, "the JavaScript engine does not start");
  }
  global_.init(context_);
  shell_.init(context_);
  rejected_.init(context_);
  JS::SetPromiseRejectionTrackerCallback(context_, on_rejection, this);
  TRY(make_global());
  watchdog_ = std::make_unique<Watchdog>(options_.limits, stopped_, [this] { JS_RequestInterruptCallback(context_); });
  return {};
}

Result<> JavaScriptEngine::State::make_global() {
  JS::RealmOptions realm;
  realm.creationOptions().setSharedMemoryAndAtomicsEnabled(false);
  global_ = JS_NewGlobalObject(context_, &kGlobalClass, nullptr, JS::FireOnNewGlobalHook, realm);
  if (global_ == nullptr) return ErrorCode::kOutOfMemory;
  JSAutoRealm in_realm(context_, global_);
  if (fill_global()) return {};
  return Error(ErrorCode::kInternal, "the shell's JavaScript: " + take_exception());
}

// Each file of the prelude is a function of (shell, native).
bool JavaScriptEngine::State::fill_global() {
  shell_ = JS_NewPlainObject(context_);
  JS::RootedObject natives(context_, make_natives(context_, options_, natives_));
  if (shell_ == nullptr || natives == nullptr) return false;
  for (const PreludeFile& file : prelude_files()) {
    JS::RootedValue function(context_), ignored(context_);
    if (!evaluate(file.text, file.name, &function)) return false;
    JS::RootedValueArray<2> arguments(context_);
    arguments[0].setObject(*shell_);
    arguments[1].setObject(*natives);
    if (!JS_CallFunctionValue(context_, nullptr, function, arguments, &ignored)) return false;
  }
  return true;
}

bool JavaScriptEngine::State::evaluate(std::string_view source, const char* name, JS::MutableHandleValue value) {
  JS::CompileOptions options(context_);
  options.setFileAndLine(name, 1);
  JS::SourceText<mozilla::Utf8Unit> text;
  return text.init(context_, source.data(), source.size(), JS::SourceOwnership::Borrowed) &&
         JS::Evaluate(context_, options, text, value);
}

bool JavaScriptEngine::State::call_shell(const char* function, const JS::HandleValueArray& arguments,
                                         JS::MutableHandleValue value) {
  JS::RootedObject shell(context_, shell_);
  return JS_CallFunctionName(context_, shell, function, arguments, value);
}

// What stopped the watchdog or exit() ended cannot be caught by the script.
bool JavaScriptEngine::State::on_interrupt(JSContext* context) {
  return !*static_cast<NativeState*>(JS_GetContextPrivate(context))->stopped;
}

void JavaScriptEngine::State::on_rejection(JSContext*, bool, JS::HandleObject promise,
                                           JS::PromiseRejectionHandlingState state, void* data) {
  auto& rejected = static_cast<State*>(data)->rejected_;
  if (state == JS::PromiseRejectionHandlingState::Unhandled) {
    if (rejected.length() < kMostPendingRejections) (void)rejected.append(promise);
    return;
  }
  for (size_t index = 0; index < rejected.length(); ++index) {
    if (rejected[index] == promise) return rejected.erase(rejected.begin() + index);
  }
}

// The first promise that was rejected and that nobody looked at becomes the run's exception.
bool JavaScriptEngine::State::run_jobs() {
  js::RunJobs(context_);
  if (stopped_ || natives_.has_exit || JS_IsExceptionPending(context_)) return false;
  if (rejected_.empty()) return true;
  JS::RootedObject promise(context_, rejected_[0]);
  JS::RootedValue reason(context_, JS::GetPromiseResult(promise));
  JS_SetPendingException(context_, reason);
  return false;
}

Outcome JavaScriptEngine::State::run(std::string_view source, const std::string& name, bool shows_result) {
  Outcome outcome;
  {
    JSAutoRealm in_realm(context_, global_);
    natives_.has_exit = false;
    rejected_.clear();
    watchdog_->start();
    JS::RootedValue value(context_), ignored(context_);
    bool is_done = evaluate(source, name.c_str(), &value) && run_jobs();
    if (is_done && shows_result) is_done = call_shell("show_result", JS::HandleValueArray(value), &ignored);
    outcome = outcome_of(is_done, watchdog_->finish());
  }
  if (outcome.end == Outcome::End::kStopped && outcome.reason == StopReason::kMemory) {
    // What filled the memory may hang on a global variable, and would end every later statement too.
    (void)make_global();
    JS_GC(context_);
    malloc_trim(0);
  }
  return outcome;
}

Outcome JavaScriptEngine::State::outcome_of(bool is_done, StopReason reason) {
  Outcome outcome;
  if (is_done) return outcome;
  if (natives_.has_exit) {
    outcome.end = Outcome::End::kExit;
    outcome.exit_code = natives_.exit_code;
    JS_ClearPendingException(context_);
  } else if (reason != StopReason::kNone) {
    outcome.end = Outcome::End::kStopped;
    outcome.reason = reason;
    JS_ClearPendingException(context_);
  } else {
    outcome.end = Outcome::End::kThrown;
    outcome.message = take_exception();
  }
  return outcome;
}

std::string JavaScriptEngine::State::take_exception() {
  JS::ExceptionStack exception(context_);
  if (!JS_IsExceptionPending(context_) || !JS::StealPendingExceptionStack(context_, &exception)) {
    JS_ClearPendingException(context_);
    return "the script was ended";
  }
  std::string text;
  JS::RootedString stack(context_);
  JS::RootedObject frames(context_, exception.stack());
  if (frames == nullptr || !JS::BuildStackString(context_, nullptr, frames, &stack))
    stack = JS_GetEmptyString(context_);
  JS::RootedValueArray<2> arguments(context_);
  arguments[0].set(exception.exception());
  arguments[1].setString(stack);
  JS::RootedValue described(context_);
  if (shell_ != nullptr && call_shell("describe_exception", arguments, &described) &&
      to_utf8(context_, described, text)) {
    return text;
  }
  JS_ClearPendingException(context_);
  // The exception does not let itself be described, or the prelude is not there yet.
  JS::ErrorReportBuilder report(context_);
  if (report.init(context_, exception, JS::ErrorReportBuilder::NoSideEffects) && report.toStringResult()) {
    text = report.toStringResult().c_str();
  }
  JS_ClearPendingException(context_);
  return text.empty() ? "an exception that cannot be shown" : text;
}

bool JavaScriptEngine::State::is_complete(std::string_view source) {
  JSAutoRealm in_realm(context_, global_);
  JS::RootedObject global(context_, global_);
  bool is_complete = JS_Utf8BufferIsCompilableUnit(context_, global, source.data(), source.size());
  JS_ClearPendingException(context_);
  return is_complete;
}

std::vector<std::string> JavaScriptEngine::State::complete(std::string_view word) {
  std::vector<std::string> words;
  JSAutoRealm in_realm(context_, global_);
  JS::RootedValue argument(context_), answer(context_), item(context_);
  JS::RootedString text(context_, new_string(context_, word));
  if (text != nullptr) {
    argument.setString(text);
    watchdog_->start();
    bool is_done = call_shell("complete", JS::HandleValueArray(argument), &answer);
    watchdog_->finish();
    uint32_t count = 0;
    JS::RootedObject list(context_, is_done && answer.isObject() ? &answer.toObject() : nullptr);
    if (list != nullptr && JS::GetArrayLength(context_, list, &count)) {
      words.resize(count);
      for (uint32_t index = 0; index < count; ++index) {
        if (!JS_GetElement(context_, list, index, &item) || !to_utf8(context_, item, words[index])) break;
      }
    }
  }
  JS_ClearPendingException(context_);
  return words;
}

std::string JavaScriptEngine::State::database() {
  JSAutoRealm in_realm(context_, global_);
  JS::RootedObject shell(context_, shell_);
  JS::RootedValue name(context_);
  std::string text;
  if (!JS_GetProperty(context_, shell, "database", &name) || !to_utf8(context_, name, text))
    JS_ClearPendingException(context_);
  return text;
}

JavaScriptEngine::JavaScriptEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
JavaScriptEngine::~JavaScriptEngine() = default;

Result<std::unique_ptr<JavaScriptEngine>> JavaScriptEngine::create(const EngineOptions& options, ScriptHost host,
                                                                   std::atomic<bool>& stopped) {
  auto state = std::make_unique<State>(options, std::move(host), stopped);
  TRY(state->start());
  return std::unique_ptr<JavaScriptEngine>(new JavaScriptEngine(std::move(state)));
}

Outcome JavaScriptEngine::run(std::string_view source, const std::string& name, bool shows_result) {
  return state_->run(source, name, shows_result);
}
bool JavaScriptEngine::is_complete(std::string_view source) { return state_->is_complete(source); }
std::vector<std::string> JavaScriptEngine::complete(std::string_view word) { return state_->complete(word); }
std::string JavaScriptEngine::database() { return state_->database(); }

}  // namespace workerdb::cli
