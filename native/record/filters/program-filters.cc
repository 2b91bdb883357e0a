#include "record/filters/program-filters.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "record/call-result.h"
#include "record/signal-state/stashed-signals.h"
#include "record/tree/task-state.h"

namespace rr {

EntryAnswer ProgramFilters::enter(Task& task) {
  const bool filter = task.call == SYS_prctl ? static_cast<int>(task.arguments[0]) == PR_SET_SECCOMP
                                             : static_cast<unsigned>(task.arguments[0]) <= SECCOMP_SET_MODE_FILTER;
  // The program's filter is in force like ours. Where it refuses a call ours is not asked, so from then on the task
  // stops at every entry and exit (PTRACE_SYSCALL); the entry stop comes before all filters (ptrace(2)).
  task.filters.installs = filter;
  const EntryAnswer answer = enterMode(task);
  // The program's filter is to see the program's own instructions; without this it sees ours, and judges the same.
  if (answer.kind == EntryAnswer::Kind::none && filter && task.filters.dispatched && !dispatch_.set(task, false))
    log_.debug(task, "still dispatched: %s", strerror(errno));
  return answer;
}

EntryAnswer ProgramFilters::enterMode(Task& task) {
  const bool viaPrctl = task.call == SYS_prctl;
  const int operation = static_cast<int>(task.arguments[0]);
  if (viaPrctl && operation == PR_GET_SECCOMP && !task.filters.own && !foreign_.outer()) return EntryAnswer::of(0);
  const bool strict = viaPrctl ? operation == PR_SET_SECCOMP && task.arguments[1] == SECCOMP_MODE_STRICT
                               : operation == SECCOMP_SET_MODE_STRICT;
  if (!strict) return {};
  task.filters.installs = false;
  const bool wellFormed = viaPrctl || (static_cast<unsigned>(task.arguments[1]) == 0 && task.arguments[2] == 0);
  if (!wellFormed || task.filters.own || foreign_.outer()) return EntryAnswer::of(-EINVAL);
  task.filters.strict = true;
  task.ownTscTrap = true;  // the mode takes the time stamp counter away, too
  task.space->patched.allTraced = true;
  locals_.update(*task.space);
  return EntryAnswer::of(0);
}

void ProgramFilters::noteInstalled(Task& task, bool failed) {
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

bool ProgramFilters::haveTakenBack(const Task& task, const user_regs_struct& registers) const {
  if (!task.filters.own && !foreign_.outer()) return false;
  return static_cast<long>(registers.rax) == task.call && contains(readSignalSets(task.tid).pending, SIGSYS);
}

bool ProgramFilters::haveAnsweredForGood(const Task& task, const user_regs_struct& registers) const {
  if (!haveAnswered(task) && !task.filters.notifies) return false;
  return isMadeAgain(static_cast<int64_t>(registers.rax)) && !task.waitGoesOn && leavesUndisturbed(tree_, task);
}

}  // namespace rr
