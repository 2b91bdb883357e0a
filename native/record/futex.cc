// Futex words that the kernel itself changes: those of locks with priority inheritance, and FUTEX_WAKE_OP's. Other
// tasks use such a word at the same time, so the kernel must work on the word itself, and never on scratch memory.
//
// A task that waits for a lock has set FUTEX_WAITERS in its word by then. That is part of its syscallEnter event: it
// must have happened before another task looks.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "record/recorder.h"
#include "record/task-state.h"
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

// True for the operations that the kernel ends at once.
bool Recorder::futexEndsAtOnce(const Task& task) const {
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

// Behind the entry of a call: until it has ended, or is asleep and so has marked the word.
void Recorder::settleFutex(Task& task) {
  if (!waitsForLock(task)) return;
  while (!task.pending) {
    int status;
    if (waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) return cameFrom(task, status);
    const char state = taskState(task.tid);
    if (state == 'S' || state == 'Z' || state == 'X' || state == 0) return;
    keepUp("a lock to be marked", task.tid);
    pauseBetweenLooks();
  }
}

// With the syscallEnter frame of a call that waits for a lock.
void Recorder::recordFutexMark(const Task& task) {
  if (!waitsForLock(task)) return;
  for (const OutRegion& region : task.out.regions()) {
    writer_.memory(task.tid, task.space->memory, region.address, region.maximumLength);
  }
}

}  // namespace rr
