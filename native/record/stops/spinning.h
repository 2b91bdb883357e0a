// Tasks that compute only until another one has changed memory. Alone on a processor such a task would use up its slice
// for nothing, and the other one wait for it.
#pragma once

#include <optional>

#include "record/recording-log.h"
#include "record/runtime/runtime.h"
#include "record/signal-state/trap-disposition.h"
#include "record/stops/steps.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class Spinning {
 public:
  Spinning(TaskTree& tree, Steps& steps, const Runtime& runtime, const RecordingLog& log)
      : tree_(tree), steps_(steps), runtime_(runtime), log_(log) {}

  // Whether a task that stands in mid-code is in a short loop that waits. Takes it on by two rounds of it at most.
  // False also where it came to an event, whose status is pending then.
  bool spins(Task& task);

 private:
  struct Round;
  std::optional<Round> goRound(Task& task, const TrapDisposition& disposition);

  TaskTree& tree_;
  Steps& steps_;
  const Runtime& runtime_;
  const RecordingLog& log_;
};

}  // namespace rr
