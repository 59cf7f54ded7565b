#include "access/tunnel/silence.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/number.h"

namespace workerdb::access::tunnel {
namespace {

constexpr uint32_t kEstablished = 1U << 1;  // TCP_ESTABLISHED, see tcp_states.h of the kernel
constexpr int64_t kAnswerTimeoutUs = 200'000;

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

void each_entry(const std::string& folder, const std::function<void(std::string_view)>& use) {
  DIR* directory = ::opendir(folder.c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) use(entry->d_name);
  ::closedir(directory);
}

// Sockets among the descriptors of a process; nothing when we may not look.
void add_sockets(std::string_view pid, std::vector<uint64_t>& inodes) {
  std::string folder = fmt::format("/proc/{}/fd", pid);
  each_entry(folder, [&](std::string_view name) {
    char target[64];
    ssize_t length = ::readlink(fmt::format("{}/{}", folder, name).c_str(), target, sizeof target);
    std::string_view text(target, static_cast<size_t>(std::max<ssize_t>(length, 0)));
    if (!text.starts_with("socket:[") || !text.ends_with(']')) return;
    text.remove_prefix(8);
    text.remove_suffix(1);
    if (auto inode = base::parse_integer<uint64_t>(text)) inodes.push_back(*inode);
  });
}

std::vector<uint64_t> sockets_of_group(pid_t group) {
  std::vector<uint64_t> inodes;
  each_entry("/proc", [&](std::string_view name) {
    auto pid = base::parse_integer<pid_t>(name);
    if (pid && ::getpgid(*pid) == group) add_sockets(name, inodes);
  });
  return inodes;
}

bool send_request(int netlink, uint16_t flags, const inet_diag_req_v2& body) {
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  request.body = body;
  return ::send(netlink, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
}

// Hands each answer to `use` until the last one of a dump, or the only one of a question.
bool receive(int netlink, bool is_dump, const std::function<void(const inet_diag_msg&, const nlmsghdr&)>& use) {
  alignas(nlmsghdr) char buffer[32 * 1024];
  while (true) {
    ssize_t got = ::recv(netlink, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    size_t left = static_cast<size_t>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return true;
      if (header->nlmsg_type == NLMSG_ERROR) return false;
      if (header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return false;
      use(*static_cast<const inet_diag_msg*>(NLMSG_DATA(header)), *header);
      if (!is_dump) return true;
    }
  }
}

}  // namespace

SilenceMeter SilenceMeter::of_process_group(pid_t group) {
  SilenceMeter meter;
  meter.netlink_ = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (meter.netlink_ < 0) return meter;
  struct timeval timeout {
    0, kAnswerTimeoutUs
  };
  ::setsockopt(meter.netlink_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  std::vector<uint64_t> inodes = sockets_of_group(group);
  for (uint8_t family : {AF_INET, AF_INET6}) meter.find(inodes, family);
  return meter;
}

SilenceMeter::~SilenceMeter() {
  if (netlink_ >= 0) ::close(netlink_);
}

SilenceMeter::SilenceMeter(SilenceMeter&& other) noexcept { *this = std::move(other); }

SilenceMeter& SilenceMeter::operator=(SilenceMeter&& other) noexcept {
  std::swap(netlink_, other.netlink_);
  std::swap(connections_, other.connections_);
  return *this;
}

void SilenceMeter::find(const std::vector<uint64_t>& inodes, uint8_t family) {
  inet_diag_req_v2 body{};
  body.sdiag_family = family;
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_states = kEstablished;
  if (!send_request(netlink_, NLM_F_DUMP, body)) return;
  receive(netlink_, true, [&](const inet_diag_msg& message, const nlmsghdr&) {
    if (std::find(inodes.begin(), inodes.end(), message.idiag_inode) == inodes.end()) return;
    connections_.push_back({message.idiag_family, message.id});
  });
}

std::optional<SilenceMeter::Reading> SilenceMeter::read() {
  std::optional<Reading> best;
  std::erase_if(connections_, [&](const Connection& connection) {
    std::optional<Reading> reading = read_one(connection);
    if (reading && (!best || reading->silent_ms < best->silent_ms)) best = reading;
    return !reading;
  });
  return best;
}

std::optional<SilenceMeter::Reading> SilenceMeter::read_one(const Connection& connection) {
  inet_diag_req_v2 body{};
  body.sdiag_family = connection.family;
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_states = kEstablished;
  body.idiag_ext = 1U << (INET_DIAG_INFO - 1);
  body.id = connection.id;  // with the kernel's cookie: a later connection with the same ports is another one
  if (!send_request(netlink_, 0, body)) return std::nullopt;
  std::optional<Reading> reading;
  receive(netlink_, false, [&](const inet_diag_msg& message, const nlmsghdr& header) {
    size_t left = header.nlmsg_len - NLMSG_LENGTH(sizeof(inet_diag_msg));
    auto* attribute = reinterpret_cast<const nlattr*>(&message + 1);
    while (left >= sizeof(nlattr) && attribute->nla_len >= sizeof(nlattr) && attribute->nla_len <= left) {
      if (attribute->nla_type == INET_DIAG_INFO) {
        tcp_info information{};  // an older kernel's is shorter, a newer one's longer
        ::memcpy(&information, attribute + 1, std::min(sizeof information, attribute->nla_len - sizeof(nlattr)));
        reading = Reading{information.tcpi_last_data_recv, information.tcpi_rtt / 1000};
      }
      size_t step = std::min<size_t>(NLA_ALIGN(attribute->nla_len), left);
      left -= step;
      attribute = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(attribute) + step);
    }
  });
  return reading;
}

}  // namespace workerdb::access::tunnel
