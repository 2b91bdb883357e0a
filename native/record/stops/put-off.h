// Forced stops that are put off until it is known what the task's loop writes (docs/execution-points.md).
#pragma once

#include <sys/user.h>

#include "record/filters/foreign-filters.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/stops/steps.h"
#include "record/tracer-thread.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class PutOff {
 public:
  PutOff(const RecorderOptions& options, TaskTree& tree, Waits& waits, TracerThread& tracer, Steps& steps,
         const ForeignFilters& filters, const RecordingLog& log)
      : options_(options), tree_(tree), waits_(waits), tracer_(tracer), steps_(steps), filters_(filters), log_(log) {}

  // Whether the forced stop that is due waits for a later one: from the first in an address space on, the kernel
  // watches what is written; and where much was written since the last one, it is not known what of it the task's loop
  // has written now, which may show its progress nowhere else. The task goes on for a short while, until what has
  // changed in that can be told. The pages that were written until then are kept for the hash.
  bool putOff(Task& task, user_regs_struct& registers);

 private:
  bool comeRound(Task& task, user_regs_struct& registers);

  const RecorderOptions& options_;
  TaskTree& tree_;
  Waits& waits_;
  TracerThread& tracer_;
  Steps& steps_;
  const ForeignFilters& filters_;
  const RecordingLog& log_;
};

}  // namespace rr
