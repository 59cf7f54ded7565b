#include <array>

#include "stores/cache/cache_store.h"

namespace workerdb::stores::cache {
namespace {

constexpr int kSlots = 16384;

// CRC-16/XMODEM (polynomial 0x1021, start 0), as the Redis Cluster specification, appendix A, demands.
constexpr std::array<uint16_t, 256> crc_table() {
  std::array<uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned value = byte << 8;
    for (int bit = 0; bit < 8; ++bit) value = (value & 0x8000) != 0 ? (value << 1) ^ 0x1021 : value << 1;
    table[byte] = static_cast<uint16_t>(value);
  }
  return table;
}
constexpr std::array<uint16_t, 256> kCrcTable = crc_table();

// Keys with the same text between their first '{' and the '}' behind it share a slot; an empty text counts as
// none.
std::string_view hashed_part(std::string_view key) {
  size_t open = key.find('{');
  if (open == key.npos) return key;
  size_t close = key.find('}', open + 1);
  return close == key.npos || close == open + 1 ? key : key.substr(open + 1, close - open - 1);
}

}  // namespace

int cluster_slot(std::string_view key) {
  uint16_t crc = 0;
  for (unsigned char byte : hashed_part(key)) {
    crc = static_cast<uint16_t>((crc << 8) ^ kCrcTable[((crc >> 8) ^ byte) & 0xff]);
  }
  return crc % kSlots;
}

}  // namespace workerdb::stores::cache
