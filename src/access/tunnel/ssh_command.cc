#include "access/tunnel/ssh_command.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>

extern char** environ;

namespace workerdb::access::tunnel {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

// What a shell may hold for our own commands and ssh has no use for.
constexpr std::array<std::string_view, 9> kSecretVariables = {
    "PGPASSWORD",     "REDISCLI_AUTH", "ARANGO_PASSWORD", "ARANGO_ROOT_PASSWORD", "DATABASE_URL",
    "REDIS_PASSWORD", "REDIS_URL",     "ARANGO_URL",      "POSTGRES_PASSWORD"};

// ProxyCommand, Match exec and ${VARIABLES} of ssh's configuration may use any variable, so all others go on.
std::vector<std::string> inherited_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view line(*entry);
    std::string_view name = line.substr(0, line.find('='));
    if (name.empty() || std::find(kSecretVariables.begin(), kSecretVariables.end(), name) != kSecretVariables.end()) {
      continue;
    }
    names.emplace_back(name);
  }
  return names;
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

struct Meaning {
  std::string_view words;
  Setback setback;
  std::string_view advice;  // {0}: the host as the user names it
};

// Phrases of OpenSSH's client (ssh, sshconnect, sshconnect2, readconf). An unknown phrase counts as unreachable.
constexpr Meaning kMeanings[] = {
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", Setback::kRefused,
     "the server's key is not the one in known_hosts; find out why before you accept the new one with `ssh {0}`"},
    {"Host key verification failed", Setback::kRefused,
     "the server's key is not in known_hosts; run `ssh {0}` once, compare the fingerprint and accept it"},
    {"Permission denied", Setback::kRefused,
     "the server accepts no key that can be used without asking; `ssh-add` puts yours into the agent, `ssh {0}` "
     "shows whether it works"},
    {"Too many authentication failures", Setback::kRefused,
     "the agent offers too many keys; name one for this host with IdentityFile and IdentitiesOnly in ~/.ssh/config"},
    {"Bad owner or permissions", Setback::kRefused, "mend the permissions of the file that is named"},
    {"Bad configuration option", Setback::kRefused, "mend the SSH configuration"},
    {"Can't open user config file", Setback::kRefused, "name a configuration that exists"},
    {"command-line", Setback::kRefused, ""},
    {"Unable to negotiate", Setback::kRefused, "client and server have no method in common"},
    {"Could not resolve hostname", Setback::kUnreachable, "no such name, or no network"},
    {"Connection refused", Setback::kUnreachable, "no SSH server answers there"},
    {"Connection timed out", Setback::kUnreachable, "the network or the server does not answer"},
    {"not responding", Setback::kUnreachable, "the server went silent"},
};

const Meaning* meaning_of(const std::vector<std::string>& last_lines, std::string& line) {
  for (const Meaning& meaning : kMeanings) {
    for (const std::string& candidate : last_lines) {
      if (candidate.find(meaning.words) == std::string::npos) continue;
      line = candidate;
      return &meaning;
    }
  }
  return nullptr;
}

}  // namespace

std::string SshSockets::forward(size_t index) const { return fmt::format("{}/{}-{}", folder, number, index); }
std::string SshSockets::last() const { return fmt::format("{}/{}-up", folder, number); }

supervise::ProcessSpec ssh_command(const TunnelSpec& spec, const SshSockets& sockets, const std::string& program) {
  std::vector<std::string> words;
  if (!spec.ssh_config_file.empty()) words.insert(words.end(), {"-F", spec.ssh_config_file});
  if (!spec.ssh_user.empty()) words.insert(words.end(), {"-l", spec.ssh_user});
  if (spec.ssh_port != 0) words.insert(words.end(), {"-p", std::to_string(spec.ssh_port)});
  words.insert(words.end(), {"-N", "-T"});
  for (const char* option :
       {"BatchMode=yes",
        // A connection of our own: riding on the user's shared one, its end would not be ours to see.
        "ControlMaster=no", "ControlPath=none", "ForkAfterAuthentication=no", "RemoteCommand=none",
        // A LocalForward of the user's for the same host may fail; whether ours stand is seen by the sockets.
        "ExitOnForwardFailure=no", "StreamLocalBindUnlink=yes", "StreamLocalBindMask=0177",
        // Silence is measured from outside as well (silence.h); this ends a connection that stays silent.
        "ServerAliveInterval=1", "ServerAliveCountMax=3", "TCPKeepAlive=yes", "ConnectTimeout=5",
        "ConnectionAttempts=1"}) {
    words.insert(words.end(), {"-o", option});
  }
  for (size_t index = 0; index < spec.forwards.size(); ++index) {
    const Forward& forward = spec.forwards[index];
    words.insert(words.end(), {"-L", fmt::format("{}:{}:{}", sockets.forward(index), bracketed(forward.target_host),
                                                 forward.target_port)});
  }
  // Nobody ever connects to it.
  words.insert(words.end(), {"-L", fmt::format("{}:127.0.0.1:9", sockets.last())});
  words.insert(words.end(), {"--", spec.ssh_host});
  return {.executable = program,
          .arguments = std::move(words),
          // A jump host's ssh does not know of BatchMode; this keeps it from opening a window.
          .environment = {{"SSH_ASKPASS_REQUIRE", "never"}},
          .inherited_environment = inherited_variables()};
}

Result<std::string> find_ssh() {
  const char* path = ::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    size_t colon = std::min(rest.find(':'), rest.size());
    std::string candidate = std::string(rest.substr(0, colon)) + "/ssh";
    // A relative entry of the path would be another program after a change of folder.
    if (candidate.front() == '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return Error(ErrorCode::kFileNotFound,
               "there is no `ssh`; install the package openssh-client, or put its folder into PATH");
}

Setback setback_of(const std::vector<std::string>& last_lines) {
  std::string line;
  const Meaning* meaning = meaning_of(last_lines, line);
  return meaning != nullptr ? meaning->setback : Setback::kUnreachable;
}

std::string reason_of(const std::vector<std::string>& last_lines, const TunnelSpec& spec,
                      const supervise::ExitStatus& status) {
  std::string line;
  const Meaning* meaning = meaning_of(last_lines, line);
  if (meaning != nullptr) {
    if (meaning->advice.empty()) return line;
    if (line.ends_with('.')) line.pop_back();
    return fmt::format("{}: {}", line, fmt::format(fmt::runtime(meaning->advice), spec.ssh_host));
  }
  for (auto candidate = last_lines.rbegin(); candidate != last_lines.rend(); ++candidate) {
    if (!candidate->empty()) return *candidate;
  }
  return "ssh " + status.text();
}

}  // namespace workerdb::access::tunnel
