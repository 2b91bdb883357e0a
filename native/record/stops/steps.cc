#include "record/stops/steps.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "record/signal-state/signal-kinds.h"
#include "record/tree/task-state.h"
#include "tracee/breakpoint.h"

namespace rr {

namespace {

bool isTrap(int status) { return WIFSTOPPED(status) && (status >> 16) == 0 && WSTOPSIG(status) == SIGTRAP; }

}  // namespace

bool Steps::stepOnce(Task& task, uint64_t breakpoint) {
  const pid_t tid = task.tid;
  const auto space = task.space;  // also when the task ends
  ExecutionBreakpoint behind;
  if (breakpoint != 0 && !behind.set(tid, space->memory, breakpoint)) {
    // An int3 cannot be written to code that is mapped shared and read-only: one step, then.
    if (!ExecutionBreakpoint::standsInWay()) return false;
    breakpoint = 0;
  }
  task.state = Task::State::inCall;  // no further interrupt
  const bool resumed = resume(task, breakpoint != 0 ? PTRACE_CONT : PTRACE_SINGLESTEP);
  if (resumed) waits_.waitFor(task);
  const bool arrived = arriveAtBreakpoint(tid, behind);
  if (!resumed) {
    tree_.lost(task);
    return false;
  }
  if (!tree_.contains(tid)) return false;
  task.state = Task::State::runnable;
  if (arrived) return true;
  if (!task.pending) return false;
  siginfo_t info = {};
  if (!isTrap(*task.pending) || ptrace(PTRACE_GETSIGINFO, tid, 0, &info) != 0) return false;
  if (breakpoint != 0 || (info.si_code != TRAP_TRACE && info.si_code != TRAP_HWBKPT && info.si_code != TRAP_BRKPT)) {
    return false;
  }
  if (metWatch(task, info)) return false;
  task.pending.reset();
  return true;
}

bool Steps::arriveAtBreakpoint(pid_t tid, ExecutionBreakpoint& breakpoint) {
  Task* const found = tree_.find(tid);
  bool arrived = false;
  if (breakpoint && found && found->pending) {
    Task& task = *found;
    // It was interrupted, or its group stopped, as it met the breakpoint: that stop comes before the trap.
    while (tree_.contains(tid) && task.pending && isEventStop(*task.pending) &&
           contains(readSignalSets(tid).pending, SIGTRAP)) {
      task.stops.interrupted = false;
      task.stops.again |= isGroupStop(*task.pending);
      task.pending.reset();
      task.state = Task::State::inCall;  // no further interrupt
      if (!resume(task, PTRACE_CONT)) break;
      waits_.waitFor(task);
    }
    if (tree_.contains(tid) && task.pending && isTrap(*task.pending)) {
      user_regs_struct registers;
      siginfo_t info = {};
      arrived = ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 && getRegisters(tid, registers) &&
                breakpoint.isHit(tid, info, registers) && !metWatch(task, info);
      if (arrived) task.pending.reset();
    }
  }
  breakpoint.clear(tid);
  return arrived;
}

// Whether a step or a run of ours has ended at a breakpoint or watchpoint of the program's tracer: the stop is then
// what it would be without us.
bool Steps::metWatch(Task& task, siginfo_t& info) {
  if (!task.tracing.watches() || (statusForTracer(readDebugRegister(task.tid, 6)) & 0x7) == 0) return false;
  info.si_code = TRAP_HWBKPT;
  return ptrace(PTRACE_SETSIGINFO, task.tid, 0, &info) == 0;
}

}  // namespace rr
