// Forced stops: a task that computes past its slice while others wait, or past a signal, is stopped in mid-code, at an
// execution point that replay can find again without a counter (docs/execution-points.md).
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <random>

#include "record/events/event-writer.h"
#include "record/filters/foreign-filters.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/runtime/call-buffer.h"
#include "record/runtime/locals.h"
#include "record/runtime/runtime.h"
#include "record/scheduler.h"
#include "record/stops/edge.h"
#include "record/stops/legal-sites.h"
#include "record/stops/point-writer.h"
#include "record/stops/put-off.h"
#include "record/stops/spinning.h"
#include "record/stops/steps.h"
#include "record/ticks.h"
#include "record/tracer-thread.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class ForcedStops {
 public:
  ForcedStops(const RecorderOptions& options, TracerThread& tracer, TaskTree& tree, Waits& waits, Scheduler& scheduler,
              Ticks& ticks, const Runtime& runtime, const RuntimeLocals& locals, const ForeignFilters& filters,
              LegalSites& legalSites, Spinning& spinning, PutOff& putOff, Edge& edge, PointWriter& points,
              const RecordingLog& log);

  // Called each time the wait for a computing task is broken.
  void considerInterrupt(Task& task);
  // At the entry of a call, when an interrupt was sent: it may have come after the stop, and would break the call off.
  // So the call is taken back, which ends in a stop that takes the interrupt with it, and made again. False when it
  // cannot be taken back: then it is a call like any other.
  bool takeCallBack(Task& task);
  // At the stop that an interrupt of ours has ended in. Gives the registers at which the first stashed signal is to be
  // delivered now, if one is.
  std::optional<user_regs_struct> forcedStop(Task& task);
  // A task that is about to stop in mid-code, while others go on: takes it to a point that replay finds. False when it
  // has run on, and stops again when it is its turn.
  bool leaveMidCode(Task& task);

 private:
  const RecorderOptions& options_;
  TracerThread& tracer_;
  TaskTree& tree_;
  Waits& waits_;
  Scheduler& scheduler_;
  Ticks& ticks_;
  const Runtime& runtime_;
  const RuntimeLocals& locals_;
  const ForeignFilters& filters_;
  LegalSites& legalSites_;
  Spinning& spinning_;
  PutOff& putOff_;
  Edge& edge_;
  PointWriter& points_;
  const RecordingLog& log_;
  uint64_t nextForcedStop_ = 0;  // at a random time (forceStopMinimum); nanoseconds of CLOCK_MONOTONIC, 0: unknown
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace rr
