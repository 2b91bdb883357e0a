// What forced stops know of a task, and of an address space.
#pragma once

#include <cstdint>
#include <vector>

#include "record/stops/page-copies.h"
#include "record/stops/written-pages.h"

namespace rr {

struct TaskStops {
  // It has run user code since its last event: no other task may run, or have an event, before its next one.
  bool inMidCode = false;
  // Its group is stopped, and it had to be run on in mid-code: it stops when it is to run next.
  bool again = false;
  bool interrupted = false;    // PTRACE_INTERRUPT was sent to stop it in mid-code
  bool tookInterrupt = false;  // the stop that it stands at took one with it
  uint64_t resumedAt = 0;      // to run user code; nanoseconds of CLOCK_MONOTONIC
  bool atEdge = false;         // it stands right behind its last buffered call
  bool leavesHook = false;     // it is run to there (edge.cc)
  // Whether it only waits for others to change memory is looked at in one of so many turns in which it computes; those
  // since the last look; and that it has been interrupted for one (spinning.cc).
  unsigned turnsBetweenLooks = 1;
  unsigned turnsSinceLook = 0;
  bool looking = false;
};

struct SpaceStops {
  WrittenPages written;              // since the last forced stop
  PageCopies copies;                 // of what was written, at the last forced stop
  uint64_t watchedFrom = 0;          // processor time of the process when `written` was restarted last
  int putOff = 0;                    // how often the forced stop that is due was put off since the last event
  std::vector<PageRun> putOffPages;  // written since the last forced stop, up to that restart
  bool pointRecorded = false;        // a forced stop has been recorded, and so the hash of all memory
  uint64_t cost = 0;                 // of the tracer's time, what the last forced stop took, or its being put off,
  uint64_t stoppedAt = 0;            // and when that was over; nanoseconds
};

}  // namespace rr
