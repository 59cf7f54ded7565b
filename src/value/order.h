#pragma once
// AQL's total order over all values, and equality and hashing that agree with each other.
// Source: the 3.12 documentation, "AQL type and value order".
#include <cstdint>
#include <string_view>

#include "value/slice.h"

namespace workerdb::value {

// Negative, zero or positive. null < bool < number < string < array < object; none is null. Integers and doubles
// compare by their exact values, also beyond 2^53. Strings compare by collation, then by bytes, so that zero means
// equal bytes. Arrays item by item and objects by the union of their names, a missing one being null.
int compare(Slice left, Slice right);

// compare() == 0, but faster where only equality is asked for.
bool equal(Slice left, Slice right);

// Equal values have equal hashes (1 and 1.0; objects whatever their attributes' order; missing and null
// attributes). Not for storage: the function may change between versions.
uint64_t hash(Slice value);

// AQL's truth: null, false, 0 and "" are false, all else is true.
bool is_truthy(Slice value);

}  // namespace workerdb::value
