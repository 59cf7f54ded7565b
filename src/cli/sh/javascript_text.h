#pragma once
// Strings between the engine and UTF-8. Private to this folder: only its .cc files include the engine's headers.
#include <js/CharacterEncoding.h>
#include <js/Conversions.h>
#include <js/String.h>
#include <jsapi.h>

#include <string>
#include <string_view>

namespace workerdb::cli {

// Null with a pending exception when memory is short or the bytes are no UTF-8.
inline JSString* new_string(JSContext* context, std::string_view text) {
  return JS_NewStringCopyUTF8N(context, JS::UTF8Chars(text.data(), text.size()));
}

// False with a pending exception. Half surrogate pairs become U+FFFD.
inline bool to_utf8(JSContext* context, JS::HandleString string, std::string& to) {
  JSLinearString* linear = JS_EnsureLinearString(context, string);
  if (linear == nullptr) return false;
  to.resize(JS::GetDeflatedUTF8StringLength(linear));
  JS::DeflateStringToUTF8Buffer(linear, mozilla::Span<char>(to.data(), to.size()));
  return true;
}

// As above, of String(value).
inline bool to_utf8(JSContext* context, JS::HandleValue value, std::string& to) {
  JS::RootedString string(context, JS::ToString(context, value));
  return string != nullptr && to_utf8(context, string, to);
}

}  // namespace workerdb::cli
