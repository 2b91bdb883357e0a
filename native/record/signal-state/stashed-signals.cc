#include "record/signal-state/stashed-signals.h"

#include "record/tree/task-state.h"
#include "tracee/clock.h"

namespace rr {

void stash(Task& task, const siginfo_t& info) {
  if (task.signals.stashed.empty()) task.signals.stashedAt = monotonicNow();
  task.signals.stashed.push_back(info);
}

bool bringDeliverableForward(Task& task) {
  const auto blocked = signalMask(task.tid);
  if (!blocked) return false;
  for (auto stashed = task.signals.stashed.begin(); stashed != task.signals.stashed.end(); ++stashed) {
    if (contains(*blocked, stashed->si_signo)) continue;
    const siginfo_t info = *stashed;
    task.signals.stashed.erase(stashed);
    task.signals.stashed.push_front(info);
    return true;
  }
  task.signals.stashBlocked = true;
  return false;
}

}  // namespace rr
