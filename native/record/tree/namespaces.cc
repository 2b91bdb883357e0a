#include "record/tree/namespaces.h"

#include <sched.h>
#include <sys/syscall.h>

#include "record/call-kinds.h"
#include "record/tree/task-state.h"

namespace rr {

void PidNamespaces::note(const Task& task) {
  if (makesTask(task.call)) {
    others_ |= (task.making.flags & CLONE_NEWPID) != 0;
  } else if (task.call == SYS_unshare) {
    others_ |= (task.arguments[0] & CLONE_NEWPID) != 0;
  } else if (task.call == SYS_setns) {
    // It may be one that has no process yet (/proc/PID/ns/pid_for_children).
    others_ = true;
  }
}

bool PidNamespaces::isLedBy(pid_t tid) const { return others_ && leadsNamespace(tid); }

}  // namespace rr
