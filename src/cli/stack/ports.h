#pragma once
// Ports before they are needed, and servers behind them.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

// Whether `address` (an IPv4 or IPv6 address) can be listened on at `port`. Fails with kSysError in a
// sentence: who listens there, when that can be seen, and which option (`--redis-port`) chooses another port.
base::Result<> check_port(const std::string& address, uint16_t port, const std::string& purpose,
                          const std::string& option);
// All ports of a stack: distinct, not 0, and free.
base::Result<> check_ports(const StackOptions& options);

// Connects, sends, and reads until `is_complete` or 64 KiB; all within timeout_ms. Fails with
// kSimpleClientCouldNotConnect or kSimpleClientCouldNotRead.
base::Result<std::string> exchange(const std::string& address, uint16_t port, std::string_view request,
                                   const std::function<bool(std::string_view)>& is_complete, int64_t timeout_ms);

// "127.0.0.1" for an address that means all interfaces: what a client on this machine connects to.
std::string client_address(const std::string& bind_address);

}  // namespace workerdb::cli
