#include "storage/key_encoding.h"

#include <unicode/coll.h>
#include <unicode/locid.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "value/collation.h"

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;
using value::Builder;
using value::Slice;
using value::Type;

constexpr char kEnd = 0x00, kNull = 0x10, kFalse = 0x20, kTrue = 0x21, kNumber = 0x30, kString = 0x40, kArray = 0x50,
               kObject = 0x60;
constexpr char kMarks = 0x01, kBefore = 0x1f, kBehind = 0x7f;
constexpr char kRawLess = 0x01, kAsciiOnly = 0x02, kRawGreater = 0x03;
constexpr double kTwo53 = 9007199254740992.0, kTwo63 = 9223372036854775808.0, kTwo64 = 18446744073709551616.0;
constexpr size_t kDeepest = 250;  // a little more than JSON may nest; decode meets corrupt bytes too

bool is_printable_ascii(char c) { return static_cast<unsigned char>(c) - 0x20u <= 0x5eu; }

size_t ascii_prefix(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && is_printable_ascii(text[size])) ++size;
  return size;
}

// ---- numbers

void append_big_endian(uint64_t bits, unsigned width, std::string& to) {
  char bytes[8];
  for (unsigned i = 0; i < width; ++i) bytes[i] = char(bits >> (8 * (width - 1 - i)));
  to.append(bytes, width);
}

uint64_t load_big_endian(const char* from, unsigned width) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < width; ++i) bits = bits << 8 | static_cast<unsigned char>(from[i]);
  return bits;
}

bool has_residue(double number) { return std::fabs(number) >= kTwo53 && std::fabs(number) < kTwo64; }

struct FlooredNumber {
  double floor;
  uint16_t residue;
};

FlooredNumber floor_of(Slice value) {
  if (value.is_double()) {
    double number = value.as_double();
    return {number == 0 ? 0.0 : number, 0};  // no negative zero
  }
  if (value.is_large_unsigned()) {
    uint64_t exact = value.as_uint64();
    auto number = double(exact);
    if (number >= kTwo64 || uint64_t(number) > exact) number = std::nextafter(number, 0.0);
    return {number, uint16_t(exact - uint64_t(number))};
  }
  int64_t exact = value.as_int64();
  auto number = double(exact);
  if (number >= kTwo63 || int64_t(number) > exact) number = std::nextafter(number, -INFINITY);
  return {number, uint16_t(uint64_t(exact) - uint64_t(int64_t(number)))};
}

void append_number(Slice value, std::string& to) {
  FlooredNumber number = floor_of(value);
  auto bits = std::bit_cast<uint64_t>(number.floor);
  bits = bits >> 63 ? ~bits : bits | uint64_t(1) << 63;
  to.push_back(kNumber);
  append_big_endian(bits, 8, to);
  if (has_residue(number.floor)) append_big_endian(number.residue, 2, to);
}

double load_double(const char* from) {
  uint64_t bits = load_big_endian(from, 8);
  return std::bit_cast<double>(bits >> 63 ? bits & ~(uint64_t(1) << 63) : ~bits);
}

bool take_number(std::string_view& from, Builder* into) {
  if (from.size() < 8) return false;
  double number = load_double(from.data());
  if (!std::isfinite(number)) return false;
  from.remove_prefix(8);
  uint64_t residue = 0;
  if (has_residue(number)) {
    if (from.size() < 2) return false;
    residue = load_big_endian(from.data(), 2);
    from.remove_prefix(2);
  }
  if (into == nullptr) return true;
  if (number >= kTwo53 && number < kTwo64) {
    into->unsigned_integer(uint64_t(number) + residue);
  } else if (number >= -kTwo63 && number < kTwo53 && std::trunc(number) == number) {
    into->integer(int64_t(number) + int64_t(residue));
  } else {
    into->number(number);
  }
  return true;
}

// ---- strings

// The sort keys of the printable ASCII characters, without the levels behind the primary one; and what follows the
// primary weights of a text that has n of them and no marks.
class AsciiWeights {
 public:
  static const AsciiWeights& instance() {
    static const AsciiWeights weights;
    return weights;
  }

