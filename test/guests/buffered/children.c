// wait4 and waitid that do not wait, while children live and when they are gone.
#include <sys/resource.h>

#include "../guest.h"

int main(void) {
  for (int round = 0; round < 4; round++) {
    int hold[2];
    need(pipe(hold) == 0);
    pid_t child = fork();
    if (child == 0) {
      char byte;
      close(hold[1]);
      _exit(read(hold[0], &byte, 1) == 0 ? 7 : 1);
    }
    close(hold[0]);
    int *status = pageEnd(4);
    struct rusage *usage = pageEnd(sizeof *usage);
    siginfo_t *info = pageEnd(sizeof *info);
    result("still there", syscall(SYS_wait4, poisoned(child), status, poisoned(WNOHANG), usage));
    result("still there", syscall(SYS_waitid, poisoned(P_PID), poisoned(child), info, poisoned(WEXITED | WNOHANG), 0L));
    say("  pid %d\n", info->si_pid);
    close(hold[1]);
    // Not waited for by sleeping: the child must get its turn all the same.
    do info->si_pid = 0;
    while (syscall(SYS_waitid, P_PID, child, info, WEXITED | WNOHANG | WNOWAIT, 0L) == 0 && info->si_pid == 0);
    say("gone: own child %d, status %d\n", info->si_pid == child, info->si_status);
    if (round % 2) {
      say("reaped %d\n", syscall(SYS_wait4, child, status, poisoned(WNOHANG), usage) == child);
      say("  exited with %d\n", WEXITSTATUS(*status));
    } else {
      // Reaped, although the status had nowhere to go.
      result("nowhere", syscall(SYS_wait4, child, badAddress(), poisoned(WNOHANG), 0L));
    }
    result("nobody left", syscall(SYS_wait4, child, status, poisoned(WNOHANG), 0L));
  }
  return 0;
}
