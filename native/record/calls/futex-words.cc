#include "record/calls/futex-words.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "record/tree/task-state.h"
#include "ring/broken-wait.h"

// Since Linux 5.14; Debian 12's headers have it, older ones do not.
#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

namespace rr {

namespace {

int operationOf(const Task& task) { return static_cast<int>(task.arguments[1]) & FUTEX_CMD_MASK; }

bool waitsForLock(const Task& task) {
  if (task.modelCall != SYS_futex) return false;
  const int operation = operationOf(task);
  return operation == FUTEX_LOCK_PI || operation == FUTEX_LOCK_PI2;
}

}  // namespace

bool FutexWords::endsAtOnce(const Task& task) {
  if (task.call != SYS_futex) return false;
  switch (operationOf(task)) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_UNLOCK_PI:
      return true;
    default:
      return false;
  }
}

void FutexWords::settle(Task& task) {
  if (!waitsForLock(task)) return;
  while (!task.pending) {
    int status;
    if (waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) return tree_.cameFrom(task, status);
    const char state = taskState(task.tid);
    if (state == 'S' || state == 'Z' || state == 'X' || state == 0) return;
    waits_.keepUp("a lock to be marked", task.tid);
    pauseBetweenLooks();
  }
}

void FutexWords::recordMark(const Task& task) {
  if (!waitsForLock(task)) return;
  for (const OutRegion& region : task.out.regions()) {
    writer_.memory(task.tid, task.space->memory, region.address, region.maximumLength);
  }
}

}  // namespace rr
