// What a tunnel may be asked for.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "access/tunnel/tunnel.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongestName = 64;
constexpr size_t kLongestHost = 255;  // RFC 1035
constexpr size_t kMostForwards = 32;
constexpr uint16_t kFirstDerivedPort = 21000;
constexpr uint32_t kDerivedPorts = 9000;

bool is_letter_or_digit(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9');
}

// Names become names of files.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && is_letter_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char character) {
           return is_letter_or_digit(character) || character == '-' || character == '_' || character == '.';
         });
}

// A leading '-' would be an option, a blank or a quote could end a word in somebody's ProxyCommand.
bool is_host(std::string_view text, std::string_view also_allowed) {
  return !text.empty() && text.size() <= kLongestHost && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [&](char character) {
           return is_letter_or_digit(character) || std::string_view("-._").contains(character) ||
                  also_allowed.contains(character);
         });
}

Result<> check_forward(const TunnelSpec& spec, const Forward& forward) {
  auto wrong = [&](std::string_view what) {
    return Error(ErrorCode::kBadParameter, fmt::format("tunnel '{}', forward '{}': {}", spec.name, forward.name, what));
  };
  if (!is_name(forward.name)) return wrong("its name is letters, digits, '-', '_' and '.', at most 64");
  if (!is_host(forward.target_host, ":")) return wrong("its target host is missing or no host name");
  if (forward.target_port == 0) return wrong("its target port is missing");
  return {};
}

}  // namespace

Result<> check_spec(const TunnelSpec& spec) {
  auto wrong = [&](std::string_view what) {
    return Error(ErrorCode::kBadParameter, fmt::format("tunnel '{}': {}", spec.name, what));
  };
  if (!is_name(spec.name)) return wrong("a tunnel's name is letters, digits, '-', '_' and '.', at most 64");
  if (!is_host(spec.ssh_host, "@:%+")) return wrong("the SSH host is missing or no host name");
  if (!spec.ssh_user.empty() && !is_host(spec.ssh_user, "@+")) return wrong("the SSH user is no user name");
  if (!spec.ssh_config_file.empty() && spec.ssh_config_file.front() != '/') {
    return wrong("the path of the SSH configuration must be absolute");
  }
  if (spec.forwards.empty()) return wrong("it forwards nothing");
  if (spec.forwards.size() > kMostForwards) return wrong("it has more than 32 forwards");
  std::set<std::string> names;
  std::set<uint16_t> ports;
  for (const Forward& forward : spec.forwards) {
    TRY(check_forward(spec, forward));
    if (!names.insert(forward.name).second) return wrong(fmt::format("two forwards are called '{}'", forward.name));
    if (forward.local_port != 0 && !ports.insert(forward.local_port).second) {
      return wrong(fmt::format("two forwards want the local port {}", forward.local_port));
    }
  }
  return {};
}

uint16_t derived_port(std::string_view tunnel, std::string_view forward, int attempt) {
  // FNV-1a (RFC 9923), because it never changes; the standard library's hash may.
  uint32_t hash = 2166136261U;
  auto add = [&hash](std::string_view text) {
    for (char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  };
  add(tunnel);
  add("/");
  add(forward);
  if (attempt > 0) add(fmt::format("/{}", attempt));
  return static_cast<uint16_t>(kFirstDerivedPort + hash % kDerivedPorts);
}

}  // namespace workerdb::access
