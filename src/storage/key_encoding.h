#pragma once
// Values as bytes whose memcmp order is value::compare. Index keys are made of them. Persisted: the bytes never
// change (key_encoding_test.cc freezes them), except that the collation's weights come from ICU: the store writes
// down which ICU made them and rebuilds the indexes when another one opens it (collation_version).
//
//   value             bytes
//   null, missing     10
//   false, true       20, 21
//   number            30, 8 bytes of the double at or below it (big endian; sign bit flipped, negative ones inverted),
//                     and where 2^53 <= |double| < 2^64: 2 bytes, big endian, of the distance from there to the number
//   string            40, then as described below
//   array             50, the items without trailing nulls, 00
//   object            60, for each attribute that is not null, in the order of their names: the name's string encoding
//                     with every bit inverted (of two objects, the one that has the earlier name is the greater one),
//                     the value; 00
//
// A string starts with its printable ASCII characters as they are (in en_US_POSIX each of them has a primary weight of
// its own, in the order of their codes). What follows depends on the first thing that is no such character:
//   00 02               nothing: this is the whole string
//   00 01 RAW, 00 03 RAW  nothing that the collation sees, but bytes that make the string smaller (01) or greater (03)
//                         than the characters alone (control characters, soft hyphens)
//   01 KEY 00 RAW       accents and the like on the characters before; KEY is the rest of ICU's sort key
//   1f KEY 00 RAW       a character that sorts before the ASCII ones, 7f one that sorts behind them
// RAW is the whole string, 00 written as 00 ff, and 00 01 at its end; it decides between strings that collate equally
// and is what decode() reads.
//
// Example: ["Zoë", 2.5] is
//   50                                                     array
//   40 5a 6f 65 01 01 43 96 01 08 00 5a 6f c3 ab 00 01     "Zoë": characters "Zoe", a mark on the third
//   30 c0 04 00 00 00 00 00 00                             2.5
//   00                                                     end of the array
#include <string>
#include <string_view>

#include "base/result.h"
#include "value/builder.h"
#include "value/slice.h"

namespace workerdb::storage {

// No encoding contains it in first place, and it is greater than all that may stand there: an encoding with it behind
// is greater than everything that starts with the encoding.
constexpr char kBeyond = '\xff';

// Appends the encoding. No encoding is the prefix of another. Thread-safe.
void append_encoded(value::Slice value, std::string& to);

// Takes one encoded value off the front of `from` and appends it to a builder; compare() of it and the original is 0.
// kCorruptedDatafile if the bytes are none.
base::Result<> decode(std::string_view& from, value::Builder& into);

// Steps over one encoded value; false if the bytes are none.
bool skip_encoded(std::string_view& from);

// True if decode gives back what a query cannot tell from the original: false for values that compare alike but are
// written differently (objects, whose attributes' order is lost, arrays with nulls at their end, large doubles).
bool decodes_exactly(value::Slice value);

// The ICU data that the keys depend on, as text.
std::string collation_version();

}  // namespace workerdb::storage
