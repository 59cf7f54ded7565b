#pragma once
// Operating failures as values. See result.h for how they travel.
#include <string>
#include <string_view>
#include <utility>

namespace workerdb::base {

// The documented error numbers (error_codes.def). They are part of the wire contract and never change.
enum class ErrorCode : int {
#define X(name, number, status, text) name = number,
#include "base/error_codes.def"
#undef X
};

// The HTTP status that the document server answers with when a route names no other one.
int http_status(ErrorCode code);
// The documented text of a number, for an Error that was made without one.
std::string_view default_message(ErrorCode code);
// The name as written in error_codes.def, for logs and tests ("kDocumentNotFound").
std::string_view error_name(ErrorCode code);

// What went wrong, for a program (the number) and for a person (the message). A message says what was
// expected, what was found and, where a user can act, what to do; it never carries a secret or a value of
// a document.
class Error {
 public:
  explicit Error(ErrorCode code) : code_(code), message_(default_message(code)) {}
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  int number() const { return static_cast<int>(code_); }
  const std::string& message() const { return message_; }

  // The same error with its circumstances in front: `error.with_context("index 'by_status'")`.
  Error with_context(std::string_view context) && { return Error(code_, std::string(context) + ": " + message_); }

  friend bool operator==(const Error& left, const Error& right) = default;

 private:
  ErrorCode code_;
  std::string message_;
};

}  // namespace workerdb::base
