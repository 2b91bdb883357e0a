#include "replay/stops.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>

#include "tracee/tracee.h"
#include "tracee/wait-for.h"

namespace rr {

namespace {

// A ptrace call gets ESRCH from a tracee that was killed: its status says by what. It is on its way to its end, and the
// break timer's signal ends no wait for that.
int deathStatus(pid_t tid) {
  const int error = errno;
  if (error != ESRCH) return -error;
  int status;
  return waitFor(tid, status) ? status : -error;
}

// Signals of a task that are looked at.
constexpr int kMostWaiting = 8;

// Whether the task has executed an int3 whose SIGTRAP it has not been stopped by yet.
bool breakpointWaits(pid_t tid) {
  siginfo_t waiting[kMostWaiting];
  const __ptrace_peeksiginfo_args first = {0, 0, kMostWaiting};
  const long count = ptrace(PTRACE_PEEKSIGINFO, tid, &first, waiting);
  return std::any_of(waiting, waiting + std::max(count, 0L),
                     [](const siginfo_t& each) { return each.si_signo == SIGTRAP && each.si_code == SI_KERNEL; });
}

// The kernel reports PTRACE_INTERRUPT before signals that wait (get_signal() in kernel/signal.c): so also between an
// int3 and its trap, where rip is within what the int3 hides. The trap is taken here, and the task stands before the
// int3, which it will execute anew. Returns 0, the status with which the task has ended, or -errno.
int takeBreakpoint(pid_t tid, user_regs_struct& found) {
  for (;;) {
    if (ptrace(static_cast<__ptrace_request>(Resume::kSysemu), tid, 0, 0L) != 0) return deathStatus(tid);
    int status;
    if (!waitFor(tid, status)) return -errno;
    if (!WIFSTOPPED(status)) return status;
    if (isEventStop(status)) continue;
    found.rip--;
    return setRegisters(tid, found) ? 0 : deathStatus(tid);
  }
}

}  // namespace

int waitForStop(pid_t tid, user_regs_struct& found) {
  int status;
  if (waitpid(tid, &status, __WALL) != tid) return -errno;
  if (WIFSTOPPED(status) && !getRegisters(tid, found)) return deathStatus(tid);
  if (!isEventStop(status) || !breakpointWaits(tid)) return status;
  const int taken = takeBreakpoint(tid, found);
  return taken == 0 ? status : taken;
}

int resumeToStop(pid_t tid, Resume how, int signal, const user_regs_struct& next, user_regs_struct& found) {
  user_regs_struct registers = next;
  registers.orig_rax = ~0ULL;
  if (!setRegisters(tid, registers)) return deathStatus(tid);
  if (ptrace(static_cast<__ptrace_request>(how), tid, 0, static_cast<long>(signal)) != 0) return deathStatus(tid);
  return waitForStop(tid, found);
}

}  // namespace rr
