#include "cli/tunnel_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "access/context/context.h"
#include "access/tunnel/context_tunnel.h"
#include "base/number.h"
#include "base/time.h"
#include "cli/output.h"
#include "cli/stack/status.h"

namespace workerdb::cli {

using access::Forward;
using access::ForwardStatus;
using access::TunnelSpec;
using access::TunnelStatus;
using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::State;

namespace {

Error bad_forward(const std::string& text) {
  return Error(ErrorCode::kBadParameter,
               fmt::format("'{}' is no forward: [NAME=][LOCAL_PORT:]HOST:PORT, an IPv6 address in brackets", text));
}

std::string absolute_path(const std::string& path) {
  std::error_code code;
  return path.empty() ? path : std::filesystem::absolute(path, code).string();
}

Result<TunnelSpec> spec_of(const TunnelUpOptions& options) {
  if (!options.ssh_host.empty()) {
    TunnelSpec spec{.name = options.name.empty() ? options.ssh_host : options.name,
                    .ssh_host = options.ssh_host,
                    .ssh_user = options.ssh_user,
                    .ssh_config_file = absolute_path(options.ssh_config_file),
                    .forwards = {}};
    for (const std::string& text : options.forwards) {
      spec.forwards.push_back(TRY(parse_forward(text, spec.forwards.size())));
    }
    return spec;
  }
  if (!options.forwards.empty()) {
    return Error(ErrorCode::kBadParameter, "--forward needs --ssh: a declared context knows its own forwards");
  }
  auto contexts = TRY(access::load_contexts(access::contexts_file()));
  auto context = TRY(access::find_context(contexts, options.name));
  auto spec = TRY(access::tunnel_of(context));
  if (!spec) {
    return Error(
        ErrorCode::kBadParameter,
        fmt::format("context '{}' needs no tunnel: it has no SSH host or no services behind one", context.name));
  }
  return *std::move(spec);
}

std::string duration_text(int64_t duration_ms) {
  int64_t seconds = std::max<int64_t>(duration_ms, 0) / 1000;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

std::string host_and_port(const Forward& forward) {
  bool is_ipv6 = forward.target_host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", forward.target_host, is_ipv6 ? "]" : "", forward.target_port);
}

std::string tunnel_lines(const TunnelStatus& status) {
  std::string text = fmt::format("{}: {} for {} by way of {}", status.spec.name, supervise::state_name(status.state),
                                 duration_text(base::unix_time_ms() - status.since_ms), status.spec.ssh_host);
  if (status.process.pid > 0) text += fmt::format(" (pid {})", status.process.pid);
  if (status.connects > 1) {
    text += fmt::format(", reconnects: {}, the last after {} ms", status.connects - 1, status.last_outage_ms);
  }
  text += "\n";
  if (!status.reason.empty()) text += "  " + status.reason + "\n";
  for (const ForwardStatus& one : status.forwards) {
    text += fmt::format("  {:<12} localhost:{:<6} {}  {} open\n", one.forward.name, one.forward.local_port,
                        host_and_port(one.forward), one.open);
  }
  return text;
}

void print(const std::vector<TunnelStatus>& all, bool json, const Output& output) {
  for (const TunnelStatus& status : all) {
    output.out << (json ? access::tunnel_json(status) + "\n" : tunnel_lines(status));
  }
  output.out.flush();
}

}  // namespace

Result<Forward> parse_forward(const std::string& text, size_t index) {
  std::string_view rest = text;
  Forward forward;
  forward.name = fmt::format("forward-{}", index + 1);
  if (size_t equals = rest.find('='); equals != rest.npos) {
    forward.name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
  }
  size_t last = rest.rfind(':');
  if (last == rest.npos) return bad_forward(text);
  forward.target_port = base::parse_integer<uint16_t>(rest.substr(last + 1)).value_or(0);
  rest = rest.substr(0, last);
  size_t first = rest.find_first_of(":[");
  if (first != rest.npos && rest[first] == ':') {
    auto port = base::parse_integer<uint16_t>(rest.substr(0, first));
    if (!port) return bad_forward(text);
    forward.local_port = *port;
    rest.remove_prefix(first + 1);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  forward.target_host = rest;
  if (forward.target_host.empty() || forward.target_port == 0) return bad_forward(text);
  return forward;
}

Result<int> tunnel_up(const TunnelUpOptions& options, const Output& output) {
  TunnelSpec spec = TRY(spec_of(options));
  if (options.foreground) {
    TRY(access::carry_tunnel(spec, [&, last = std::string()](const TunnelStatus& status) mutable {
      std::string now = std::string(supervise::state_name(status.state)) + status.reason;
      if (std::exchange(last, now) != now) print({status}, options.json, output);
    }));
    return 0;
  }
  auto opened = TRY(access::ensure_up(spec, options.wait_ms));
  if (!opened.started && !options.json) output.err << fmt::format("'{}' was up already", spec.name) << std::endl;
  print({opened.status}, options.json, output);
  return 0;
}

Result<int> tunnel_down(const TunnelDownOptions& options, const Output& output) {
  std::vector<std::string> names;
  if (!options.name.empty()) names.push_back(options.name);
  if (options.all) {
    for (const TunnelStatus& status : access::tunnels()) names.push_back(status.spec.name);
  } else if (names.empty()) {
    return Error(ErrorCode::kBadParameter, "name a tunnel, or say --all; `workerdb tunnel status` lists them");
  }
  for (const std::string& name : names) {
    bool was_up = TRY(access::stop_tunnel(name));
    output.out << fmt::format("tunnel '{}' {}", name, was_up ? "is down" : "was not up") << std::endl;
  }
  return 0;
}

Result<int> tunnel_status(const TunnelStatusOptions& options, const Output& output) {
  std::vector<TunnelStatus> all;
  if (options.name.empty()) {
    all = access::tunnels();
  } else if (TunnelStatus one = access::tunnel_status(options.name); one.state != State::kStopped) {
    all.push_back(std::move(one));
  }
  if (all.empty()) {
    if (!options.json) {
      output.out << (options.name.empty() ? "no tunnel is up" : fmt::format("tunnel '{}' is not up", options.name))
                 << std::endl;
    }
    return kStatusDown;
  }
  print(all, options.json, output);
  bool ready = std::all_of(all.begin(), all.end(), [](const auto& one) { return one.state == State::kReady; });
  return ready ? 0 : kStatusNotReady;
}

}  // namespace workerdb::cli
