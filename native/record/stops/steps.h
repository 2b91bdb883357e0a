// Steps and short runs of a stopped task.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>

#include "record/tree/waits.h"
#include "tracee/execution-breakpoint.h"

namespace rr {

// Tracer thread only.
class Steps {
 public:
  Steps(TaskTree& tree, Waits& waits) : tree_(tree), waits_(waits) {}

  // One step, or a run to `breakpoint` (0: none). False when something else stopped the task: its status is pending.
  bool stepOnce(Task& task, uint64_t breakpoint);
  // Whether the stop that is pending is a hit of a breakpoint of ours, which is cleared in any case: the stop is taken
  // then, and the task, if it still is there, stands at the address.
  bool arriveAtBreakpoint(pid_t tid, ExecutionBreakpoint& breakpoint);

 private:
  bool metWatch(Task& task, siginfo_t& info);

  TaskTree& tree_;
  Waits& waits_;
};

}  // namespace rr
