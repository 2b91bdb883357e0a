#include "record/ticks.h"

#include <string>

#include "record/task.h"

namespace rr {

void Ticks::openCounter(Task& task) {
  if (!options_.counter) return;
  std::string error;
  if (!task.counter.open(task.tid, *options_.counter, error)) {
    log_.warnOnce("counter", error + ": forced stops of such tasks are found by their state");
  }
}

uint64_t Ticks::of(const Task& task) const {
  if (!options_.counter) return 0;
  return task.counter.read().value_or(kNoTicks);
}

void Ticks::beginSlice(Task& task) {
  if (options_.sliceTicks == 0 || !task.counter.isOpen()) return;
  task.sliceTicks = of(task);
  if (!task.counter.interruptAfter(options_.sliceTicks, tracer_.tid(), BreakTimer::signal())) {
    log_.warnOnce("slice", "a slice cannot be ended by its ticks: time alone ends it");
  }
}

bool Ticks::sliceOver(const Task& task) const {
  if (options_.sliceTicks == 0 || !task.counter.isOpen()) return false;
  const uint64_t now = of(task);
  return now != kNoTicks && now - task.sliceTicks >= options_.sliceTicks;
}

bool Ticks::isStray(const siginfo_t& info, uint64_t rip) const {
  const bool byBreakpoint = info.si_signo == SIGTRAP && (info.si_code == TRAP_HWBKPT || info.si_code == TRAP_BRKPT);
  return byBreakpoint && options_.counter && options_.counter->isAmbiguousAt(rip);
}

}  // namespace rr