  // Takes the weight of `c` off the front of a sort key.
  void take(char c, std::string_view& key) const {
    const std::string& weight = weights_[size_t(c) - 0x20];
    ASSERT(key.starts_with(weight));
    key.remove_prefix(weight.size());
  }
  bool starts_with(std::string_view key, char c) const { return key.starts_with(weights_[size_t(c) - 0x20]); }
  // The character whose weight stands at the front, or 0. Weights are no prefixes of each other.
  char character_at(std::string_view key) const {
    if (key.empty() || key[0] != weights_[0][0]) return 0;
    for (char c = 0x20; c < 0x7f; ++c) {
      if (starts_with(key, c)) return c;
    }
    return 0;
  }
  // Not behind any ASCII weight, so before or behind all of them.
  bool is_before(std::string_view key) const { return key < weights_[0]; }

  bool is_plain_tail(std::string_view tail, size_t length) const {
    if (length < tails_.size()) return tail == tails_[length];
    return tail == tail_of(length);
  }

 private:
  static constexpr size_t kTails = 128;

  AsciiWeights() {
    for (char c = 0x20; c < 0x7f; ++c) {
      std::string key;
      value::append_sort_key(std::string(1, c), key);
      size_t end = key.find('\x01');
      ASSERT(end != std::string::npos && end > 0);
      weights_[size_t(c) - 0x20] = key.substr(0, end);
      ASSERT(c == 0x20 || weights_[size_t(c) - 0x21] < weights_[size_t(c) - 0x20]);
    }
    for (size_t length = 0; length < kTails; ++length) tails_[length] = tail_of(length);
  }

  std::string tail_of(size_t length) const {
    // A control character has no weight at all, and makes ICU write the levels of a text without any.
    std::string key, text = length == 0 ? std::string(1, '\x01') : std::string(length, 'a');
    value::append_sort_key(text, key);
    return key.substr(weights_['a' - 0x20].size() * length);
  }

  std::array<std::string, 95> weights_;
  std::array<std::string, kTails> tails_;
};

void append_raw(std::string_view text, std::string& to) {
  for (;;) {
    size_t zero = text.find('\0');
    to.append(text.substr(0, zero));
    if (zero == std::string_view::npos) break;
    to.append("\x00\xff", 2);
    text.remove_prefix(zero + 1);
  }
  to.append("\x00\x01", 2);
}

bool take_raw(std::string_view& from, std::string* text) {
  for (;;) {
    size_t zero = from.find('\0');
    if (zero == std::string_view::npos || zero + 1 >= from.size()) return false;
    if (text != nullptr) text->append(from.substr(0, zero));
    char next = from[zero + 1];
    from.remove_prefix(zero + 2);
    if (next == 0x01) return true;
    if (next != '\xff') return false;
    if (text != nullptr) text->push_back('\0');
  }
}

// `text` is not all printable ASCII.
void append_collated(std::string_view text, std::string& to) {
  const AsciiWeights& weights = AsciiWeights::instance();
  thread_local std::string sort_key;
  sort_key.clear();
  value::append_sort_key(text, sort_key);
  std::string_view key = sort_key;
  size_t start = to.size();
  while (char c = weights.character_at(key)) {
    to.push_back(c);
    weights.take(c, key);
  }
  std::string_view characters = std::string_view(to).substr(start);
  if (!key.empty() && key[0] != kMarks) {
    to.push_back(weights.is_before(key) ? kBefore : kBehind);
  } else if (key.empty() || weights.is_plain_tail(key, characters.size())) {
    bool less = text < characters;
    to.push_back(kEnd);
    to.push_back(less ? kRawLess : kRawGreater);
    return append_raw(text, to);
  } else {
    to.push_back(kMarks);
  }
  to.append(key);
  to.push_back(kEnd);
  append_raw(text, to);
}

void append_string(std::string_view text, std::string& to) {
  to.push_back(kString);
  if (ascii_prefix(text) < text.size()) return append_collated(text, to);
  to.append(text);
  to.push_back(kEnd);
  to.push_back(kAsciiOnly);
}

bool take_string(std::string_view& from, std::string* text) {
  size_t characters = ascii_prefix(from);
  if (characters >= from.size()) return false;
  std::string_view ascii = from.substr(0, characters);
  char next = from[characters];
  from.remove_prefix(characters + 1);
  if (next == kEnd) {
    if (from.empty()) return false;
    char kind = from[0];
    from.remove_prefix(1);
    if (kind == kAsciiOnly) {
      if (text != nullptr) text->append(ascii);
      return true;
    }
    return (kind == kRawLess || kind == kRawGreater) && take_raw(from, text);
  }
  if (next != kMarks && next != kBefore && next != kBehind) return false;
  size_t end = from.find(kEnd);
  if (end == std::string_view::npos) return false;
  from.remove_prefix(end + 1);
  return take_raw(from, text);
}

// ---- arrays and objects

