#include "access/tunnel/tunnel_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "access/tunnel/status_json.h"
#include "base/private_file.h"

namespace workerdb::access::tunnel {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongestSocketPath = 107;  // unix(7)
// Names in a socket folder: a number of an attempt, '-', a number of a forward.
constexpr size_t kLongestSocketName = 24;

bool is_our_folder(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid();
}

std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr && value[0] == '/' ? std::string(value) : std::string();
}

}  // namespace

std::string tunnels_folder() {
  if (std::string chosen = variable("WORKERDB_STATE_HOME"); !chosen.empty()) return chosen + "/tunnels";
  // Also without the variable, which a cron job lacks: one user has one set of tunnels.
  for (const std::string& runtime : {variable("XDG_RUNTIME_DIR"), fmt::format("/run/user/{}", ::geteuid())}) {
    if (!runtime.empty() && is_our_folder(runtime)) return runtime + "/workerdb/tunnels";
  }
  std::string state = base::state_folder();
  return state.empty() ? std::string() : state + "/tunnels";
}

Result<TunnelFolder> folder_of(const std::string& tunnel) {
  std::string all = tunnels_folder();
  if (all.empty()) {
    return Error(ErrorCode::kFileNotFound, "there is no folder for tunnels; set XDG_RUNTIME_DIR or HOME");
  }
  return TunnelFolder{all + "/" + tunnel};
}

Result<TunnelFolder> prepare_folder(const std::string& tunnel) {
  TunnelFolder folder = TRY(folder_of(tunnel));
  TRY(base::make_private_folder(folder.path));
  return folder;
}

Result<Descriptor> lock(const TunnelFolder& folder) {
  Descriptor file(::open(folder.lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    return Error(ErrorCode::kCannotWriteFile,
                 fmt::format("cannot open '{}': {}", folder.lock_file(), ::strerror(errno)));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  return Error(ErrorCode::kLocked, "the tunnel is up already; `workerdb tunnel status` shows it");
}

Result<std::string> make_socket_folder(const TunnelFolder& folder) {
  std::string inside = folder.path + "/sockets";
  if (inside.size() + kLongestSocketName <= kLongestSocketPath) {
    std::error_code code;
    std::filesystem::remove_all(inside, code);  // of a process that was killed
    TRY(base::make_private_folder(inside));
    return inside;
  }
  char below_tmp[] = "/tmp/workerdb-tunnel-XXXXXX";
  if (::mkdtemp(below_tmp) == nullptr) {
    return Error(ErrorCode::kCannotCreateDirectory, fmt::format("cannot make '{}': {}", below_tmp, ::strerror(errno)));
  }
  return std::string(below_tmp);
}

Result<> write_status(const TunnelFolder& folder, const TunnelStatus& status) {
  // Not synced: after a crash of the machine nothing of it is true anyway, and the thread that calls carries bytes.
  return base::replace_private_file(folder.state_file(), tunnel_json(status) + "\n", {.owner = {}, .is_synced = false});
}

std::optional<TunnelStatus> read_status(const TunnelFolder& folder) {
  auto text = base::read_private_file(folder.state_file());
  return text ? parse_status(*text) : std::nullopt;
}

std::vector<std::string> known_tunnels() {
  std::vector<std::string> names;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(tunnels_folder(), code), end; !code && entry != end;
       entry.increment(code)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace workerdb::access::tunnel
