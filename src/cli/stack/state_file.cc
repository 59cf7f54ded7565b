#include "cli/stack/state_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/private_file.h"
#include "base/time.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;
using value::Slice;

namespace {

void add_process(Builder& builder, const supervise::ProcessIdentity& process) {
  builder.add("pid", process.pid);
  builder.add("start_ticks", static_cast<unsigned long>(process.start_ticks));
  builder.add("boot_id", process.boot_id);
}

int64_t number(Slice object, std::string_view name) {
  Slice found = object.get(name);
  return found.is_int64() ? found.as_int64() : 0;
}

std::string text(Slice object, std::string_view name) {
  Slice found = object.get(name);
  return found.is_string() ? std::string(found.as_string()) : std::string();
}

supervise::ProcessIdentity read_process(Slice object) {
  return {.pid = static_cast<pid_t>(number(object, "pid")),
          .start_ticks = static_cast<uint64_t>(number(object, "start_ticks")),
          .boot_id = text(object, "boot_id")};
}

void add_service(Builder& builder, const supervise::ServiceStatus& status, bool with_reason) {
  builder.open_object();
  builder.add("name", status.name);
  builder.add("state", supervise::state_name(status.state));
  builder.add("in_process", status.in_process);
  add_process(builder, status.process);
  builder.add("stop_signal", status.stop_signal);
  builder.add("since", base::format_iso8601(status.since_ms));
  builder.add("since_ms", static_cast<long>(status.since_ms));
  builder.add("started_ms", static_cast<long>(status.started_ms));
  builder.add("ready_after_ms", static_cast<long>(status.ready_after_ms));
  builder.add("starts", static_cast<long>(status.starts));
  builder.add("restarts", static_cast<long>(status.restarts));
  builder.add("probe_failures", static_cast<long>(status.probe_failures));
  if (with_reason) builder.add("reason", value::as_utf8(status.reason));
  builder.close();
}

supervise::ServiceStatus read_service(Slice object) {
  supervise::ServiceStatus status;
  status.name = text(object, "name");
  status.state = supervise::state_of_name(text(object, "state"));
  status.in_process = object.get("in_process").is_true();
  status.process = read_process(object);
  status.stop_signal = static_cast<int>(number(object, "stop_signal"));
  status.since_ms = number(object, "since_ms");
  status.started_ms = number(object, "started_ms");
  status.ready_after_ms = number(object, "ready_after_ms");
  status.starts = number(object, "starts");
  status.restarts = number(object, "restarts");
  status.probe_failures = number(object, "probe_failures");
  status.reason = text(object, "reason");
  return status;
}

uint16_t port(Slice ports, std::string_view name) { return static_cast<uint16_t>(number(ports, name)); }

}  // namespace

Result<> write_state(const DataFolder& folder, const StackState& state) {
  Builder builder;
  builder.open_object();
  add_process(builder, state.process);
  builder.add("bind_address", state.bind_address);
  builder.key("ports");
  builder.open_object();
  builder.add("documents", static_cast<int>(state.ports.documents));
  builder.add("postgres", static_cast<int>(state.ports.postgres));
  builder.add("redis", static_cast<int>(state.ports.redis));
  builder.add("control", static_cast<int>(state.ports.control));
  builder.close();
  builder.add("started_ms", static_cast<long>(state.started_ms));
  builder.add("ready_after_ms", static_cast<long>(state.ready_after_ms));
  builder.key("services");
  builder.open_array();
  for (const supervise::ServiceStatus& status : state.services) add_service(builder, status, true);
  builder.close();
  builder.close();
  // After a crash of the machine nothing of it is true.
  return base::replace_private_file(folder.state_file(), value::to_pretty_json(builder.slice()) + "\n",
                                    {.owner = {}, .is_synced = false});
}

Result<StackState> read_state(const DataFolder& folder) {
  std::error_code code;
  if (!std::filesystem::exists(folder.state_file(), code)) {
    return Error(ErrorCode::kFileNotFound,
                 fmt::format("nothing is up on '{0}'; start it with `workerdb up --data {0}`", folder.path));
  }
  auto parsed = value::parse_json(TRY(base::read_small_file(folder.state_file())));
  if (!parsed || !parsed->slice().is_object() || !parsed->slice().get("services").is_array()) {
    return Error(ErrorCode::kCorruptedDatafile,
                 fmt::format("'{}' is damaged; the next `workerdb up` writes it anew", folder.state_file()));
  }
  Slice object = parsed->slice();
  Slice ports = object.get("ports");
  StackState state;
  state.process = read_process(object);
  state.bind_address = text(object, "bind_address");
  state.ports = {port(ports, "documents"), port(ports, "postgres"), port(ports, "redis"), port(ports, "control")};
  state.started_ms = number(object, "started_ms");
  state.ready_after_ms = number(object, "ready_after_ms");
  for (value::ArrayIterator item(object.get("services")); item.valid(); item.next()) {
    state.services.push_back(read_service(item.value()));
  }
  return state;
}

std::string service_json(const supervise::ServiceStatus& status, bool with_reason) {
  Builder builder;
  add_service(builder, status, with_reason);
  return value::to_json(builder.slice());
}

}  // namespace workerdb::cli
