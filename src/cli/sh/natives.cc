#include "cli/sh/natives.h"

#include <js/Array.h>
#include <js/CallArgs.h>
#include <js/PropertyAndElement.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "cli/sh/big_integer.h"
#include "cli/sh/javascript_text.h"

namespace workerdb::cli {
namespace {

constexpr double kLongestSleepMs = 3'600'000;

NativeState& state_of(JSContext* context) { return *static_cast<NativeState*>(JS_GetContextPrivate(context)); }

bool text_argument(JSContext* context, const JS::CallArgs& arguments, unsigned index, std::string& to) {
  return to_utf8(context, arguments.get(index), to);
}

bool set_element(JSContext* context, JS::HandleObject array, uint32_t index, std::string_view text) {
  JS::RootedString string(context, new_string(context, text));
  return string != nullptr && JS_SetElement(context, array, index, string);
}

std::string_view revision_of(const net::HttpResponse& response) {
  std::string_view revision = response.header("ETag").value_or("");
  if (revision.starts_with('"')) revision.remove_prefix(1);
  if (revision.ends_with('"')) revision.remove_suffix(1);
  return revision;
}

// A request that got no answer is an answer of its own, with the number of the failure.
net::HttpResponse failed(const base::Error& error) {
  net::HttpResponse response(500);
  std::string message;
  for (char c : error.message()) {
    if (c == '"' || c == '\\') message += '\\';
    message += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  response.body = "{\"error\":true,\"code\":500,\"errorNum\":" + std::to_string(error.number()) +
                  ",\"errorMessage\":\"" + message + "\"}";
  return response;
}

// request(method, path, body, revision, transaction) → [status, body, revision]
bool request(JSContext* context, unsigned count, JS::Value* values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  ScriptRequest request;
  if (!text_argument(context, arguments, 0, request.method) || !text_argument(context, arguments, 1, request.path) ||
      !text_argument(context, arguments, 2, request.body) || !text_argument(context, arguments, 3, request.revision) ||
      !text_argument(context, arguments, 4, request.transaction)) {
    return false;
  }
  NativeState& state = state_of(context);
  auto response = state.host.send(request);
  // False without an exception: nothing can catch it, so that the script ends here.
  if (*state.stopped) return false;
  const net::HttpResponse answer = response ? *std::move(response) : failed(response.error());
  JS::RootedObject array(context, JS::NewArrayObject(context, 3));
  JS::RootedValue status(context, JS::Int32Value(answer.status));
  if (array == nullptr || !JS_SetElement(context, array, 0, status) || !set_element(context, array, 1, answer.body) ||
      !set_element(context, array, 2, revision_of(answer))) {
    return false;
  }
  arguments.rval().setObject(*array);
  return true;
}

template <auto writer>
bool write(JSContext* context, unsigned count, JS::Value* values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  std::string text;
  if (!text_argument(context, arguments, 0, text)) return false;
  (state_of(context).host.*writer)(text);
  arguments.rval().setUndefined();
  return true;
}

// Undefined when the text holds no big integer.
bool mark_numbers(JSContext* context, unsigned count, JS::Value* values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  std::string text;
  if (!text_argument(context, arguments, 0, text)) return false;
  auto marked = mark_big_integers(text, state_of(context).mark);
  arguments.rval().setUndefined();
  if (!marked) return true;
  JSString* string = new_string(context, *marked);
  if (string != nullptr) arguments.rval().setString(string);
  return string != nullptr;
}

bool unmark_numbers(JSContext* context, unsigned count, JS::Value* values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  std::string text;
  if (!text_argument(context, arguments, 0, text)) return false;
  JSString* string = new_string(context, unmark_big_integers(text, state_of(context).mark));
  if (string != nullptr) arguments.rval().setString(string);
  return string != nullptr;
}

bool exit_script(JSContext* context, unsigned count, JS::Value* values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  int32_t code = 0;
  if (!JS::ToInt32(context, arguments.get(0), &code)) return false;
  NativeState& state = state_of(context);
  state.has_exit = true;
  state.exit_code = code & 0xff;
  return false;  // uncatchable
}

bool sleep_script(JSContext* context, unsigned count, JS::Value* values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  double wanted_ms = 0;
  if (!JS::ToNumber(context, arguments.get(0), &wanted_ms)) return false;
  if (std::isnan(wanted_ms)) wanted_ms = 0;
  auto end = std::chrono::steady_clock::now() +
             std::chrono::milliseconds(int64_t(std::clamp(wanted_ms, 0.0, kLongestSleepMs)));
  while (std::chrono::steady_clock::now() < end && !*state_of(context).stopped) {
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(end - std::chrono::steady_clock::now(),
                                                                              std::chrono::milliseconds(20)));
  }
  arguments.rval().setUndefined();
  return !*state_of(context).stopped;
}

bool define(JSContext* context, JS::HandleObject object, const char* name, std::string_view text) {
  JS::RootedString string(context, new_string(context, text));
  return string != nullptr && JS_DefineProperty(context, object, name, string, JSPROP_ENUMERATE);
}

const JSFunctionSpec kFunctions[] = {
    JS_FN("request", request, 5, 0),
    JS_FN("write", (write<&ScriptHost::write>), 1, 0),
    JS_FN("write_error", (write<&ScriptHost::write_error>), 1, 0),
    JS_FN("mark_big_integers", mark_numbers, 1, 0),
    JS_FN("unmark", unmark_numbers, 1, 0),
    JS_FN("exit", exit_script, 1, 0),
    JS_FN("sleep", sleep_script, 1, 0),
    JS_FS_END,
};

}  // namespace

JSObject* make_natives(JSContext* context, const EngineOptions& options, const NativeState& state) {
  JS::RootedObject natives(context, JS_NewPlainObject(context));
  JS::RootedValue is_terminal(context, JS::BooleanValue(options.is_terminal));
  JS::RootedValue colours(context, JS::BooleanValue(options.has_colours));
  JS::RootedValue width(context, JS::NumberValue(double(options.width)));
  bool is_made =
      natives != nullptr && JS_DefineFunctions(context, natives, kFunctions) &&
      define(context, natives, "mark", state.mark) && define(context, natives, "database", options.database) &&
      define(context, natives, "endpoint", options.endpoint) && define(context, natives, "user", options.user) &&
      JS_DefineProperty(context, natives, "is_terminal", is_terminal, JSPROP_ENUMERATE) &&
      JS_DefineProperty(context, natives, "colours", colours, JSPROP_ENUMERATE) &&
      JS_DefineProperty(context, natives, "width", width, JSPROP_ENUMERATE);
  return is_made ? natives.get() : nullptr;
}

}  // namespace workerdb::cli
