#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/digest.h"

namespace workerdb::base {

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  for (size_t done = 0; done < count;) {
    ssize_t got = ::getrandom(bytes.data() + done, count - done, 0);
    ASSERT(got > 0 || errno == EINTR);
    if (got > 0) done += static_cast<size_t>(got);
  }
  return bytes;
}

std::string random_hex(size_t bytes) { return hex(random_bytes(bytes)); }

std::string random_letters(std::string_view alphabet, size_t count) {
  ASSERT(!alphabet.empty() && alphabet.size() <= 64);
  std::string letters;
  while (letters.size() < count) {
    for (char byte : random_bytes(count - letters.size())) {
      // Six bits; values beyond the alphabet are thrown away, so that all letters are equally likely.
      size_t at = static_cast<unsigned char>(byte) & 63;
      if (at < alphabet.size()) letters += alphabet[at];
    }
  }
  return letters;
}

}  // namespace workerdb::base
