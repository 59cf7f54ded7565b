#pragma once
// Private to this folder.
#include "stores/cache/reply.h"

namespace workerdb::stores::cache {

// Copies a hiredis reply (a redisReply*), which stays the caller's.
Reply take_reply(void* raw);

}  // namespace workerdb::stores::cache
