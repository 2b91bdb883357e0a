// pidfd_open, pidfd_send_signal, pidfd_getfd and waiting by descriptor.
#include <poll.h>
#include <sys/pidfd.h>

#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    char byte;
    _exit(read(ends[0], &byte, 1) == 1 ? 5 : 6);
  }
  int process = result("pidfd_open", syscall(SYS_pidfd_open, poisoned(child), poisoned(0)));
  struct pollfd wait = {process, POLLIN, 0};
  result("poll, still running", poll(&wait, 1, 0));
  result("pidfd_send_signal 0", syscall(SYS_pidfd_send_signal, poisoned(process), poisoned(0), 0L, poisoned(0)));
  int taken = syscall(SYS_pidfd_getfd, poisoned(process), poisoned(ends[0]), poisoned(0));
  succeeded("pidfd_getfd", taken);
  need(write(ends[1], "x", 1) == 1);
  result("poll", poll(&wait, 1, -1));
  siginfo_t info = {0};
  result("waitid P_PIDFD", syscall(SYS_waitid, poisoned(3), poisoned(process), &info, poisoned(WEXITED), 0L));
  say("  code %d status %d\n", info.si_code, info.si_status);
  result("pidfd_send_signal to the dead",
         syscall(SYS_pidfd_send_signal, poisoned(process), poisoned(SIGTERM), 0L, poisoned(0)));
  return 0;
}
