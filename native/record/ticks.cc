// Ticks, where a counter is in use: each task has one, whose count is part of its frames and may end its slices.
#include <unistd.h>

#include "record/recorder.h"

namespace rr {

// From now on; the task must not have run user code yet that replay runs.
void Recorder::openCounter(Task& task) {
  if (!options_.counter) return;
  std::string error;
  if (!task.counter.open(task.tid, *options_.counter, error)) {
    warnOnce("counter", error + ": forced stops of such tasks are found by their state");
  }
}

// 0 without a counter, kNoTicks when the task's has failed.
uint64_t Recorder::ticksOf(const Task& task) const {
  if (!options_.counter) return 0;
  return task.counter.read().value_or(kNoTicks);
}

// A slice of the task begins: its end breaks the tracer's wait.
void Recorder::beginTickSlice(Task& task) {
  if (options_.sliceTicks == 0 || !task.counter.isOpen()) return;
  task.sliceTicks = ticksOf(task);
  if (!task.counter.interruptAfter(options_.sliceTicks, tracerTid_, BreakTimer::signal())) {
    warnOnce("slice", "a slice cannot be ended by its ticks: time alone ends it");
  }
}

bool Recorder::tickSliceOver(const Task& task) const {
  if (options_.sliceTicks == 0 || !task.counter.isOpen()) return false;
  const uint64_t now = ticksOf(task);
  return now != kNoTicks && now - task.sliceTicks >= options_.sliceTicks;
}

}  // namespace rr
