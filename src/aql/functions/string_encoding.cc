// Checksums, digests, encodings, JSON, IPv4 addresses.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "aql/functions/implementation.h"
#include "base/base64.h"
#include "value/json.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

void append_hex(std::string_view bytes, std::string& to) {
  for (unsigned char byte : bytes) {
    to += "0123456789abcdef"[byte >> 4];
    to += "0123456789abcdef"[byte & 15];
  }
}

Slice digest(Context& context, Slice value, const EVP_MD* method) {
  Text text(value);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.view().data(), text.view().size(), bytes, &size, method, nullptr) != 1) return Slice::null();
  std::string hex;
  append_hex({reinterpret_cast<const char*>(bytes), size}, hex);
  return context.arena().string(hex);
}
Slice md5(Context& context, Arguments arguments) { return digest(context, arguments[0], EVP_md5()); }
Slice sha1(Context& context, Arguments arguments) { return digest(context, arguments[0], EVP_sha1()); }
Slice sha256(Context& context, Arguments arguments) { return digest(context, arguments[0], EVP_sha256()); }
Slice sha512(Context& context, Arguments arguments) { return digest(context, arguments[0], EVP_sha512()); }

// CRC-32C: the polynomial 0x1EDC6F41, bits reflected.
constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
    table[i] = crc;
  }
  return table;
}();

Slice crc32(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  uint32_t crc = 0xffffffff;
  for (unsigned char byte : text.view()) crc = (crc >> 8) ^ kCrcTable[(crc ^ byte) & 0xff];
  return context.arena().string(fmt::format("{:X}", crc ^ 0xffffffff));
}

// FNV-1a.
Slice fnv64(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char byte : text.view()) hash = (hash ^ byte) * 0x100000001b3;
  return context.arena().string(fmt::format("{:X}", hash));
}

Slice to_base64(Context& context, Arguments arguments) {
  return context.arena().string(base::base64_encode(Text(arguments[0]).view()));
}

Slice to_hex(Context& context, Arguments arguments) {
  std::string hex;
  append_hex(Text(arguments[0]).view(), hex);
  return context.arena().string(hex);
}

Slice encode_uri_component(Context& context, Arguments arguments) {
  constexpr std::string_view kPlain = "-_.!~*'()";
  Text text(arguments[0]);
  std::string encoded;
  for (unsigned char c : text.view()) {
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    kPlain.find(char(c)) != std::string_view::npos;
    if (is_plain) {
      encoded += char(c);
    } else {
      encoded += '%';
      encoded += "0123456789ABCDEF"[c >> 4];
      encoded += "0123456789ABCDEF"[c & 15];
    }
  }
  return context.arena().string(encoded);
}

Slice json_parse(Context& context, Arguments arguments) {
  if (!arguments[0].is_string()) return Slice::null();
  base::Result<value::Buffer> parsed = value::parse_json(arguments[0].as_string());
  return parsed ? context.arena().copy(parsed->slice()) : Slice::null();
}

Slice json_stringify(Context& context, Arguments arguments) {
  return context.arena().string(value::to_json(arguments[0]));
}

// Four numbers from 0 to 255 of one to three digits, without leading zeros.
bool parse_ipv4(std::string_view text, uint32_t& address) {
  address = 0;
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return false;
    size_t start = at;
    uint32_t number = 0;
    while (at < text.size() && at - start < 3 && text[at] >= '0' && text[at] <= '9') {
      number = number * 10 + uint32_t(text[at++] - '0');
    }
    if (at == start || number > 255 || (text[start] == '0' && at - start > 1)) return false;
    address = address << 8 | number;
  }
  return at == text.size();
}

Slice is_ipv4(Context&, Arguments arguments) {
  uint32_t address;
  return Slice::boolean(arguments[0].is_string() && parse_ipv4(arguments[0].as_string(), address));
}

Slice ipv4_to_number(Context& context, Arguments arguments) {
  uint32_t address;
  if (!arguments[0].is_string() || !parse_ipv4(arguments[0].as_string(), address)) {
    return wrong_type(context, "IPV4_TO_NUMBER");
  }
  return context.arena().integer(address);
}

