// What it takes to run a stopped task to a place without it noticing.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>

#include <csignal>
#include <cstdint>

#include "tracee/abi.h"

namespace rr {

// SIGTRAP must not be blocked while the task is stepped: the kernel would force it, and reset its disposition.
class TrapUnblocked {
 public:
  explicit TrapUnblocked(pid_t tid) : tid_(tid) {
    if (ptrace(PTRACE_GETSIGMASK, tid, kSignalSetSize, &mask_) != 0) return;
    if (!(mask_ & kTrapBit)) return;
    const uint64_t without = mask_ & ~kTrapBit;
    changed_ = ptrace(PTRACE_SETSIGMASK, tid, kSignalSetSize, &without) == 0;
  }
  ~TrapUnblocked() {
    if (changed_) ptrace(PTRACE_SETSIGMASK, tid_, kSignalSetSize, &mask_);
  }
  TrapUnblocked(const TrapUnblocked&) = delete;
  TrapUnblocked& operator=(const TrapUnblocked&) = delete;

 private:
  static constexpr uint64_t kTrapBit = 1ULL << (SIGTRAP - 1);
  pid_t tid_;
  uint64_t mask_ = 0;
  bool changed_ = false;
};

}  // namespace rr
