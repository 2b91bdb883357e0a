// What the kernel tells of a task without a stop.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rr {

// State letter of /proc/TID/stat (proc(5)); 0 when there is no such task.
char taskState(pid_t tid);

// Whether the task waits in the kernel.
bool sleeps(pid_t tid);

// Where the heap of the task's program begins (start_brk in proc(5)); 0 when that is not told.
uint64_t heapStart(pid_t tid);

// Whether a task belongs to a process that has the number 1 in a pid namespace other than ours.
bool leadsNamespace(pid_t tid);

// Whether a task that exits has left its memory: from then on the kernel writes none of it.
bool hasLeftMemory(pid_t tid);

// Bytes of the task's address space that are mapped, as RLIMIT_AS counts them; 0 when there is no such task.
uint64_t addressSpaceSize(pid_t tid);

// Whether a seccomp filter judges the calls of a task (/proc/TID/status, Seccomp: 2).
bool filtersInForce(pid_t tid);

// Signal sets of /proc/TID/status; bit N - 1 is signal N.
struct SignalSets {
  uint64_t blocked = 0;
  uint64_t ignored = 0;
  uint64_t caught = 0;
  uint64_t pending = 0;        // for the thread alone
  uint64_t sharedPending = 0;  // for any of the process
};
// Empty sets when there is no such task.
SignalSets readSignalSets(pid_t tid);
inline bool contains(uint64_t set, int signal) { return (set >> (signal - 1)) & 1; }

// Where a descriptor of the task leads, for open(2), stat(2) and readlink(2).
std::string descriptorPath(pid_t tid, int fd);
// Position of a descriptor, from /proc/TID/fdinfo; nothing when it has none.
std::optional<uint64_t> descriptorPosition(pid_t tid, int fd);
// Its flags of open(2).
std::optional<uint64_t> descriptorFlags(pid_t tid, int fd);

// The task that a task's descriptor tells of: one of /proc/PID/NAME or /proc/PID/task/TID/NAME. 0: it is no such file.
pid_t taskOfFile(pid_t tid, int descriptor, std::string_view name);

}  // namespace rr
