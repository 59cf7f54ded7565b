#pragma once
// A password, token or key in memory.
#include <string>
#include <string_view>
#include <utility>

namespace workerdb::base {

// Wiped when it is dropped, moved from or assigned over; has no stream operator and no formatter, so that it
// cannot be printed by accident: who needs the bytes says expose(). Copies are made by hand with copy().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  ~Secret() { wipe(text_); }
  Secret(Secret&& other) noexcept : text_(other.text_) { wipe(other.text_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe(text_);
      text_ = other.text_;
      wipe(other.text_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  Secret copy() const { return Secret(text_); }
  bool empty() const { return text_.empty(); }
  // Borrowed. Goes into a connection or a file of mode 0600, never into a message, an argument or a log.
  std::string_view expose() const { return text_; }

  // Overwrites the bytes, also those of a capacity that is not in use, and empties the text.
  static void wipe(std::string& text);

 private:
  std::string text_;
};

}  // namespace workerdb::base
