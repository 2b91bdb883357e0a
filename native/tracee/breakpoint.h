// The breakpoint of a stopped task, by debug register 0.
#pragma once

#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>

namespace rr {

inline bool writeDebugRegister(pid_t tid, size_t index, uint64_t value) {
  return ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, u_debugreg) + index * sizeof(value), value) == 0;
}

// On execution of `address`; DR7 enables it (Intel SDM volume 3, 18.2.4). False with errno set.
inline bool setBreakpoint(pid_t tid, uint64_t address) {
  return writeDebugRegister(tid, 0, address) && writeDebugRegister(tid, 7, 1);
}
inline void clearBreakpoint(pid_t tid) { writeDebugRegister(tid, 7, 0); }

}  // namespace rr
