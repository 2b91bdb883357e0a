// Signals that the program sends: who acts on them, and when.
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <algorithm>
#include <optional>

#include "record/recorder.h"
#include "record/signal-state/signal-kinds.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

// What a call sends. One of `thread` and `process` is positive where a single one is named; else it is for several
// processes, or nobody knows which.
struct Sent {
  int signal = 0;  // 0: none, as of a call that only asks
  pid_t thread = 0;
  pid_t process = 0;
};

// The process that a pidfd stands for, of which /proc/TID/fdinfo/FD tells; 0 when it is none, or gone.
pid_t processOf(pid_t tid, int descriptor) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", tid, descriptor);
  FILE* file = fopen(path, "re");
  if (!file) return 0;
  char line[128];
  int process = 0;
  while (fgets(line, sizeof line, file) && sscanf(line, "Pid: %d", &process) != 1) {
  }
  fclose(file);
  return std::max(process, 0);
}

Sent sentBy(const Task& task) {
  const auto number = [&task](int argument) { return static_cast<int>(task.arguments[argument]); };
  switch (task.call) {
    case SYS_kill:
    case SYS_rt_sigqueueinfo:
      return {.signal = number(1), .process = number(0)};
    case SYS_tkill:
      return {.signal = number(1), .thread = number(0)};
    case SYS_tgkill:
    case SYS_rt_tgsigqueueinfo:
      return {.signal = number(2), .thread = number(1)};
    case SYS_pidfd_send_signal:
      return {.signal = number(1), .process = number(1) == 0 ? 0 : processOf(task.tid, number(0))};
    default:
      return {};
  }
}

// A signal waits that acts on the task before it does anything else. The kernel gives those of a process to its first
// thread, if that does not block them.
bool signalActsOn(const Task& task) {
  const SignalSets sets = readSignalSets(task.tid);
  const uint64_t pending = sets.pending | (task.tid == task.threadGroup ? sets.sharedPending : 0);
  return (pending & ~sets.blocked) != 0;
}

// Whether a task does something about the signal when it runs next.
bool willAct(const Task& task, int signal) {
  switch (task.state) {
    case Task::State::inCall:
      return task.pending.has_value();  // else it has not been woken
    case Task::State::runnable:
      break;
    default:
      return task.pending.has_value();
  }
  if (task.pending) return true;
  const SignalSets sets = readSignalSets(task.tid);
  if (contains(sets.blocked, signal)) return false;
  return contains(sets.caught, signal) ||
         (!contains(sets.ignored, signal) && defaultAction(signal) != DefaultAction::ignore);
}

}  // namespace

// Where a call has sent a signal. With a processor each, the target would have acted by now, so it has its turn first;
// the sender goes on when it has acted. But what a task sends itself acts before anybody else does: who made the
// program ignore that signal meanwhile would take it away. And not SIGCONT: who sends it often waits to be told that
// the other has gone on (WCONTINUED), and is not, if that one stops again before it asks.
void Recorder::letSignalAct(Task& sender) {
  if (tree_.isAlone()) return;
  const Sent sent = sentBy(sender);
  if (sent.signal == 0 || sent.signal == SIGCONT || signalActsOn(sender)) return;
  // Who waits in a call wakes.
  sched_yield();
  waits_.collectAll();
  const bool single = sent.thread > 0 || sent.process > 0;
  for (auto& [tid, each] : tree_.all()) {
    Task& target = *each;
    const bool named = !single || target.tid == sent.thread || target.threadGroup == sent.process;
    if (&target == &sender || !named || !willAct(target, sent.signal)) continue;
    return single ? scheduler_.lendTurn(target) : scheduler_.endSlice();
  }
}

}  // namespace rr
