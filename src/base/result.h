#pragma once
// Result<T>: a value or an Error. Our code throws nothing; a foreign exception is converted where the library
// is called. Absence is no error: it is std::optional.
#include <expected>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace workerdb::base {

template <typename T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(Error error) : std::expected<T, Error>(std::unexpect, std::move(error)) {}  // NOLINT: implicit on purpose
  Result(ErrorCode code) : Result(Error(code)) {}                                    // NOLINT
  Result(ErrorCode code, std::string message) : Result(Error(code, std::move(message))) {}
};

}  // namespace workerdb::base

// TRY(expression): the value of a Result, or return its error from the enclosing function.
//   Document document = TRY(collection.read(key));
//   TRY(transaction.commit());
#define TRY(...)                                            \
  ({                                                        \
    auto try_result_ = (__VA_ARGS__);                       \
    if (!try_result_) [[unlikely]]                          \
      return std::move(try_result_).error();                \
    ::workerdb::base::detail::take(std::move(try_result_)); \
  })

namespace workerdb::base::detail {
template <typename T>
T take(Result<T>&& result) {
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
}  // namespace workerdb::base::detail
