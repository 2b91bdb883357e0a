#include "replay/stops.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tracee/tracee.h"

namespace rr {

namespace {

// A ptrace call gets ESRCH from a tracee that was killed: its status says by what.
int deathStatus(pid_t tid) {
  int status;
  const int error = errno;
  if (error == ESRCH && waitpid(tid, &status, __WALL) == tid) return status;
  return -error;
}

}  // namespace

int waitForStop(pid_t tid, user_regs_struct& found) {
  int status;
  if (waitpid(tid, &status, __WALL) != tid) return -errno;
  if (WIFSTOPPED(status) && !getRegisters(tid, found)) return deathStatus(tid);
  return status;
}

int resumeToStop(pid_t tid, Resume how, int signal, const user_regs_struct& next, user_regs_struct& found) {
  user_regs_struct registers = next;
  registers.orig_rax = ~0ULL;
  if (!setRegisters(tid, registers)) return deathStatus(tid);
  if (ptrace(static_cast<__ptrace_request>(how), tid, 0, static_cast<long>(signal)) != 0) return deathStatus(tid);
  return waitForStop(tid, found);
}

}  // namespace rr
