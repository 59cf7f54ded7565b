#include "value/collation.h"

#include <unicode/coll.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <memory>

#include "base/assert.h"

namespace workerdb::value {
namespace {

std::unique_ptr<icu::Collator> make_collator() {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::Collator> result(icu::Collator::createInstance(icu::Locale("en", "US", "POSIX"), status));
  // The locale is compiled into ICU's own data, so only a broken installation gets here.
  ASSERT(U_SUCCESS(status) && result != nullptr);
  return result;
}

// ICU's collators may be shared by threads as long as nobody changes them.
const icu::Collator& collator() {
  static const std::unique_ptr<icu::Collator> instance = make_collator();
  return *instance;
}

// In en_US_POSIX the printable ASCII characters sort by their codes, so such strings need no ICU.
bool is_printable_ascii(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) - 0x20u > 0x5eu) return false;
  }
  return true;
}

}  // namespace

int compare_strings(std::string_view left, std::string_view right) {
  if (is_printable_ascii(left) && is_printable_ascii(right)) return left.compare(right);
  UErrorCode status = U_ZERO_ERROR;
  UCollationResult order = collator().compareUTF8(icu::StringPiece(left.data(), int32_t(left.size())),
                                                  icu::StringPiece(right.data(), int32_t(right.size())), status);
  if (U_SUCCESS(status) && order != UCOL_EQUAL) return order == UCOL_LESS ? -1 : 1;
  return left.compare(right);
}

void append_sort_key(std::string_view text, std::string& to) {
  if (text.empty()) return;
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
  size_t before = to.size();
  size_t room = text.size() * 4 + 32;
  to.resize(before + room);
  int32_t size = collator().getSortKey(wide, reinterpret_cast<uint8_t*>(to.data() + before), int32_t(room));
  if (size_t(size) > room) {
    to.resize(before + size_t(size));
    size = collator().getSortKey(wide, reinterpret_cast<uint8_t*>(to.data() + before), size);
  }
  to.resize(before + size_t(size) - 1);  // without the zero byte at its end
}

}  // namespace workerdb::value