void append_array(Slice value, std::string& to) {
  to.push_back(kArray);
  size_t significant = to.size();
  for (value::ArrayIterator item(value); item.valid(); item.next()) {
    append_encoded(item.value(), to);
    if (!item.value().is_null()) significant = to.size();
  }
  to.resize(significant);
  to.push_back(kEnd);
}

void append_object(Slice value, std::string& to) {
  std::vector<std::pair<std::string, Slice>> attributes;
  attributes.reserve(value.size());
  for (value::ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
    if (attribute.value().is_null()) continue;
    std::string name;
    append_string(attribute.name(), name);
    attributes.emplace_back(std::move(name), attribute.value());
  }
  std::sort(attributes.begin(), attributes.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  to.push_back(kObject);
  for (const auto& [name, attribute] : attributes) {
    for (char byte : name) to.push_back(char(~byte));
    append_encoded(attribute, to);
  }
  to.push_back(kEnd);
}

// A name's bytes are inverted; its length is not known before it is read.
bool take_name(std::string_view& from, std::string* name) {
  std::string inverted;
  for (char byte : from) inverted.push_back(char(~byte));
  std::string_view rest = inverted;
  if (rest.empty() || rest[0] != kString) return false;
  rest.remove_prefix(1);
  if (!take_string(rest, name)) return false;
  from.remove_prefix(from.size() - rest.size());
  return true;
}

bool take(std::string_view& from, Builder* into, size_t depth);

bool take_items(std::string_view& from, Builder* into, bool is_object, size_t depth) {
  if (depth > kDeepest) return false;
  if (into != nullptr) is_object ? into->open_object() : into->open_array();
  for (;;) {
    if (from.empty()) return false;
    if (from[0] == kEnd) break;
    if (is_object) {
      std::string name;
      if (!take_name(from, into == nullptr ? nullptr : &name)) return false;
      if (into != nullptr) into->key(name);
    }
    if (!take(from, into, depth + 1)) return false;
  }
  from.remove_prefix(1);
  if (into != nullptr) into->close();
  return true;
}

bool take(std::string_view& from, Builder* into, size_t depth) {
  if (from.empty()) return false;
  char tag = from[0];
  from.remove_prefix(1);
  switch (tag) {
    case kNull:
      if (into != nullptr) into->null();
      return true;
    case kFalse:
    case kTrue:
      if (into != nullptr) into->boolean(tag == kTrue);
      return true;
    case kNumber: return take_number(from, into);
    case kString: {
      if (into == nullptr) return take_string(from, nullptr);
      thread_local std::string text;
      text.clear();
      if (!take_string(from, &text)) return false;
      into->string(text);
      return true;
    }
    case kArray:
    case kObject: return take_items(from, into, tag == kObject, depth);
    default: return false;
  }
}

}  // namespace

void append_encoded(Slice value, std::string& to) {
  switch (value.type()) {
    case Type::kNone:
    case Type::kNull: return to.push_back(kNull);
    case Type::kBool: return to.push_back(value.is_true() ? kTrue : kFalse);
    case Type::kNumber: return append_number(value, to);
    case Type::kString: return append_string(value.as_string(), to);
    case Type::kArray: return append_array(value, to);
    case Type::kObject: return append_object(value, to);
  }
}

Result<> decode(std::string_view& from, Builder& into) {
  if (!take(from, &into, 0)) return {ErrorCode::kCorruptedDatafile, "an index entry's key cannot be read"};
  return {};
}

bool skip_encoded(std::string_view& from) { return take(from, nullptr, 0); }

bool decodes_exactly(Slice value) {
  switch (value.type()) {
    case Type::kNone:
    case Type::kNull:
    case Type::kBool:
    case Type::kString: return true;
    case Type::kNumber: return !value.is_double() || !has_residue(value.as_double());
    case Type::kArray: {
      bool ends_with_null = false;
      for (value::ArrayIterator item(value); item.valid(); item.next()) {
        if (!decodes_exactly(item.value())) return false;
        ends_with_null = item.value().is_null();
      }
      return !ends_with_null;
    }
    case Type::kObject: return false;
  }
  return false;
}

std::string collation_version() {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::Collator> collator(icu::Collator::createInstance(icu::Locale("en", "US", "POSIX"), status));
  ASSERT(U_SUCCESS(status) && collator != nullptr);
  UVersionInfo version;
  collator->getVersion(version);
  char text[U_MAX_VERSION_STRING_LENGTH];
  u_versionToString(version, text);
  return text;
}

}  // namespace workerdb::storage