Slice ipv4_from_number(Context& context, Arguments arguments) {
  double number = arguments[0].is_number() ? arguments[0].as_double() : -1;
  if (!(number >= 0 && number <= 4294967295.0)) return wrong_type(context, "IPV4_FROM_NUMBER");
  auto address = uint32_t(number);
  return context.arena().string(
      fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255));
}

constexpr Function kFunctions[] = {
    {"CRC32", "string", 1, 1, kDeterministic, "text: string", "The CRC-32C checksum as a hexadecimal string.",
     "RETURN CRC32(\"foobar\")", "[\"D5F5C7F\"]", crc32},
    {"ENCODE_URI_COMPONENT", "string", 1, 1, kDeterministic, "value: string",
     "The string as a percent-encoded part of a URI.", "RETURN ENCODE_URI_COMPONENT(\"fünf %\")",
     "[\"f%C3%BCnf%20%25\"]", encode_uri_component},
    {"FNV64", "string", 1, 1, kDeterministic, "text: string", "The FNV-1a hash of 64 bits as a hexadecimal string.",
     "RETURN FNV64(\"foobar\")", "[\"85944171F73967E8\"]", fnv64},
    {"IPV4_FROM_NUMBER", "string", 1, 1, kDeterministic, "numericAddress: number",
     "The dotted form of an IPv4 address.", "RETURN IPV4_FROM_NUMBER(2130706433)", "[\"127.0.0.1\"]", ipv4_from_number},
    {"IPV4_TO_NUMBER", "string", 1, 1, kDeterministic, "stringAddress: string", "The number of a dotted IPv4 address.",
     "RETURN IPV4_TO_NUMBER(\"192.168.0.1\")", "[3232235521]", ipv4_to_number},
    {"IS_IPV4", "string", 1, 1, kDeterministic, "value: string",
     "Whether the value is a string with a dotted IPv4 address.",
     "RETURN [IS_IPV4(\"8.8.8.8\"), IS_IPV4(\"008.8.8.8\")]", "[[true,false]]", is_ipv4},
    {"JSON_PARSE", "string", 1, 1, kDeterministic, "text: string", "The value of a JSON text, null if it is none.",
     "RETURN JSON_PARSE(\"[1,{}]\")", "[[1,{}]]", json_parse},
    {"JSON_STRINGIFY", "string", 1, 1, kDeterministic, "value: any", "The value as JSON text.",
     "RETURN JSON_STRINGIFY([1, null])", "[\"[1,null]\"]", json_stringify},
    {"MD5", "string", 1, 1, kDeterministic, "text: string", "The MD5 digest as a hexadecimal string.",
     "RETURN MD5(\"foobar\")", "[\"3858f62230ac3c915f300c664312c63f\"]", md5},
    {"SHA1", "string", 1, 1, kDeterministic, "text: string", "The SHA-1 digest as a hexadecimal string.",
     "RETURN SHA1(\"foobar\")", "[\"8843d7f92416211de9ebb963ff4ce28125932878\"]", sha1},
    {"SHA256", "string", 1, 1, kDeterministic, "text: string", "The SHA-256 digest as a hexadecimal string.",
     "RETURN SHA256(\"foobar\")", "[\"c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2\"]", sha256},
    {"SHA512", "string", 1, 1, kDeterministic, "text: string", "The SHA-512 digest as a hexadecimal string.",
     "RETURN LENGTH(SHA512(\"foobar\"))", "[128]", sha512},
    {"TO_BASE64", "string", 1, 1, kDeterministic, "value: string", "The string in Base64.",
     "RETURN TO_BASE64(\"ABC.\")", "[\"QUJDLg==\"]", to_base64},
    {"TO_HEX", "string", 1, 1, kDeterministic, "value: string", "The string's bytes in hexadecimal.",
     "RETURN TO_HEX(\"ABC.\")", "[\"4142432e\"]", to_hex},
};

}  // namespace

std::span<const Function> string_encoding_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions
