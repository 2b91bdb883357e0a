// A breakpoint of the tracer's own on the execution of one address: by debug register 0, or, where debug registers do
// not stop a task (some hypervisors take the writes and do nothing), by an int3 in the code.
//
// With an int3 the code differs while the breakpoint is set, so that
// - the program's own byte is `hidden()`, for who compares memory;
// - a task that stands at the address must be stepped behind it before the breakpoint is set: `standsInWay`;
// - the program could write over it without a system call, where its code is writable: nothing here notices.
// Only one task of an address space runs at a time, so no other meets it.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <span>

#include "tracee/tracee.h"

namespace rr {

// Tried out once, by a traced child.
bool debugRegistersStop();

class ExecutionBreakpoint {
 public:
  // False with errno set. `memory` outlives the breakpoint.
  bool set(pid_t tid, const TraceeMemory& memory, uint64_t address);
  // As with set(); nothing when it is not set, or when the task has ended.
  void clear(pid_t tid);
  // The task, and with it all that was set, is gone.
  void drop() { isSet_ = false; }

  explicit operator bool() const { return isSet_; }
  // Of a set breakpoint: a stop by SIGTRAP is its hit. `registers` are then those with which the task stands at the
  // address; where they had to be changed for it, the task has them, too.
  bool isHit(pid_t tid, const siginfo_t& info, user_regs_struct& registers) const;
  // Whether a task at the address must be stepped before it is set: else RF in eflags lets it pass.
  static bool standsInWay() { return !debugRegistersStop(); }
  // The program's bytes at the address, where others stand there.
  std::span<const uint8_t> hidden() const;

 private:
  const TraceeMemory* memory_ = nullptr;
  uint64_t address_ = 0;
  uint8_t own_ = 0;
  bool isSet_ = false;
  bool isInstruction_ = false;
};

}  // namespace rr
