// The wait for one tracee or child.
#pragma once

#include <errno.h>
#include <sys/types.h>
#include <sys/wait.h>

namespace rr {

// Its next stop, or its end, however often a signal, as the break timer's, ends the wait before. False with errno set.
inline bool waitFor(pid_t tid, int& status) {
  while (waitpid(tid, &status, __WALL) != tid) {
    if (errno != EINTR) return false;
  }
  return true;
}

// The same, for one that is to stop: false where it has ended, too.
inline bool waitForStop(pid_t tid, int& status) { return waitFor(tid, status) && WIFSTOPPED(status); }

}  // namespace rr
