// Whether one instruction reads or writes some memory: debug registers that stop on access, armed for a single step.
// Page protection tells only that an instruction touched a page, and where it began to.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rr {

class AccessWatch {
 public:
  struct Range {
    uint64_t address;
    size_t length;
  };

  // What the task's debug registers hold is kept for disarm(). False, and nothing is changed: they do not work here,
  // are too few for these ranges (four pieces of 1, 2, 4 or 8 bytes, each at a multiple of its size), or the kernel
  // refuses.
  bool arm(pid_t tid, std::span<const Range> ranges);
  // A bit for each range that was accessed since, by number; -1: the step has left no mark, and neither would an access
  // (execution-breakpoint.cc tells of such hypervisors). The registers are as before arm() again.
  int64_t disarm(pid_t tid);

 private:
  static constexpr size_t kRegisters = 4;

  void restore(pid_t tid) const;

  std::array<uint64_t, kRegisters> before_ = {};
  uint64_t controlBefore_ = 0;
  std::array<size_t, kRegisters> rangeOf_ = {};
  size_t used_ = 0;
};

}  // namespace rr
