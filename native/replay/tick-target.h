// A point named by its ticks: how far a task still has to run.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>

#include "counter/tick-counter.h"

namespace rr {

// The count of a task's counter at the point that is searched for. `counter` outlives it; nullptr: ticks are not used.
struct TickTarget {
  const TickCounter* counter = nullptr;
  uint64_t value = 0;

  // The stopped task may stand at the point, as far as ticks tell.
  bool maybeHere() const { return !counter || counter->read() == value; }
  // It is behind the point.
  bool passed() const { return counter && counter->read().value_or(0) > value; }
};

enum TickResult : int {
  kTicksNear = -2101,   // at most `skid` ticks before the count, or right there: search from here
  kTicksPassed = -2102  // behind the count: the overflow stopped it too late, or the count was never met
};

// The signal by which an overflow stops a task of the replay; its stub leaves no other unblocked.
inline constexpr int kOverflowSignal = 16;  // SIGSTKFLT

// Runs the task (PTRACE_SYSEMU) until it is `skid` ticks before `value` or a bit later: by the counter's overflow.
// `running`: a wait was broken before. A TickResult; -EINTR: a signal broke the wait; else as resumeToStop.
int runNearTicks(pid_t tid, TickCounter& counter, uint64_t value, uint64_t skid, bool running,
                 const user_regs_struct& next, user_regs_struct& found);

}  // namespace rr
