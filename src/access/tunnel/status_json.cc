#include "access/tunnel/status_json.h"

#include "base/time.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;
using value::Slice;

namespace {

void add_forward(Builder& builder, const Forward& forward) {
  builder.add("name", forward.name);
  builder.add("local_port", static_cast<int>(forward.local_port));
  builder.add("target_host", forward.target_host);
  builder.add("target_port", static_cast<int>(forward.target_port));
}

void add_spec(Builder& builder, const TunnelSpec& spec) {
  builder.open_object();
  builder.add("name", spec.name);
  builder.add("ssh_host", spec.ssh_host);
  builder.add("ssh_user", spec.ssh_user);
  builder.add("ssh_port", static_cast<int>(spec.ssh_port));
  builder.add("ssh_config_file", spec.ssh_config_file);
  builder.key("forwards");
  builder.open_array();
  for (const Forward& forward : spec.forwards) {
    builder.open_object();
    add_forward(builder, forward);
    builder.close();
  }
  builder.close();
  builder.close();
}

void add_process(Builder& builder, std::string_view name, const supervise::ProcessIdentity& process) {
  builder.key(name);
  builder.open_object();
  builder.add("pid", process.pid);
  builder.add("start_ticks", static_cast<unsigned long>(process.start_ticks));
  builder.add("boot_id", process.boot_id);
  builder.close();
}

int64_t number(Slice object, std::string_view name, int64_t otherwise = 0) {
  Slice found = object.get(name);
  return found.is_int64() ? found.as_int64() : otherwise;
}

std::string text(Slice object, std::string_view name) {
  Slice found = object.get(name);
  return found.is_string() ? std::string(found.as_string()) : std::string();
}

uint16_t port(Slice object, std::string_view name) {
  int64_t found = number(object, name);
  return found > 0 && found <= UINT16_MAX ? static_cast<uint16_t>(found) : 0;
}

Forward read_forward(Slice object) {
  return {text(object, "name"), port(object, "local_port"), text(object, "target_host"), port(object, "target_port")};
}

TunnelSpec read_spec(Slice object) {
  TunnelSpec spec{.name = text(object, "name"),
                  .ssh_host = text(object, "ssh_host"),
                  .ssh_user = text(object, "ssh_user"),
                  .ssh_port = port(object, "ssh_port"),
                  .ssh_config_file = text(object, "ssh_config_file"),
                  .forwards = {}};
  Slice forwards = object.get("forwards");
  if (!forwards.is_array()) return spec;
  for (value::ArrayIterator item(forwards); item.valid(); item.next()) {
    if (item.value().is_object()) spec.forwards.push_back(read_forward(item.value()));
  }
  return spec;
}

supervise::ProcessIdentity read_process(Slice object) {
  if (!object.is_object()) return {};
  return {.pid = static_cast<pid_t>(number(object, "pid")),
          .start_ticks = static_cast<uint64_t>(number(object, "start_ticks")),
          .boot_id = text(object, "boot_id")};
}

}  // namespace

std::string tunnel_json(const TunnelStatus& status) {
  Builder builder;
  builder.open_object();
  builder.add("name", status.spec.name);
  builder.add("state", supervise::state_name(status.state));
  builder.add("since", base::format_iso8601(status.since_ms));
  builder.add("since_ms", static_cast<long>(status.since_ms));
  builder.add("started_ms", static_cast<long>(status.started_ms));
  builder.add("connects", static_cast<long>(status.connects));
  builder.add("last_outage_ms", static_cast<long>(status.last_outage_ms));
  builder.add("reason", value::as_utf8(status.reason));
  builder.key("forwards");
  builder.open_array();
  for (const ForwardStatus& forward : status.forwards) {
    builder.open_object();
    add_forward(builder, forward.forward);
    builder.add("listening", forward.listening);
    builder.add("open", static_cast<long>(forward.open));
    builder.add("accepted", static_cast<long>(forward.accepted));
    builder.close();
  }
  builder.close();
  builder.key("spec");
  add_spec(builder, status.spec);
  add_process(builder, "process", status.process);
  add_process(builder, "ssh", status.ssh);
  builder.close();
  return value::to_json(builder.slice());
}

namespace tunnel {

std::string spec_json(const TunnelSpec& spec) {
  Builder builder;
  add_spec(builder, spec);
  return value::to_json(builder.slice());
}

Result<TunnelSpec> parse_spec(std::string_view json) {
  auto parsed = value::parse_json(json);
  if (!parsed || !parsed->slice().is_object()) {
    return Error(ErrorCode::kBadParameter, "a tunnel's spec is a JSON object");
  }
  TunnelSpec spec = read_spec(parsed->slice());
  TRY(check_spec(spec));
  return spec;
}

std::optional<TunnelStatus> parse_status(std::string_view json) {
  auto parsed = value::parse_json(json);
  if (!parsed || !parsed->slice().is_object()) return std::nullopt;
  Slice object = parsed->slice();
  if (!object.get("spec").is_object() || !object.get("forwards").is_array()) return std::nullopt;
  TunnelStatus status;
  status.spec = read_spec(object.get("spec"));
  if (!check_spec(status.spec)) return std::nullopt;
  status.state = supervise::state_of_name(text(object, "state"));
  status.process = read_process(object.get("process"));
  status.ssh = read_process(object.get("ssh"));
  status.started_ms = number(object, "started_ms");
  status.since_ms = number(object, "since_ms");
  status.connects = number(object, "connects");
  status.last_outage_ms = number(object, "last_outage_ms", -1);
  status.reason = text(object, "reason");
  for (value::ArrayIterator item(object.get("forwards")); item.valid(); item.next()) {
    if (!item.value().is_object()) return std::nullopt;
    status.forwards.push_back({read_forward(item.value()), item.value().get("listening").is_true(),
                               number(item.value(), "open"), number(item.value(), "accepted")});
  }
  return status;
}

}  // namespace tunnel
}  // namespace workerdb::access
