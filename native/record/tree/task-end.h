// How a task will end, and what the kernel then writes into memory that may live on.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace rr {

struct TaskEnd {
  struct RobustWrite {
    uint64_t address;
    uint32_t value;
  };
  struct ExecWrite {
    pid_t tid;  // of a task that sees it
    uint64_t address;
    uint32_t value;
  };

  uint64_t clearChildTid = 0;             // set_tid_address(2), CLONE_CHILD_CLEARTID; 0: none
  uint64_t robustList = 0;                // set_robust_list(2): address of the head, 0 without one
  std::vector<RobustWrite> robustWrites;  // what the kernel stores into held robust futexes as it exits
  std::vector<ExecWrite> execWrites;      // the same at the exec that it has entered
  bool letGo = false;                     // it dies without the tracer, as `as` says
  std::optional<int> as;  // wait status of the first process of a pid namespace that waits for the others to go
};

}  // namespace rr
