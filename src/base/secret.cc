#include "base/secret.h"

#include <cstring>

namespace workerdb::base {

void Secret::wipe(std::string& text) {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace workerdb::base
