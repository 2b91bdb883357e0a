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

bool leavesUndisturbed(const TaskTree& tree, const Task& task) {
  if (task.stops.interrupted || task.stops.tookInterrupt) return false;
  const SignalSets sets = readSignalSets(task.tid);
  if (((sets.pending | sets.sharedPending) & ~sets.blocked) != 0) return false;
  for (const auto& [tid, other] : tree.all()) {
    if (other->threadGroup == task.threadGroup && other->state == Task::State::groupStopped) return false;
  }
  return true;
}

}  // namespace rr
