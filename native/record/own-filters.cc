// The program's own use of seccomp(2). Its filters are in force like ours; what ours would change about them is made up
// for here.
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "launcher/record-stub.h"
#include "record/recorder.h"
#include "record/tree/task-state.h"

namespace rr {

// At the entry of prctl or seccomp: true when it was answered. With our filter in force the kernel refuses the strict
// mode, which the recorder then keeps itself, and tells of a filter where the program has none.
bool Recorder::enterFilterCall(Task& task) {
  const bool viaPrctl = task.call == SYS_prctl;
  const int operation = static_cast<int>(task.arguments[0]);
  if (viaPrctl && operation == PR_GET_SECCOMP && !task.filters.own && !filters_.outer()) {
    refuseCall(task, 0);
    return true;
  }
  const bool strict = viaPrctl ? operation == PR_SET_SECCOMP && task.arguments[1] == SECCOMP_MODE_STRICT
                               : operation == SECCOMP_SET_MODE_STRICT;
  if (!strict) return false;
  task.filters.installs = false;
  const bool wellFormed = viaPrctl || (static_cast<unsigned>(task.arguments[1]) == 0 && task.arguments[2] == 0);
  if (!wellFormed || task.filters.own || filters_.outer()) {
    refuseCall(task, -EINVAL);
    return true;
  }
  task.filters.strict = true;
  task.ownTscTrap = true;  // the mode takes the time stamp counter away, too
  task.space->patched.allTraced = true;
  locals_.update(*task.space);
  refuseCall(task, 0);
  return true;
}

// At the end of a call: whether a filter has trapped it, or ends the task for it. The kernel then skips the call, and
// leaves its number as the result (syscall_rollback()); a SIGSYS waits.
bool Recorder::wasTakenBack(const Task& task, const user_regs_struct& registers) const {
  if (!task.filters.own && !filters_.outer()) return false;
  return static_cast<long>(registers.rax) == task.call && contains(readSignalSets(task.tid).pending, SIGSYS);
}

// At the entry stop of a call, which comes before all filters: lets them decide. Ours stops the task once more when no
// other has answered the call; else its end comes.
void Recorder::askFilters(Task& task) {
  task.filters.asked = true;
  task.state = Task::State::inCall;
  if (!resume(task, PTRACE_SYSCALL)) return tree_.lost(task);
  int status;
  if (!waits_.awaitStatus(task.tid, status, "the program's filter")) return tree_.lost(task);
  if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_SECCOMP) return behindFilters(task);
  tree_.cameFrom(task, status);
}

// At a stop that a filter asked for, behind the entry that was handled: the call goes its way. A filter of the
// program's that asks for a tracer, which it has not, makes the call fail.
void Recorder::behindFilters(Task& task) {
  unsigned long verdict = 0;
  if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &verdict) != 0) return tree_.lost(task);
  if (!task.filters.own || verdict == RR_VERDICT_NATIVE || verdict == RR_VERDICT_OTHER) {
    task.filters.passed = true;
    if (task.filters.asked) return performCall(task);
    if (!resume(task, PTRACE_SYSCALL)) tree_.lost(task);
    return;
  }
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task);
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<unsigned long long>(-ENOSYS);
  task.filters.skipped = true;
  if (!setRegisters(task.tid, registers) || !resume(task, PTRACE_SYSCALL)) return tree_.lost(task);
  awaitCall(task, false);
}

// At the exit stop of a call: whether the kernel has not made it, since a filter has answered it. Of a supervisor it is
// not known: it may let a call go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE), past our filter's stop as well.
bool Recorder::wasFaked(const Task& task) const { return task.filters.asked && !task.filters.passed; }

// At the end of a call that may have installed a filter: it holds for the task, or with SECCOMP_FILTER_FLAG_TSYNC for
// all threads of its group.
void Recorder::noteFilter(Task& task, bool failed) {
  if (!task.filters.installs) return;
  task.filters.installs = false;
  if (failed) return;
  const uint64_t flags = task.call == SYS_seccomp ? task.arguments[1] : 0;
  for (auto& [tid, other] : tree_.all()) {
    const bool synchronised = (flags & SECCOMP_FILTER_FLAG_TSYNC) != 0 && other->threadGroup == task.threadGroup;
    if (other.get() != &task && !synchronised) continue;
    other->filters.own = true;
    other->filters.notifies |= (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
    other->space->patched.allTraced = true;
    locals_.update(*other->space);
  }
}

}  // namespace rr
