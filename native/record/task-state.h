// What the kernel tells of a task without a stop.
#pragma once

#include <sys/types.h>

namespace rr {

// State letter of /proc/TID/stat (proc(5)); 0 when there is no such task.
char taskState(pid_t tid);

// Whether a seccomp filter judges the calls of a task (/proc/TID/status, Seccomp: 2).
bool filtersInForce(pid_t tid);
// True when the signal's disposition is SIG_IGN, from /proc/TID/status.
bool ignoresSignal(pid_t tid, int signal);

}  // namespace rr
