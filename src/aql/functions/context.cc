#include "aql/functions/context.h"

namespace workerdb::aql::functions {

void Context::warn(base::ErrorCode code, std::string message) {
  ++warning_count_;
  if (fail_on_warning) {
    fail(base::Error(code, std::move(message)));
    return;
  }
  if (warnings_.size() < max_warnings) warnings_.push_back({code, std::move(message)});
}

void Context::fail(base::Error error) {
  // The first error is the cause; what follows from it would only hide it.
  if (error_ == nullptr) error_ = std::make_unique<base::Error>(std::move(error));
}

value::Slice Context::finish() {
  value::Slice result = arena_->copy(scratch_.slice());
  scratch_.clear();
  return result;
}

}  // namespace workerdb::aql::functions
