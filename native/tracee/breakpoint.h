// Debug registers of a stopped task: our own breakpoint, by register 0, beside those of the program's tracer, which
// has 1 to 3 for its 0 to 2.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>

namespace rr {

inline bool writeDebugRegister(pid_t tid, size_t index, uint64_t value) {
  return ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, u_debugreg) + index * sizeof(value), value) == 0;
}

inline uint64_t readDebugRegister(pid_t tid, size_t index) {
  return static_cast<uint64_t>(
      ptrace(PTRACE_PEEKUSER, tid, offsetof(struct user, u_debugreg) + index * sizeof(uint64_t), 0));
}

// Of DR7 (Intel SDM volume 3, 18.2.4): a register's two enabling bits, and its kind and length.
inline constexpr uint64_t kOwnEnabled = 0x3;
inline constexpr uint64_t kOwnBits = 0xf0000 | kOwnEnabled;
// Enables a tracer's register 3, for which there is none.
inline constexpr uint64_t kTracerLastEnabled = 0xc0;
inline constexpr uint64_t kTracerEnabled = 0x3f;
inline constexpr uint32_t kTracerRegisters = 3;

// On execution of `address`. False with errno set.
inline bool setBreakpoint(pid_t tid, uint64_t address) {
  return writeDebugRegister(tid, 0, address) && writeDebugRegister(tid, 7, (readDebugRegister(tid, 7) & ~kOwnBits) | 1);
}
inline void clearBreakpoint(pid_t tid) { writeDebugRegister(tid, 7, readDebugRegister(tid, 7) & ~kOwnBits); }

// DR7 of the task for one that its tracer wants.
inline uint64_t controlForTracer(uint64_t control) {
  return (control & 0x3f) << 2 | (control & 0xff00) | (control & 0xfff0000) << 4;
}
// What of DR6 is the tracer's, as it sees it.
inline uint64_t statusForTracer(uint64_t status) { return (status & ~uint64_t{0xf}) | (status & 0xe) >> 1; }

// What the tracer of a task has set, its DR0 to DR7: false with errno set by what the kernel refuses.
inline bool setTracerRegisters(pid_t tid, const uint64_t (&registers)[8]) {
  if (!writeDebugRegister(tid, 7, 0)) return false;
  for (size_t i = 0; i < 3; i++) {
    if (!writeDebugRegister(tid, i + 1, registers[i])) return false;
  }
  return writeDebugRegister(tid, 7, controlForTracer(registers[7]));
}

}  // namespace rr
