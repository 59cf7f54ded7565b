#pragma once
// One connection of the listener, from accept to close.
#include "net/io_loop.h"

namespace workerdb::net {

enum class ConnectionRole {
  kServe,
  kRefuse,  // over the limit of connections: a 503 and goodbye
};

// Takes over the accepted socket `descriptor`; on the loop's thread. The connection lives until it is closed
// and no operation or request of it is under way.
void open_connection(IoLoop& loop, int descriptor, ConnectionRole role);

}  // namespace workerdb::net
