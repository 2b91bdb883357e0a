#include "record/calls/see-through.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>

#include "record/calls/sent-bytes.h"
#include "record/tree/task-state.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// What the kernel moves at once: a page. Bytes.
constexpr uint64_t kAtOnce = 4096;
// How long a call may sleep in a way that no signal ends, as it does while a disk reads, or another call of the
// recording has what it needs. Nanoseconds.
constexpr uint64_t kDiskTime = 1'000'000'000;

// Bytes that a call moves between files; 0 for other calls.
uint64_t bytesBetweenFiles(const Task& task) {
  switch (task.call) {
    case SYS_sendfile:
      return task.arguments[3];
    case SYS_splice:
    case SYS_copy_file_range:
      return task.arguments[4];
    default:
      return 0;
  }
}

}  // namespace

bool SeeThrough::movesMuch(const Task& task) const {
  if (task.call == SYS_restart_syscall) return false;
  const bool shares = tree_.sharesMemory(task);
  if (!shares && sharedFiles_.empty()) return false;
  if (bytesBetweenFiles(task) > kAtOnce) return true;
  if (mostSent(task.space->memory, task.call, task.arguments) > kAtOnce) return true;
  // What goes to scratch memory nobody sees.
  if (!task.redirections.empty()) return false;
  uint64_t written = 0;
  for (const OutRegion& region : task.out.regions()) written += std::min(region.maximumLength, kAtOnce + 1);
  return written > kAtOnce;
}

void SeeThrough::await(Task& task) {
  const uint64_t start = monotonicNow();
  while (!task.pending) {
    int status;
    if (waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) return tree_.cameFrom(task, status);
    const char state = taskState(task.tid);
    // Stopped: its status is about to come.
    const bool works = state == 'R' || state == 't';
    if (!works && (state != 'D' || monotonicNow() - start > kDiskTime)) return;
    waits_.housekeeping();
    sched_yield();
  }
}

}  // namespace rr
