// Finding an execution point again by a breakpoint at its address: at each hit the task's state is compared with the
// recorded one. Some 10 us a hit; the obviously right way, which the in-tracee matcher is measured against
// (docs/execution-points.md).
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>

#include "replay/stops.h"
#include "tracee/tracee.h"

namespace rr {

struct PointState {
  user_regs_struct registers;
  // Pieces of memory one behind the other: u64 address, u64 length, bytes, padded to 8.
  const uint8_t* memory;
  size_t memoryLength;
  const uint8_t* xsave;
  size_t xsaveLength;
};

enum PointResult : int {
  kPointFound = -2001,    // the task stands at a point with that state
  kPointGoOn = -2002,     // not yet, after kHitsAtOnce hits: search again from where it stands
  kPointBadState = -2003  // the pieces are malformed
};

enum class PointStart : int {
  kStanding = 0,  // where it stands may be the point already
  kBehind = 1,    // where it stands is not the point
  kRunning = 2,   // it runs: a wait was broken
};

// Runs the task (PTRACE_SYSEMU) to the next stop whose state is the recorded one. A PointResult, or what resumeToStop
// returns when something else stopped it; `found` has its registers. `hits` counts the stops at the address.
int searchPoint(pid_t tid, const TraceeMemory& memory, PointStart start, const user_regs_struct& next,
                const PointState& state, user_regs_struct& found, uint64_t& hits);

}  // namespace rr
