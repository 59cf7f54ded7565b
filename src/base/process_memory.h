#pragma once
// What this process has in its memory stays there, and what it no longer needs does not.

namespace workerdb::base {

// Called first thing in main(): every command may come to hold a password. From then on
//   - no core file is written, by this process or by a child: the core limit is 1 byte, which also tells the kernel
//     not to start a core handler (`|/usr/lib/...` in core_pattern ignores a limit of 0, but not 1; core(5));
//   - no process of the same user can attach to this one or read its memory and its environment
//     (PR_SET_DUMPABLE 0). Our own /proc/self entries, and /proc/PID/stat of others, stay readable. A child that
//     executes another program starts anew with it, so PostgreSQL and Redis can be looked into as usual.
// For a debugger set WORKERDB_DUMPABLE=1. Never fails: what the system refuses is as it was.
void keep_memory_private();

// What is freed goes back to the system instead of waiting in the allocator's pools, at a small cost in time. For
// processes with a memory budget; called before any other thread starts.
void give_freed_memory_back();

// Called by who has just freed a lot in small pieces; a few milliseconds where the process gives freed memory back,
// else nothing.
void freed_much_memory();

}  // namespace workerdb::base
