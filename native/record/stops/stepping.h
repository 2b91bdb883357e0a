// What it takes to run a stopped task to a place without it noticing.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>

#include "tracee/tracee.h"

namespace rr {

// SIGTRAP must not be blocked while the task is stepped: the kernel would force it, and reset its disposition.
class TrapUnblocked {
 public:
  explicit TrapUnblocked(pid_t tid) : tid_(tid) {
    const auto mask = signalMask(tid);
    if (mask && (*mask & kTrapBit) && setSignalMask(tid, *mask & ~kTrapBit)) before_ = mask;
  }
  ~TrapUnblocked() {
    if (before_) setSignalMask(tid_, *before_);
  }
  TrapUnblocked(const TrapUnblocked&) = delete;
  TrapUnblocked& operator=(const TrapUnblocked&) = delete;

 private:
  static constexpr uint64_t kTrapBit = 1ULL << (SIGTRAP - 1);
  pid_t tid_;
  std::optional<uint64_t> before_;  // where it was blocked
};

}  // namespace rr
