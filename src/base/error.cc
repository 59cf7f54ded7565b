#include "base/error.h"

namespace workerdb::base {

int http_status(ErrorCode code) {
  switch (code) {
#define X(name, number, status, text) \
  case ErrorCode::name:               \
    return status;
#include "base/error_codes.def"
#undef X
  }
  return 500;
}

std::string_view default_message(ErrorCode code) {
  switch (code) {
#define X(name, number, status, text) \
  case ErrorCode::name:               \
    return text;
#include "base/error_codes.def"
#undef X
  }
  return "unknown error";
}

std::string_view error_name(ErrorCode code) {
  switch (code) {
#define X(name, number, status, text) \
  case ErrorCode::name:               \
    return #name;
#include "base/error_codes.def"
#undef X
  }
  return "unknown";
}

}  // namespace workerdb::base
