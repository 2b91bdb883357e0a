// The fault of a process that leads a pid namespace. The kernel lets such a process die of a signal of its own
// instruction only while nobody traces it (force_sig_info_to_task in kernel/signal.c); a tracer that hands the signal
// over sees the same fault again, for ever. So it is let go, and dies at the same instruction.
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>

#include "record/recorder.h"
#include "record/tree/task-state.h"
#include "ring/broken-wait.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// What does not die by its signal is killed. Nanoseconds.
constexpr uint64_t kDiesWithin = 5'000'000'000;

}  // namespace

// At a signal-delivery stop whose frame is written. Its end has an event of its own when the kernel has buried it.
void Recorder::letDie(Task& task, int signal, user_regs_struct registers) {
  callBuffer_.take(task);
  endWrites_.foreseeRobust(task);
  // int3 and the trap flag leave the task behind what trapped.
  if (signal == SIGTRAP) {
    uint8_t before = 0;
    constexpr uint8_t kBreakpoint = 0xcc;
    if (task.space->memory.readAll(registers.rip - 1, &before, 1) && before == kBreakpoint) {
      registers.rip--;
      if (!setRegisters(task.tid, registers)) return tree_.lost(task);
    }
  }
  task.state = Task::State::dying;
  task.end.as = signal;
  log_.debug(task, "let go, to die of signal %d", signal);
  if (ptrace(PTRACE_DETACH, task.tid, 0, 0) != 0) return tree_.lost(task);
  tree_.letGo(task);
  // Until it is out of its own code nobody else runs.
  const uint64_t end = monotonicNow() + kDiesWithin;
  while (taskState(task.tid) == 'R') {
    waits_.keepUp("the end", task.tid);
    if (monotonicNow() > end) kill(task.threadGroup, SIGKILL);
    pauseBetweenLooks();
  }
}

// The tasks that were let go, and are gone or zombies by now: nobody tells the tracer.
void Recorder::findEnded() {
  for (auto each = tree_.all().begin(); tree_.anyLetGo() && each != tree_.all().end();) {
    Task& task = *(each++)->second;
    if (!task.end.letGo) continue;
    const char state = taskState(task.tid);
    if (state != 0 && state != 'Z' && state != 'X') continue;
    const auto lives = [&](const auto& other) {
      return other.second.get() != &task && other.second->threadGroup == task.threadGroup;
    };
    // A leader is a zombie while its threads live on.
    if (task.tid == task.threadGroup && std::any_of(tree_.all().begin(), tree_.all().end(), lives)) continue;
    gone(task, *task.end.as);
  }
}

}  // namespace rr
